//! A picture of which there are to be smaller versions.

use bytes::Bytes;
use domain::{Format, InvalidPicture, Picture, SMALL_WIDTHS, link_preview_size, small_height};
use thiserror::Error;

use crate::raster::{Decoded, Raster, Undecodable, stored_sides};
use crate::shrink::Shrinkable;
use crate::{colour, gif, jpeg, png, preview, turn, webp};

/// The quality of WebP, from 0 to 100: the default of cwebp and libvips.
const QUALITY: u8 = 75;

/// How many pixels a decoder may go through, all scans together: those of the largest picture that the board takes, in
/// twenty scans. Encoders make about ten. It takes some seconds.
const PIXELS_OF_ALL_SCANS: u64 = 1_000_000_000;

/// Why a picture is not even decoded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// The picture is none that the board would take, its number of bytes apart.
    #[error(transparent)]
    Invalid(#[from] InvalidPicture),
    /// The picture has too many pixels, those of all scans taken together.
    #[error("the picture has too many scans for its {pixels} pixels: {scans}")]
    TooManyScans {
        /// In pixels.
        pixels: u64,
        /// The scans of a JPEG, or the passes of an interlaced PNG.
        scans: u32,
    },
}

/// A picture within the board's limits that was not decoded yet.
#[derive(Debug, Clone)]
pub struct Original(Picture);

/// A smaller version of a picture: upright, in sRGB, without metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallVersion {
    /// In pixels, one of [`SMALL_WIDTHS`].
    pub width: u32,
    /// In pixels, by [`small_height`].
    pub height: u32,
    /// The picture itself, a lossy WebP.
    pub webp: Vec<u8>,
}

impl Original {
    /// Looks a picture through from its first byte to its end marker, however many bytes it has, without making
    /// pixels of it.
    ///
    /// # Errors
    /// Where the board would not take it, and where a decoder would have to go through too many pixels.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what was received is let go where what is kept of it stands in a buffer of its own"
    )]
    pub fn inspect(bytes: Bytes) -> Result<Self, Refused> {
        let picture = Picture::parse_of_any_length(&bytes)?;
        let pixels = u64::from(picture.width()) * u64::from(picture.height());
        let scans = picture.scans();
        // The passes of an interlaced PNG share the pixels.
        let is_jpeg = picture.format() == Format::Jpeg;
        if is_jpeg && pixels * u64::from(scans) > PIXELS_OF_ALL_SCANS {
            return Err(Refused::TooManyScans { pixels, scans });
        }
        Ok(Self(picture))
    }

    /// In pixels, as displayed.
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// In pixels, as displayed.
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// The bytes that are to be decoded, as the board would keep them of the picture.
    pub fn bytes(&self) -> &Bytes {
        self.0.bytes()
    }

    /// Those of [`SMALL_WIDTHS`] that are smaller than the picture's own width, as displayed, the smallest first.
    pub fn small_widths(&self) -> impl Iterator<Item = u32> + use<> {
        let width = self.width();
        SMALL_WIDTHS.into_iter().filter(move |small| *small < width)
    }

    /// Decodes the picture once and makes its versions of all [`Self::small_widths`], the smallest first. Of an
    /// animation it is the first frame.
    ///
    /// # Errors
    /// Where the picture cannot be decoded.
    pub fn small_versions(&self) -> Result<Vec<SmallVersion>, Undecodable> {
        self.small_versions_of(self.small_widths())
    }

    /// Makes the versions of these widths alone, as [`Self::small_versions`] does of all; a width that is not smaller
    /// than the picture's is left out.
    ///
    /// # Errors
    /// Where the picture cannot be decoded.
    pub fn small_versions_of(
        &self,
        widths: impl IntoIterator<Item = u32>,
    ) -> Result<Vec<SmallVersion>, Undecodable> {
        let mut widths = widths
            .into_iter()
            .filter(|width| (1..self.width()).contains(width))
            .peekable();
        if widths.peek().is_none() {
            return Ok(Vec::new());
        }
        let mut prepared = Prepared::new(&self.0)?;
        widths
            .map(|width| {
                let height = small_height(self.width(), self.height(), width);
                let raster = prepared.shown(width, height)?;
                let webp = webp::encode(&raster, QUALITY)?;
                Ok(SmallVersion {
                    width,
                    height,
                    webp,
                })
            })
            .collect()
    }

    /// A JPEG for link previews, which some services take alone: at most as wide as the widest of [`SMALL_WIDTHS`],
    /// never wider than the picture, on white where the picture is transparent.
    ///
    /// # Errors
    /// Where the picture cannot be decoded.
    pub fn link_preview(&self) -> Result<Vec<u8>, Undecodable> {
        let (width, height) = link_preview_size(self.width(), self.height());
        let raster = Prepared::new(&self.0)?.shown(width, height)?;
        preview::jpeg(raster)
    }
}

/// A decoded picture, of which versions can be made.
struct Prepared<'a> {
    picture: &'a Picture,
    pixels: Shrinkable,
    srgb: colour::ToSrgb,
}

impl<'a> Prepared<'a> {
    fn new(picture: &'a Picture) -> Result<Self, Undecodable> {
        let decode = match picture.format() {
            Format::Jpeg => jpeg::decode,
            Format::Png => png::decode,
            Format::Gif => gif::decode,
            Format::WebP => webp::decode,
        };
        let Decoded { raster, colours } = decode(picture.bytes(), stored_sides(picture))?;
        Ok(Self {
            picture,
            srgb: colour::ToSrgb::new(raster.channels, &colours),
            pixels: Shrinkable::new(raster),
        })
    }

    /// The picture with these sides as it is displayed, in sRGB.
    fn shown(&mut self, width: u32, height: u32) -> Result<Raster, Undecodable> {
        let orientation = self.picture.orientation();
        let (columns, rows) = if orientation.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        };
        let shrunk = self.pixels.shrink(columns, rows)?;
        Ok(turn::upright(self.srgb.convert(shrunk), orientation))
    }
}
