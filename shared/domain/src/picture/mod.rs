//! Pictures, recognised by content and walked from the first byte to the end marker. What decides how they
//! look is kept as it is; all else, and what follows the end, goes. What Chromium and Firefox both show whole is
//! taken, whatever else is wrong with it; where they disagree, what is kept makes both show what the better of
//! them shows. Pixels are not decoded (BMP apart, which becomes PNG row by row): the compression of PNG and GIF
//! is followed to where it ends, and no picture is made of it.

mod bmp;
mod exif;
mod gif;
mod icc;
mod jpeg;
mod kept;
mod png;
mod reader;
mod small;
#[cfg(test)]
mod tests;
mod webp;
mod zlib;

use std::str::FromStr;

use bytes::Bytes;
use thiserror::Error;

use kept::Kept;
use reader::Malformed;

pub use exif::Orientation;
pub use small::{SMALL_WIDTHS, link_preview_size, small_height};

/// A format that the board keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG, also animated.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Gif, Self::WebP];

    /// The extension of its key, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
        }
    }

    /// The format of a media type.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.media_type() == media_type)
    }
}

/// The text is no extension of a [`Format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a picture format")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(extension: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
            .ok_or(UnknownFormat)
    }
}

/// Why a picture was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidPicture {
    /// More bytes than [`Picture::LIMIT`].
    #[error("the picture is larger than 4 MiB")]
    TooLarge,
    /// None of the formats that the board takes.
    #[error("the picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP")]
    UnknownFormat,
    /// Damaged, or cut short.
    #[error("the picture is damaged: {0}")]
    Malformed(&'static str),
    /// More pixels than the limits.
    #[error("the picture has more than {side} pixels a side or {megapixels} megapixels")]
    TooManyPixels {
        /// Pixels a side.
        side: u32,
        /// Millions of pixels.
        megapixels: u32,
    },
    /// More to go through than the limits.
    #[error("the picture has more than {FRAMES} frames, {SCANS} scans or {PARTS} parts")]
    TooManyParts,
}

impl From<Malformed> for InvalidPicture {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// Frames of an animation. A browser composes the whole picture for each; 4 MiB leave 2 KiB a frame.
const FRAMES: usize = 2_000;
/// Scans of a progressive JPEG. Encoders make about ten; a decoder goes through all pixels for each, however
/// few bytes it has.
const SCANS: usize = 100;
/// Segments, chunks or blocks. A decoder keeps a record of each; a PNG of 4 MiB has 512 of the usual length.
const PARTS: usize = 10_000;
/// A picture that was not posted may be longer than [`Picture::LIMIT`], and may have a part for each 512 bytes.
const BYTES_A_PART: usize = 512;

/// How many segments, chunks or blocks a picture of `length` bytes may have.
fn parts(length: usize) -> Allowance {
    Allowance(PARTS.max(length / BYTES_A_PART))
}

/// How many more of something a picture may have.
struct Allowance(usize);

impl Allowance {
    fn take(&mut self) -> Result<(), InvalidPicture> {
        self.take_many(1)
    }

    fn take_many(&mut self, many: usize) -> Result<(), InvalidPicture> {
        let left = self.0.checked_sub(many);
        self.0 = left.ok_or(InvalidPicture::TooManyParts)?;
        Ok(())
    }
}

/// A picture that is well-formed up to its end marker and within the limits, with what decides how it looks
/// and nothing else.
#[derive(Debug, Clone)]
pub struct Picture {
    format: Format,
    width: u32,
    height: u32,
    orientation: Orientation,
    is_animated: bool,
    scans: u32,
    bytes: Bytes,
}

/// What a walk through a picture gives.
struct Walked {
    /// As displayed.
    width: u32,
    /// As displayed.
    height: u32,
    orientation: Orientation,
    is_animated: bool,
    scans: u32,
    bytes: Bytes,
}

impl Walked {
    /// The result for a still picture of one scan, with these sides as stored.
    fn new((width, height): (u32, u32), orientation: Orientation, kept: Kept<'_>) -> Self {
        let (width, height) = if orientation.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        };
        Self {
            width,
            height,
            orientation,
            is_animated: false,
            scans: 1,
            bytes: kept.into_bytes(),
        }
    }
}

