//! Uncompressed BMP (Microsoft, `BITMAPINFOHEADER` and its successors), rewritten as PNG row by row.

use std::io::Write as _;

use png::{BitDepth, ColorType, Encoder};

use super::reader::{CUT_SHORT, Malformed, Reader, index};

/// `biCompression`: no masks; masks in or after the header; the same with an alpha mask.
const BI_RGB: u32 = 0;
const BI_BITFIELDS: u32 = 3;
const BI_ALPHABITFIELDS: u32 = 6;

/// How long the header is says of which kind it is: OS/2's first, Windows' first, and Windows' since its
/// version 4, which may have a profile.
const OS2: u32 = 12;
const WINDOWS: u32 = 40;
const WINDOWS_4: u32 = 108;
const WINDOWS_5: u32 = 124;
/// `bV5CSType`: a profile within the file.
const PROFILE_EMBEDDED: u32 = u32::from_be_bytes(*b"MBED");

/// An uncompressed bitmap whose pixels are still to be read.
pub(super) struct Bitmap<'a> {
    pub width: u32,
    pub height: u32,
    bottom_up: bool,
    pixels: Pixels,
    rows: &'a [u8],
    row_length: usize,
    profile: Option<&'a [u8]>,
}

enum Pixels {
    /// `bits` (1, 2, 4 or 8) per pixel, each an index into the palette of RGB colours.
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
        let shift = mask.trailing_zeros() % 32;
        let max = mask >> shift;
        if (max & max.wrapping_add(1)) != 0 {
            return Err(Malformed("a colour mask is wrong"));
        }
        Ok(Self { shift, max })
    }

    /// The channel's value in eight bits: scaled up, or as in browsers the first eight of more.
    fn of(self, pixel: u32) -> u8 {
        let value = (pixel >> self.shift) & self.max;
        let eight = match self.max {
            0 => 0,
            max @ 1..=0xff => (value * 0xff + max / 2) / max,
            max => value >> (max.count_ones() - 8),
        };
        u8::try_from(eight).unwrap_or(u8::MAX)
    }
}

impl<'a> Bitmap<'a> {
    /// Reads the headers; `None` is a bitmap of a kind that the board does not take, because it is compressed.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Self>, Malformed> {
        let mut file = Reader::new(bytes);
        file.take(10)?; // "BM", file size, reserved
        let pixel_offset = index(file.u32_le()?);
        let Some(header) = Header::read(&mut file)? else {
            return Ok(None);
        };
        let Some(pixels) = header.pixels(&mut file)? else {
            return Ok(None);
        };
        // Rows are padded to four bytes.
        let row_length = (index(header.columns) * usize::from(header.bits)).div_ceil(32) * 4;
        let rows = bytes.get(pixel_offset..).ok_or(CUT_SHORT)?;
        let rows = row_length
            .checked_mul(index(header.rows))
            .and_then(|length| rows.get(..length))
            .ok_or(CUT_SHORT)?;
        let mut bitmap = Self {
            width: header.columns,
            height: header.rows,
            bottom_up: header.bottom_up,
            pixels,
            rows,
            row_length,
            profile: header.profile(bytes),
        };
        // No picture is made to be invisible: whoever wrote no masks left these bytes alone.
        if header.compression == BI_RGB && bitmap.is_invisible() {
            bitmap.pixels = direct(4, [0xff_0000, 0xff00, 0xff, 0])?;
        }
        Ok(Some(bitmap))
    }

    fn is_invisible(&self) -> bool {
        match self.pixels {
            Pixels::Direct {
                bytes: 4,
                alpha: Some(alpha),
                ..
            } => {
                let (pixels, _) = self.rows.as_chunks();
                pixels
                    .iter()
                    .all(|pixel| alpha.of(u32::from_le_bytes(*pixel)) == 0)
            }
            _ => false,
        }
    }

    /// The same picture as PNG; only one row is held besides the result.
    pub fn to_png(&self) -> Result<Vec<u8>, Malformed> {
        const FAILED: Malformed = Malformed("it cannot be converted");
        /// Where the first chunk of a PNG ends.
        const HEADER_END: usize = 33;
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
            self.convert(source, &mut row);
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
        if let Some(chunk) = self.profile.and_then(super::png::profile_chunk) {
            png.splice(HEADER_END..HEADER_END, chunk);
        }
        Ok(png)
    }

    fn convert(&self, source: &[u8], row: &mut Vec<u8>) {
        let columns = index(self.width);
        match &self.pixels {
            Pixels::Indexed { bits, .. } => {
                let per_byte = 8 / bits;
                let mask = u8::MAX >> (8 - bits);
                let indices = source.iter().flat_map(|byte| {
                    (1..=per_byte).map(move |place| (byte >> (8 - place * bits)) & mask)
                });
                row.extend(indices.take(columns));
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
    }
}

/// What the headers of all kinds say.
struct Header<'a> {
    length: u32,
    columns: u32,
    rows: u32,
    bottom_up: bool,
    bits: u16,
    compression: u32,
    colours: u32,
    /// What follows in a header of Windows': masks and more.
    more: Reader<'a>,
}

