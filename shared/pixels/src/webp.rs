//! WebP (RFC 9649): decoded by `image-webp`, and encoded.
//!
//! The decoder is handed a file with the first image and nothing else, so that it composes no frames and reads no
//! more of them than one, and so that what an extended header says of transparency does not matter.

use std::io::Cursor;

use image_webp::WebPDecoder;
use webp_encoder::Pixels;

use crate::raster::{Channels, Colours, Decoded, Raster, Undecodable, other_sides};

/// The length of a chunk's header: its name and its length.
const HEADER: usize = 8;
/// The length of a frame's fields: where it stands, its sides, and how it is shown (2.7.1.1).
const FRAME_FIELDS: usize = 16;
const ALPHA: u8 = 0x10;

/// Encodes what was shrunk and converted.
pub(crate) fn encode(raster: &Raster, quality: u8) -> Result<Vec<u8>, Undecodable> {
    let pixels = if raster.channels == Channels::Rgba {
        Pixels::Rgba(&raster.bytes)
    } else {
        Pixels::Rgb(&raster.bytes)
    };
    Ok(webp_encoder::encode(
        pixels,
        raster.width,
        raster.height,
        quality,
    )?)
}

/// Decodes what `domain` keeps of a WebP with these sides.
pub(crate) fn decode(bytes: &[u8], sides: (u32, u32)) -> Result<Decoded, Undecodable> {
    let chunks = bytes.get(HEADER + 4..).unwrap_or_default();
    let first = First::find(chunks).ok_or_else(|| Undecodable::damaged("it has no image"))?;
    let still = first
        .still()
        .ok_or_else(|| Undecodable::damaged("it has no size"))?;
    let mut decoder = WebPDecoder::new(Cursor::new(still)).map_err(Undecodable::damaged)?;
    let (width, height) = decoder.dimensions();
    let (columns, rows) = sides;
    if width > columns || height > rows {
        return Err(other_sides());
    }
    let channels = if decoder.has_alpha() {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let mut raster = Raster::empty(width, height, channels);
    decoder
        .read_image(&mut raster.bytes)
        .map_err(Undecodable::damaged)?;
    let raster = raster
        .on_canvas(sides, first.place)
        .ok_or_else(other_sides)?;
    let colours = first
        .profile
        .map_or(Colours::Srgb, |profile| Colours::Profile(profile.to_vec()));
    Ok(Decoded { raster, colours })
}

/// The first image of a file.
#[derive(Default)]
struct First<'a> {
    profile: Option<&'a [u8]>,
    /// Where the image stands: how far from the left, and from the top.
    place: (u32, u32),
    alpha: Option<&'a [u8]>,
    /// `VP8 ` or `VP8L`, and its data.
    image: Option<(&'a [u8; 4], &'a [u8])>,
}

impl<'a> First<'a> {
    fn find(chunks: &'a [u8]) -> Option<Self> {
        let mut first = Self::default();
        first.look_through(chunks);
        first.image.is_some().then_some(first)
    }

    fn look_through(&mut self, mut chunks: &'a [u8]) {
        while let Some((name, data, rest)) = chunk(chunks) {
            chunks = rest;
            match name {
                b"ICCP" => self.profile = Some(data),
                b"ALPH" => self.alpha = Some(data),
                b"ANMF" if self.image.is_none() => {
                    let Some((fields, image)) = data.split_at_checked(FRAME_FIELDS) else {
                        return;
                    };
                    let [left, top] = [0, 3].map(|at| 2 * u24(fields, at));
                    self.place = (left, top);
                    self.look_through(image);
                }
                b"VP8 " | b"VP8L" if self.image.is_none() => self.image = Some((name, data)),
                _ => {}
            }
        }
    }

    /// The image as a file of its own, which says that it is transparent only where it is.
    fn still(&self) -> Option<Vec<u8>> {
        let (name, data) = self.image?;
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        if let (Some(alpha), b"VP8 ") = (self.alpha, name) {
            // 14 bits a side, behind the tag and the start code of a key frame (RFC 6386, 9.1).
            let side = |at: usize| {
                let pair = data.get(at..at + 2)?.first_chunk()?;
                (u16::from_le_bytes(*pair) & 0x3fff).checked_sub(1)
            };
            let [width, height] = [side(6)?, side(8)?].map(|side| u32::from(side).to_le_bytes());
            let header = [&[ALPHA, 0, 0, 0], &width[..3], &height[..3]].concat();
            append(&mut file, *b"VP8X", &header)?;
            append(&mut file, *b"ALPH", alpha)?;
        }
        append(&mut file, *name, data)?;
        let length = u32::try_from(file.len() - HEADER).ok()?.to_le_bytes();
        file.get_mut(4..8)?.copy_from_slice(&length);
        Some(file)
    }
}

/// The name and the data of the first chunk, and the chunks behind it.
fn chunk(chunks: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, rest) = chunks.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (data, rest) = rest.split_at_checked(length)?;
    Some((name, data, rest.get(length % 2..).unwrap_or_default()))
}

fn append(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) -> Option<()> {
    file.extend(name);
    file.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    file.extend(data);
    file.resize(file.len().next_multiple_of(2), 0);
    Some(())
}

/// 24 bits, little-endian.
fn u24(fields: &[u8], at: usize) -> u32 {
    match fields.get(at..at + 3) {
        Some([low, middle, high]) => u32::from_le_bytes([*low, *middle, *high, 0]),
        _ => 0,
    }
}
