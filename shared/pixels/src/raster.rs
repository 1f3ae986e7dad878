//! Pixels in memory, and what their numbers mean.

use domain::{InvalidPicture, Picture};
use thiserror::Error;

/// Why no smaller version of a picture can be made, although it is well-formed as far as `domain` looks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undecodable {
    /// A decoder gave up, with what it said: words for a log.
    #[error("it cannot be decoded: {0}")]
    Damaged(String),
    /// An encoder gave up.
    #[error("its smaller version cannot be encoded: {0}")]
    Unencodable(String),
}

impl Undecodable {
    /// The error of a decoder that gave up, with what it said.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "`map_err` hands over what it has"
    )]
    pub(crate) fn damaged(why: impl ToString) -> Self {
        Self::Damaged(why.to_string())
    }
}

impl From<webp_encoder::EncodeError> for Undecodable {
    fn from(error: webp_encoder::EncodeError) -> Self {
        Self::Unencodable(error.to_string())
    }
}

/// What the bytes of a pixel are, each from 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    /// The second says how opaque the first is, which is not multiplied by that.
    GrayAlpha,
    Rgb,
    /// The fourth says how opaque the others are, which are not multiplied by that.
    Rgba,
    /// Luminance and two differences of colour, as JFIF computes them of RGB.
    YCbCr,
    /// How much ink is missing: 255 is none.
    InvertedCmyk,
    /// How much ink is missing, the first three computed as [`Self::YCbCr`].
    InvertedYcck,
}

impl Channels {
    pub fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba | Self::InvertedCmyk | Self::InvertedYcck => 4,
        }
    }

    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Rows of pixels from top to bottom, with nothing between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raster {
    pub width: u32,
    pub height: u32,
    pub channels: Channels,
    pub bytes: Vec<u8>,
}

impl Raster {
    /// All zeros: black, or where there is alpha, nothing.
    pub fn empty(width: u32, height: u32, channels: Channels) -> Self {
        Self {
            width,
            height,
            channels,
            bytes: vec![0; index(width) * index(height) * channels.count()],
        }
    }

    /// This raster with other channels: `pixel` makes each of its pixels.
    pub fn mapped<const FROM: usize, const TO: usize>(
        &self,
        channels: Channels,
        pixel: impl Fn([u8; FROM]) -> [u8; TO],
    ) -> Self {
        let pixels = self.bytes.as_chunks::<FROM>().0;
        let mut bytes = Vec::with_capacity(pixels.len() * TO);
        for from in pixels {
            bytes.extend(pixel(*from));
        }
        Self {
            width: self.width,
            height: self.height,
            channels,
            bytes,
        }
    }

    /// This raster with gray as three equal colours; any other one stays as it is.
    pub fn with_gray_as_rgb(self) -> Self {
        match self.channels {
            Channels::Gray => self.mapped(Channels::Rgb, |[gray]: [u8; 1]| [gray; 3]),
            Channels::GrayAlpha => self.mapped(Channels::Rgba, |[gray, alpha]: [u8; 2]| {
                [gray, gray, gray, alpha]
            }),
            _ => self,
        }
    }

    /// Bytes a row.
    pub fn stride(&self) -> usize {
        index(self.width) * self.channels.count()
    }

    /// A canvas of these sides with this raster at `left`, `top`, and transparent around it; `None` where the raster
    /// stands out of the canvas.
    pub fn on_canvas(self, (width, height): (u32, u32), (left, top): (u32, u32)) -> Option<Self> {
        if (self.width, self.height, left, top) == (width, height, 0, 0) {
            return Some(self);
        }
        let fits = |start: u32, length: u32, side: u32| {
            start.checked_add(length).is_some_and(|end| end <= side)
        };
        if !fits(left, self.width, width) || !fits(top, self.height, height) {
            return None;
        }
        let channels = match self.channels {
            Channels::Gray | Channels::GrayAlpha => Channels::GrayAlpha,
            _ => Channels::Rgba,
        };
        let mut canvas = Self::empty(width, height, channels);
        let (to, from) = (channels.count(), self.channels.count());
        let rows = canvas.bytes.chunks_exact_mut(index(width) * to);
        let sources = self.bytes.chunks_exact(self.stride().max(1));
        for (row, source) in rows.skip(index(top)).zip(sources) {
            let row = row.get_mut(index(left) * to..).unwrap_or_default();
            for (pixel, source) in row.chunks_exact_mut(to).zip(source.chunks_exact(from)) {
                pixel.fill(u8::MAX);
                pixel[..from].copy_from_slice(source);
            }
        }
        Some(canvas)
    }
}

/// Which colours the numbers of a raster mean, besides what [`Channels`] says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Colours {
    /// sRGB, and that of which nothing is known.
    Srgb,
    /// As an ICC profile says.
    Profile(Vec<u8>),
    /// As code points say (ITU-T H.273): the primaries and the transfer function.
    CodePoints { primaries: u8, transfer: u8 },
    /// Primaries of one's own and a power: of white, red, green and blue the place in CIE xy, and the power by which
    /// light becomes numbers, such as 1 / 2.2.
    Gamma {
        white: (f32, f32),
        primaries: [(f32, f32); 3],
        power: f32,
    },
}

/// What a decoder makes of a picture.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub raster: Raster,
    pub colours: Colours,
}

/// The sides of a picture as it is stored.
pub(crate) fn stored_sides(picture: &Picture) -> (u32, u32) {
    if picture.orientation().swaps_sides() {
        (picture.height(), picture.width())
    } else {
        (picture.width(), picture.height())
    }
}

/// A number of pixels as an index; on every machine that matters the same number.
pub(crate) fn index(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// A decoder did not find the sides that `domain` found.
pub(crate) fn other_sides() -> Undecodable {
    Undecodable::damaged(InvalidPicture::Malformed("its sides are not what they are"))
}
