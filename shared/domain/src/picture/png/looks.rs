//! What decides how the image of a PNG looks, besides its pixels.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::super::icc;
use super::super::reader::Malformed;
use super::super::zlib::Stream;

/// Whether a chunk must come before the palette (5.6). Chromium minds it behind the palette as well, Firefox
/// does not.
pub(super) fn is_ahead_of_palette(kind: [u8; 4]) -> bool {
    matches!(
        &kind,
        b"cHRM" | b"cICP" | b"cLLI" | b"gAMA" | b"iCCP" | b"mDCV" | b"sBIT" | b"sRGB"
    )
}

/// What counts of a chunk's data, in a picture of this colour type whose palette has this many colours. Browsers ignore
/// a chunk that is longer than it must be, unless it is transparency.
pub(super) fn what_counts(
    kind: [u8; 4],
    data: &[u8],
    colour: u8,
    colours: Option<usize>,
) -> Option<Cow<'_, [u8]>> {
    let length = match (&kind, colour) {
        // With anything else than RGB in its full range Chromium shows nothing at all.
        (b"cICP", _) => matches!(data, [_, _, 0, 0 | 1]).then_some(4),
        (b"gAMA", _) | (b"sBIT", 6) => Some(4),
        (b"cHRM", _) => Some(32),
        (b"sRGB", _) | (b"sBIT", 0) | (b"bKGD", 3) => Some(1),
        (b"mDCV", _) => Some(24),
        (b"cLLI", _) => Some(8),
        (b"pHYs", _) => Some(9),
        (b"sBIT", 4) | (b"bKGD", 0 | 4) => Some(2),
        (b"sBIT", _) => Some(3),
        (b"bKGD", _) => Some(6),
        (b"tRNS", _) => return transparency(data, colour, colours).map(Cow::Borrowed),
        _ => None,
    };
    (length == Some(data.len())).then_some(Cow::Borrowed(data))
}

/// One transparent colour, or the transparency of each colour of the palette, and nothing behind it: Firefox stumbles
/// over more.
fn transparency(data: &[u8], colour: u8, colours: Option<usize>) -> Option<&[u8]> {
    match colour {
        0 => data.get(..2),
        2 => data.get(..6),
        3 if data.len() <= 256 => data.get(..colours?.min(data.len())),
        _ => None,
    }
    .filter(|data| !data.is_empty())
}

/// The data of an `iCCP` chunk (11.3.2.3) with its profile cleaned: a name, the one method of compression, and
/// a zlib stream, which need not end: Firefox goes by what comes out of it. It is inflated as far as the
/// profile says that it goes, and never further than the largest picture.
pub(super) fn cleaned_profile(data: &[u8]) -> Option<Cow<'_, [u8]>> {
    let name = data.iter().position(|byte| *byte == 0)?;
    let (1.., [0, 0, compressed @ ..]) = (name, data.get(name..)?) else {
        return None;
    };
    let mut inflated = Vec::new();
    let mut size = None;
    // A stream that is damaged behind its profile gave all of it.
    let _: Result<usize, Malformed> = Stream::new().follow(compressed, |piece| {
        inflated.extend_from_slice(piece);
        if size.is_none() && inflated.len() >= icc::HEADER {
            size = Some(icc::stated_size(&inflated).unwrap_or(0));
        }
        size.is_none_or(|size| inflated.len() < size)
    });
    profile(&icc::cleaned(&inflated)?).map(Cow::Owned)
}

/// The data of an `iCCP` chunk with this profile, under a name that says nothing.
pub(super) fn profile(profile: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(b"profile\0\0".to_vec(), Compression::default());
    encoder.write_all(profile).ok()?;
    encoder.finish().ok()
}
