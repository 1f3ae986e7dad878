//! Uncompressed BMP (Microsoft, `BITMAPINFOHEADER` and its successors), rewritten as PNG row by row.

use std::io::Write as _;

use png::{BitDepth, ColorType, Encoder};

use super::reader::{CUT_SHORT, Malformed, Reader, index};

/// `biCompression`: no masks; masks in or after the header; the same with an alpha mask.
const BI_RGB: u32 = 0;
const BI_BITFIELDS: u32 = 3;
const BI_ALPHABITFIELDS: u32 = 6;

/// An uncompressed bitmap whose pixels are still to be read.
pub(super) struct Bitmap<'a> {
    pub width: u32,
    pub height: u32,
    bottom_up: bool,
    pixels: Pixels,
    rows: &'a [u8],
    row_length: usize,
}

enum Pixels {
    /// `bits` (1, 4 or 8) per pixel, each an index into the palette of RGB colours.
    Indexed { bits: u8, palette: Vec<[u8; 3]> },
    /// `bytes` (2, 3 or 4) per pixel, and where red, green, blue and alpha are in it.
    Direct {
        bytes: usize,
        channels: [Channel; 3],
        alpha: Option<Channel>,
    },
}

#[derive(Clone, Copy)]
struct Channel {
    shift: u32,
    max: u32,
}

impl Channel {
    fn from_mask(mask: u32) -> Result<Self, Malformed> {
        let shift = mask.trailing_zeros();
        let max = mask.checked_shr(shift).unwrap_or(0);
        if max == 0 || (max & max.wrapping_add(1)) != 0 {
            return Err(Malformed("a colour mask is wrong"));
        }
        Ok(Self { shift, max })
    }

    /// The channel's value, scaled to eight bits.
    fn of(self, pixel: u32) -> u8 {
        let value = u64::from((pixel >> self.shift) & self.max);
        let max = u64::from(self.max);
        u8::try_from((value * 255 + max / 2) / max).unwrap_or(u8::MAX)
    }
}

impl<'a> Bitmap<'a> {
    /// Reads the headers; `None` is a bitmap of a kind that the board does not take (compressed, or OS/2's).
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let mut file = Reader::new(bytes);
        file.take(10)?; // "BM", file size, reserved
        let pixel_offset = index(file.u32_le()?);
        let header_length = file.u32_le()?;
        if !matches!(header_length, 40 | 52 | 56 | 108 | 124) {
            return Ok(None);
        }
        let mut header = Reader::new(file.take(index(header_length) - 4)?);
        let width = header.u32_le()?.cast_signed();
        let height = header.u32_le()?.cast_signed();
        header.take(2)?; // planes
        let bits = header.u16_le()?;
        let compression = header.u32_le()?;
        header.take(12)?; // image size, resolution
        let colours = header.u32_le()?;
        header.take(4)?; // important colours
        let (Ok(columns), true) = (u32::try_from(width), width > 0 && height != 0) else {
            return Err(Malformed("it has no size"));
        };

        let pixels = match (compression, bits) {
            (BI_RGB, 1 | 4 | 8) => Pixels::Indexed {
                bits: bits.to_le_bytes()[0],
                palette: palette(&mut file, bits, colours)?,
            },
            (BI_RGB, 16) => direct(2, [0x7c00, 0x03e0, 0x001f, 0])?,
            (BI_RGB, 24 | 32) => direct(usize::from(bits / 8), [0xff_0000, 0xff00, 0xff, 0])?,
            (BI_BITFIELDS | BI_ALPHABITFIELDS, 16 | 32) => {
                // Masks are the header's next fields, or follow the oldest header.
                let masks = if header_length == 40 {
                    &mut file
                } else {
                    &mut header
                };
                let with_alpha = header_length >= 56 || compression == BI_ALPHABITFIELDS;
                let red_green_blue = [masks.u32_le()?, masks.u32_le()?, masks.u32_le()?];
                let alpha = if with_alpha { masks.u32_le()? } else { 0 };
                let [red, green, blue] = red_green_blue;
                direct(usize::from(bits / 8), [red, green, blue, alpha])?
            }
            _ => return Ok(None),
        };