impl Picture {
    /// In bytes.
    pub const LIMIT: usize = 4 * 1024 * 1024;
    const SIDE: u32 = 16_384;
    const MEGAPIXELS: u32 = 50;
    /// A BMP's pixels are read, so fewer are taken.
    const BMP_MEGAPIXELS: u32 = 4;

    /// Recognises and checks what a client sent, and keeps what decides how it looks: in the bytes received
    /// if nothing else is among them, otherwise in one buffer.
    ///
    /// # Errors
    /// Where it is too large, of another format, damaged, or has too many pixels or parts.
    pub fn parse(bytes: &Bytes) -> Result<Self, InvalidPicture> {
        if bytes.len() > Self::LIMIT {
            return Err(InvalidPicture::TooLarge);
        }
        let picture = Self::recognise(bytes, Self::BMP_MEGAPIXELS)?;
        // A bitmap may grow as it becomes a PNG, and what the board keeps must be small enough to be posted again.
        if picture.bytes.len() > Self::LIMIT {
            return Err(InvalidPicture::TooLarge);
        }
        Ok(picture)
    }

    /// Does what [`Self::parse`] does for a picture that nobody posted, which may have any number of bytes; a BMP may
    /// have as many pixels as any other.
    ///
    /// # Errors
    /// Where it is of another format, damaged, or has too many pixels or parts.
    pub fn parse_of_any_length(bytes: &Bytes) -> Result<Self, InvalidPicture> {
        Self::recognise(bytes, Self::MEGAPIXELS)
    }

    fn recognise(bytes: &Bytes, bmp_megapixels: u32) -> Result<Self, InvalidPicture> {
        if bytes.starts_with(b"BM") {
            return Self::from_bmp(bytes, bmp_megapixels);
        }
        let (format, walked) = if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            (Format::Jpeg, jpeg::walk(bytes)?)
        } else if bytes.starts_with(png::SIGNATURE) {
            (Format::Png, png::walk(bytes)?)
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            (Format::Gif, gif::walk(bytes)?)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            (Format::WebP, webp::walk(bytes)?)
        } else {
            return Err(InvalidPicture::UnknownFormat);
        };
        let Walked {
            width,
            height,
            orientation,
            is_animated,
            scans,
            bytes,
        } = walked;
        limited(width, height, Self::MEGAPIXELS)?;
        Ok(Self {
            format,
            width,
            height,
            orientation,
            is_animated,
            scans,
            bytes,
        })
    }

    fn from_bmp(bytes: &[u8], megapixels: u32) -> Result<Self, InvalidPicture> {
        let bitmap = bmp::Bitmap::parse(bytes)?.ok_or(InvalidPicture::UnknownFormat)?;
        limited(bitmap.width, bitmap.height, megapixels)?;
        Ok(Self {
            format: Format::Png,
            width: bitmap.width,
            height: bitmap.height,
            orientation: Orientation::AS_STORED,
            is_animated: false,
            scans: 1,
            bytes: bitmap.to_png()?.into(),
        })
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// In pixels, as displayed.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels, as displayed.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How it is turned or mirrored when it is displayed.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Whether it has more than one frame, so that it moves in browsers.
    pub fn is_animated(&self) -> bool {
        self.is_animated
    }

    /// How often a decoder goes through all pixels: the scans of a JPEG, the passes of an interlaced PNG, else 1.
    pub fn scans(&self) -> u32 {
        self.scans
    }

    /// The picture itself.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

fn limited(width: u32, height: u32, megapixels: u32) -> Result<(), InvalidPicture> {
    let pixels = u64::from(width) * u64::from(height);
    if width > Picture::SIDE || height > Picture::SIDE || pixels > u64::from(megapixels) * 1_000_000
    {
        return Err(InvalidPicture::TooManyPixels {
            side: Picture::SIDE,
            megapixels,
        });
    }
    Ok(())
}
