//! JPEG, by `zune-jpeg`, but with the colours that libjpeg finds, which is what browsers go by.

use std::borrow::Cow;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::raster::{Channels, Colours, Decoded, Raster, Undecodable, index, other_sides};

const ICC: &[u8] = b"ICC_PROFILE\0";
/// `FF DA`, the beginning of the pixels.
const SOS: u8 = 0xda;
/// Where the first segment begins.
const FIRST: usize = 2;
/// A segment by which the decoder knows a frame of Motion JPEG, of which the usual Huffman tables (ITU-T T.81, K.3) are
/// left out.
const MOTION: [u8; 9] = *b"\xff\xe0\0\x07AVI1\0";

/// Decodes what `domain` keeps of a JPEG with these sides as stored: no bytes are between its segments.
pub(crate) fn decode(jpeg: &[u8], (width, height): (u32, u32)) -> Result<Decoded, Undecodable> {
    let header =
        Header::read(jpeg).ok_or_else(|| Undecodable::damaged("its header is not whole"))?;
    if !header.is_decoded_rightly() {
        return Err(Undecodable::damaged(
            "its components are in an unusual order",
        ));
    }
    let model = header.model();
    let jpeg = header.told(model, jpeg);
    let (asked, channels) = match model {
        Model::Gray => (ColorSpace::Luma, Channels::Gray),
        // The decoder takes such a JPEG for RGB, so it is told to leave the numbers as they are stored, which are
        // YCbCr.
        Model::YCbCr if header.ids == *b"RGB" => (ColorSpace::RGB, Channels::YCbCr),
        Model::YCbCr | Model::Rgb => (ColorSpace::RGB, Channels::Rgb),
        // CMYK and YCCK are left as they are stored: Adobe writes how much ink is missing, and so do all others.
        Model::Cmyk => (ColorSpace::CMYK, Channels::InvertedCmyk),
        Model::Ycck => (ColorSpace::YCCK, Channels::InvertedYcck),
    };
    let options = DecoderOptions::default()
        .set_max_width(index(width))
        .set_max_height(index(height))
        .jpeg_set_out_colorspace(asked);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*jpeg), options);
    decoder.decode_headers().map_err(Undecodable::damaged)?;
    let found = decoder
        .info()
        .map(|info| (u32::from(info.width), u32::from(info.height)));
    if found != Some((width, height)) {
        return Err(other_sides());
    }
    let mut raster = Raster::empty(width, height, channels);
    decoder
        .decode_into(&mut raster.bytes)
        .map_err(Undecodable::damaged)?;
    let colours = header.profile.map_or(Colours::Srgb, Colours::Profile);
    Ok(Decoded { raster, colours })
}

/// How the components of a JPEG make a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Gray,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

/// What stands before the pixels.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is what one segment says"
)]
struct Header {
    /// What the components are called.
    ids: Vec<u8>,
    /// Whether no component is finer than the first, across or down.
    first_is_finest: bool,
    is_progressive: bool,
    /// How many components the first scan has.
    first_scan: usize,
    has_jfif: bool,
    has_huffman_tables: bool,
    /// Adobe's mark: what it says of the colours (0 nothing, 1 YCbCr, 2 YCCK), and where it says that.
    adobe: Option<(u8, usize)>,
    profile: Option<Vec<u8>>,
}

impl Header {
    fn read(jpeg: &[u8]) -> Option<Self> {
        let mut header = Self::default();
        let mut at = FIRST;
        loop {
            let [0xff, marker, high, low] = *jpeg.get(at..at + 4)? else {
                return None;
            };
            let data = at + 4;
            at += 2 + usize::from(u16::from_be_bytes([high, low]));
            let segment = jpeg.get(data..at)?;
            match marker {
                SOS => {
                    header.first_scan = usize::from(*segment.first()?);
                    return (!header.ids.is_empty()).then_some(header);
                }
                0xc0..=0xc2 => {
                    let components = segment.get(6..)?.as_chunks::<3>().0;
                    header.ids = components.iter().map(|[id, ..]| *id).collect();
                    let across = components.iter().map(|[_, sampling, _]| sampling >> 4);
                    let down = components.iter().map(|[_, sampling, _]| sampling & 0xf);
                    header.first_is_finest = is_first_greatest(across) && is_first_greatest(down);
                    header.is_progressive = marker == 0xc2;
                }
                0xc4 => header.has_huffman_tables = true,
                0xe0 => header.has_jfif |= segment.starts_with(b"JFIF\0"),
                0xe2 => {
                    // Each piece of the profile begins with its number and with how many pieces there are; they stand
                    // in order.
                    if let Some([_, _, piece @ ..]) = segment.strip_prefix(ICC) {
                        header.profile.get_or_insert_default().extend(piece);
                    }
                }
                0xee if segment.starts_with(b"Adobe") => {
                    header.adobe = Some((*segment.get(11)?, data + 11));
                }
                _ => {}
            }
        }
    }

    /// Whether the decoder (0.5.15) sees what libjpeg sees. It makes stripes of sequential JPEGs whose components come
    /// one after the other, and of JPEGs whose luminance is coarser than another component. Both are rare: cameras
    /// write neither.
    fn is_decoded_rightly(&self) -> bool {
        self.first_is_finest && (self.is_progressive || self.first_scan == self.ids.len())
    }

    /// The model by libjpeg's rules (`default_decompress_parms`).
    fn model(&self) -> Model {
        let adobe = self.adobe.map(|(transform, _)| transform);
        match (self.ids.len(), adobe) {
            (1, _) => Model::Gray,
            (4, None | Some(0)) => Model::Cmyk,
            (4, Some(_)) => Model::Ycck,
            _ if self.has_jfif => Model::YCbCr,
            (_, Some(0)) => Model::Rgb,
            (_, None) if self.ids == *b"RGB" => Model::Rgb,
            _ => Model::YCbCr,
        }
    }

    /// The JPEG with its Adobe mark, where it has one, changed so that the decoder finds this model, too. Without
    /// Huffman tables it gets the mark of Motion JPEG, by which the decoder takes the usual tables as libjpeg does.
    fn told<'a>(&self, model: Model, jpeg: &'a [u8]) -> Cow<'a, [u8]> {
        let right = match model {
            Model::Gray | Model::YCbCr => 1,
            Model::Rgb | Model::Cmyk => 0,
            Model::Ycck => 2,
        };
        let mut jpeg = Cow::Borrowed(jpeg);
        if let Some((transform, at)) = self.adobe
            && transform != right
            && let Some(mark) = jpeg.to_mut().get_mut(at)
        {
            *mark = right;
        }
        if !self.has_huffman_tables {
            jpeg.to_mut().splice(FIRST..FIRST, MOTION);
        }
        jpeg
    }
}

fn is_first_greatest(mut numbers: impl Iterator<Item = u8>) -> bool {
    let first = numbers.next();
    numbers.all(|other| Some(other) <= first)
}