impl<'a> Header<'a> {
    /// Reads a header; `None` where it is of a kind that is not known.
    fn read(file: &mut Reader<'a>) -> Result<Option<Self>, Malformed> {
        let length = file.u32_le()?;
        // The second header of OS/2 may end behind any of its fields.
        let is_known = matches!(length, OS2 | WINDOWS_4 | WINDOWS_5)
            || ((16..=64).contains(&length) && length.is_multiple_of(4));
        if !is_known {
            return Ok(None);
        }
        let mut more = Reader::new(file.take(index(length) - 4)?);
        let (width, height) = if length == OS2 {
            (more.u16_le()?.into(), more.u16_le()?.into())
        } else {
            (more.u32_le()?.cast_signed(), more.u32_le()?.cast_signed())
        };
        more.take(2)?; // planes
        let bits = more.u16_le()?;
        let compression = more.u32_le().unwrap_or(BI_RGB);
        let _ = more.take(12); // image size, resolution
        let colours = more.u32_le().unwrap_or(0);
        let _ = more.take(4); // important colours
        let (Ok(columns), true) = (u32::try_from(width), width > 0 && height != 0) else {
            return Err(Malformed("it has no size"));
        };
        Ok(Some(Self {
            length,
            columns,
            rows: height.unsigned_abs(),
            bottom_up: height > 0,
            bits,
            compression,
            colours,
            more,
        }))
    }

    /// How the bitmap's pixels are to be read: masks and palette may follow the header. `None` where they are
    /// compressed.
    fn pixels(&self, file: &mut Reader<'_>) -> Result<Option<Pixels>, Malformed> {
        let bytes = usize::from(self.bits / 8);
        Ok(Some(match (self.compression, self.bits) {
            (BI_RGB, 1 | 2 | 4 | 8) => Pixels::Indexed {
                bits: self.bits.to_le_bytes()[0],
                palette: self.palette(file)?,
            },
            (BI_RGB, 16) => direct(bytes, [0x7c00, 0x03e0, 0x001f, 0])?,
            (BI_RGB, 24) => direct(bytes, [0xff_0000, 0xff00, 0xff, 0])?,
            (BI_RGB, 32) => {
                // As Chromium reads it: whether there is an alpha mask counts, not what it says.
                let has_alpha =
                    self.length >= WINDOWS_4 && self.masks(&mut self.more.clone())?[3] != 0;
                let alpha = if has_alpha { 0xff00_0000 } else { 0 };
                direct(bytes, [0xff_0000, 0xff00, 0xff, alpha])?
            }
            // Masks are the header's next fields, or follow the oldest header.
            (BI_BITFIELDS | BI_ALPHABITFIELDS, 16 | 32) if self.length == WINDOWS => {
                direct(bytes, self.masks(file)?)?
            }
            (BI_BITFIELDS | BI_ALPHABITFIELDS, 16 | 32)
                if matches!(self.length, 52 | 56 | WINDOWS_4..) =>
            {
                direct(bytes, self.masks(&mut self.more.clone())?)?
            }
            _ => return Ok(None),
        }))
    }

    /// The masks of red, green, blue and alpha.
    fn masks(&self, fields: &mut Reader<'_>) -> Result<[u32; 4], Malformed> {
        let has_alpha = self.length >= 56 || self.compression == BI_ALPHABITFIELDS;
        let [red, green, blue] = [fields.u32_le()?, fields.u32_le()?, fields.u32_le()?];
        let alpha = if has_alpha { fields.u32_le()? } else { 0 };
        Ok([red, green, blue, alpha])
    }

    /// As many colours as a pixel can name, black where the file has fewer.
    fn palette(&self, file: &mut Reader<'_>) -> Result<Vec<[u8; 3]>, Malformed> {
        let most = 1 << self.bits;
        let colours = match index(self.colours) {
            0 => most,
            colours => colours.min(most),
        };
        let mut palette = vec![[0; 3]; most];
        for colour in palette.iter_mut().take(colours) {
            let [blue, green, red] = file.array()?;
            *colour = [red, green, blue];
            if self.length != OS2 {
                file.take(1)?;
            }
        }
        Ok(palette)
    }

    /// Behind its masks a header may say where a profile is, counted from its own beginning.
    fn profile(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        const HEADER: usize = 14;
        if self.length != WINDOWS_5 {
            return None;
        }
        let mut fields = self.more.clone();
        fields.take(16).ok()?; // masks
        let colour_space = fields.u32_le().ok()?;
        fields.take(52).ok()?; // end points, gamma, intent
        let (start, length) = (index(fields.u32_le().ok()?), index(fields.u32_le().ok()?));
        let profile = bytes.get(HEADER..)?.get(start..)?.get(..length)?;
        (colour_space == PROFILE_EMBEDDED).then_some(profile)
    }
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