        // Rows are padded to four bytes.
        let row_length = (index(columns) * usize::from(bits)).div_ceil(32) * 4;
        let rows = bytes.get(pixel_offset..).ok_or(CUT_SHORT)?;
        let rows = row_length
            .checked_mul(index(height.unsigned_abs()))
            .and_then(|length| rows.get(..length))
            .ok_or(CUT_SHORT)?;
        Ok(Some(Self {
            width: columns,
            height: height.unsigned_abs(),
            bottom_up: height > 0,
            pixels,
            rows,
            row_length,
        }))
    }

    /// The same picture as PNG; only one row is held besides the result.
    pub fn to_png(&self) -> Result<Vec<u8>, Malformed> {
        const FAILED: Malformed = Malformed("it cannot be converted");
        let mut png = Vec::new();
        let mut encoder = Encoder::new(&mut png, self.width, self.height);
        encoder.set_depth(BitDepth::Eight);
        match &self.pixels {
            Pixels::Indexed { palette, .. } => {
                encoder.set_color(ColorType::Indexed);
                encoder.set_palette(palette.concat());
            }
            Pixels::Direct { alpha: None, .. } => encoder.set_color(ColorType::Rgb),
            Pixels::Direct { alpha: Some(_), .. } => encoder.set_color(ColorType::Rgba),
        }
        let mut writer = encoder.write_header().map_err(|_| FAILED)?;
        let mut stream = writer.stream_writer().map_err(|_| FAILED)?;
        let mut row = Vec::new();
        let mut write = |source: &[u8]| {
            row.clear();
            self.convert(source, &mut row)?;
            stream.write_all(&row).map_err(|_| FAILED)
        };
        let rows = self.rows.chunks_exact(self.row_length);
        if self.bottom_up {
            rows.rev().try_for_each(&mut write)?;
        } else {
            rows.into_iter().try_for_each(&mut write)?;
        }
        stream.finish().map_err(|_| FAILED)?;
        writer.finish().map_err(|_| FAILED)?;
        Ok(png)
    }

    fn convert(&self, source: &[u8], row: &mut Vec<u8>) -> Result<(), Malformed> {
        let columns = index(self.width);
        match &self.pixels {
            Pixels::Indexed { bits, palette } => {
                let per_byte = 8 / bits;
                let mask = u8::MAX >> (8 - bits);
                let indices = source.iter().flat_map(|byte| {
                    (1..=per_byte).map(move |place| (byte >> (8 - place * bits)) & mask)
                });
                row.extend(indices.take(columns));
                if row
                    .iter()
                    .any(|colour| usize::from(*colour) >= palette.len())
                {
                    return Err(Malformed("it uses a colour that it does not have"));
                }
            }
            Pixels::Direct {
                bytes,
                channels,
                alpha,
            } => {
                for pixel in source.chunks_exact(*bytes).take(columns) {
                    let mut value = [0; 4];
                    value[..*bytes].copy_from_slice(pixel);
                    let value = u32::from_le_bytes(value);
                    row.extend(channels.map(|channel| channel.of(value)));
                    row.extend(alpha.map(|channel| channel.of(value)));
                }
            }
        }
        Ok(())
    }
}

fn palette(file: &mut Reader<'_>, bits: u16, colours: u32) -> Result<Vec<[u8; 3]>, Malformed> {
    let most = 1 << bits;
    let colours = if colours == 0 { most } else { colours };
    if colours > most {
        return Err(Malformed("it has too many colours"));
    }
    (0..colours)
        .map(|_| {
            let [blue, green, red, _] = file.array()?;
            Ok([red, green, blue])
        })
        .collect()
}

fn direct(bytes: usize, masks: [u32; 4]) -> Result<Pixels, Malformed> {
    let [red, green, blue, alpha] = masks;
    Ok(Pixels::Direct {
        bytes,
        channels: [
            Channel::from_mask(red)?,
            Channel::from_mask(green)?,
            Channel::from_mask(blue)?,
        ],
        alpha: (alpha != 0)
            .then(|| Channel::from_mask(alpha))
            .transpose()?,
    })
}
