//! Pictures made here and those under `tests/pictures` at the root, seen through other decoders than the ones that made
//! them smaller, where there are any.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::{link_preview_size, small_height};

use crate::{Original, Refused};

#[cfg(target_os = "linux")]
mod bombs;
mod colours;
mod formats;
mod frames;
mod mutated;
mod sides;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pictures")
}

/// Every picture under `tests/pictures` that the board takes, with its bytes.
fn accepted() -> Vec<(String, Bytes, serde_json::Value)> {
    let mut all = Vec::new();
    for (folder, prefix) in [(folder(), ""), (folder().join("odd"), "odd/")] {
        let expected = fs::read(folder.join("expected.json")).unwrap();
        let expected: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&expected).unwrap();
        for (name, expected) in expected {
            if expected.get("refused").is_none() {
                let bytes = fs::read(folder.join(&name)).unwrap();
                all.push((format!("{prefix}{name}"), bytes.into(), expected));
            }
        }
    }
    all
}

/// What somebody sees of a picture: its sides and pixels, each red, green, blue and alpha.
struct Shown {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 4]>,
}

impl Shown {
    fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[usize::try_from(y * self.width + x).unwrap()]
    }

    /// The pixel that is `x` thousandths from the left and `y` thousandths from the top.
    fn thousandths(&self, x: u32, y: u32) -> [u8; 4] {
        self.at(self.width * x / 1_000, self.height * y / 1_000)
    }
}

fn shown(webp: &[u8]) -> Shown {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(webp)).unwrap();
    let (width, height) = decoder.dimensions();
    let mut bytes = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut bytes).unwrap();
    let pixels = if decoder.has_alpha() {
        bytes.as_chunks().0.to_vec()
    } else {
        let opaque = |[red, green, blue]: &[u8; 3]| [*red, *green, *blue, 255];
        bytes.as_chunks().0.iter().map(opaque).collect()
    };
    Shown {
        width,
        height,
        pixels,
    }
}

/// The version of this width of a picture that is wider, and as high as it has to be.
fn small(bytes: impl Into<Bytes>, width: u32) -> Shown {
    let original = Original::inspect(bytes.into()).unwrap();
    let versions = original.small_versions().unwrap();
    let version = versions.into_iter().find(|version| version.width == width);
    let version = version.unwrap();
    let shown = shown(&version.webp);
    let height = small_height(original.width(), original.height(), width);
    assert_eq!((version.width, version.height), (width, height));
    assert_eq!((shown.width, shown.height), (width, height));
    shown
}

#[track_caller]
fn assert_near(found: [u8; 4], expected: [u8; 4], tolerance: u8) {
    let is_near = found
        .iter()
        .zip(expected)
        .all(|(found, expected)| found.abs_diff(expected) <= tolerance);
    assert!(is_near, "{found:?} instead of {expected:?}");
}

/// A PNG of rows as they are stored, with these chunks before them.
fn png(
    (width, height): (u32, u32),
    (colour, depth): (png::ColorType, png::BitDepth),
    chunks: &[(png::chunk::ChunkType, Vec<u8>)],
    rows: &[u8],
) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if let Some((_, palette)) = chunks.iter().find(|(kind, _)| *kind == png::chunk::PLTE) {
        encoder.set_palette(palette.clone());
    }
    let mut writer = encoder.write_header().unwrap();
    for (kind, data) in chunks {
        if *kind != png::chunk::PLTE {
            writer.write_chunk(*kind, data).unwrap();
        }
    }
    writer.write_image_data(rows).unwrap();
    writer.finish().unwrap();
    png
}

/// A JPEG without chroma subsampling, of these pixels.
fn jpeg((width, height): (u16, u16), kind: jpeg_encoder::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
    encoder.encode(pixels, width, height, kind).unwrap();
    jpeg
}

/// The same with a segment behind the start.
fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, data, &jpeg[2..]].concat()
}

/// Rows of one colour, `count` pixels of it.
fn filled<const N: usize>(pixel: [u8; N], count: u32) -> Vec<u8> {
    pixel.repeat(usize::try_from(count).unwrap())
}

#[test]
fn whatever_the_board_takes_has_a_link_preview() {
    for (name, bytes, expected) in accepted() {
        let original = Original::inspect(bytes).unwrap();
        assert_eq!(u64::from(original.width()), expected["width"], "{name}");
        assert_eq!(u64::from(original.height()), expected["height"], "{name}");
        let preview = original
            .link_preview()
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        let seen = Original::inspect(preview.into()).unwrap();
        assert_eq!(
            (seen.width(), seen.height()),
            (original.width(), original.height()),
            "{name}"
        );
        assert_eq!(original.small_versions(), Ok(Vec::new()), "{name}");
    }
}

#[test]
fn what_the_board_would_not_take_is_refused() {
    for bytes in [
        &b""[..],
        b"\0\0\0\x20ftypavif",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ] {
        let refused = Original::inspect(Bytes::from_static(bytes)).unwrap_err();
        assert_eq!(
            refused,
            Refused::Invalid(domain::InvalidPicture::UnknownFormat)
        );
    }
    let whole = fs::read(folder().join("small.jpg")).unwrap();
    let cut = Bytes::from(whole).slice(..500);
    assert!(matches!(
        Original::inspect(cut),
        Err(Refused::Invalid(domain::InvalidPicture::Malformed(_)))
    ));
}
