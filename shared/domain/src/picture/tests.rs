//! The pictures under `tests/pictures` at the root; `expected.json` there says what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use super::*;

mod gif;
mod jpeg;
mod png;
mod webp;

/// What every text in the metadata of `everything.*` says.
pub(super) const PLANTED: &[u8] = b"planted-by-a-test";

/// EXIF that says this orientation and nothing else.
fn only_orientation(value: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([value, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// A profile with these tags: header, table, and their elements one behind the other.
pub(super) fn profile_of(tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[8] = 2;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    profile.extend(number(tags.len()));
    let mut place = 132 + 12 * tags.len();
    for (tag, element) in tags {
        profile.extend(**tag);
        profile.extend(number(place));
        profile.extend(number(element.len()));
        place += element.len();
    }
    for (_, element) in tags {
        profile.extend(element);
    }
    profile[..4].copy_from_slice(&number(place));
    profile
}

/// A curve of a gray profile, which is all that it computes with.
pub(super) fn gamma(number: u8) -> Vec<u8> {
    [b"curv\0\0\0\0\0\0\0\x01", &[number, 0][..]].concat()
}

/// A profile as the board writes it.
fn profile() -> Vec<u8> {
    icc::cleaned(&profile_of(&[(b"kTRC", gamma(2))])).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pictures")
}

fn picture(name: &str) -> Bytes {
    fs::read(folder().join(name)).unwrap().into()
}

/// Every picture that the board takes, with its bytes.
fn accepted() -> Vec<(String, Bytes, Value)> {
    let expected = fs::read(folder().join("expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    let accepted = expected
        .into_iter()
        .filter(|(_, expected)| expected.get("refused").is_none());
    accepted
        .map(|(name, expected)| (name.clone(), picture(&name), expected))
        .collect()
}

/// Pictures with faults, under `odd`: what browsers show of them, or how they are refused.
fn odd() -> Vec<(String, Bytes, Value)> {
    let expected = fs::read(folder().join("odd/expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    let odd = expected.into_iter();
    odd.map(|(name, expected)| (name.clone(), picture(&format!("odd/{name}")), expected))
        .collect()
}

#[test]
fn a_fault_that_nothing_kept_depends_on_is_no_reason_to_refuse() {
    for (name, bytes, expected) in odd() {
        let parsed = Picture::parse(&bytes);
        match (expected["refused"].as_u64(), &parsed) {
            (None, Ok(picture)) => {
                assert_eq!(picture.format().media_type(), expected["type"], "{name}");
                assert_eq!(u64::from(picture.width()), expected["width"], "{name}");
                assert_eq!(u64::from(picture.height()), expected["height"], "{name}");
                assert!(!contains(picture.bytes(), PLANTED), "{name}");
                let again = Picture::parse(picture.bytes()).unwrap();
                assert_eq!(again.bytes().as_ptr(), picture.bytes().as_ptr(), "{name}");
                assert_eq!(again.bytes(), picture.bytes(), "{name}");
            }
            (Some(415), Err(InvalidPicture::UnknownFormat))
            | (Some(422), Err(InvalidPicture::Malformed(_))) => {}
            _ => panic!("{name}: {:?}", parsed.map(|picture| picture.format())),
        }
    }
}

#[test]
fn every_format_is_recognised_and_measured_as_displayed() {
    assert!(accepted().len() >= 20);
    for (name, bytes, expected) in accepted() {
        let picture = Picture::parse(&bytes).unwrap();
        let kept_as = match expected["type"].as_str().unwrap() {
            "image/bmp" => "image/png",
            other => other,
        };
        assert_eq!(picture.format().media_type(), kept_as, "{name}");
        assert_eq!(u64::from(picture.width()), expected["width"], "{name}");
        assert_eq!(u64::from(picture.height()), expected["height"], "{name}");
    }
}

#[test]
fn what_has_more_than_one_frame_moves() {
    let animated = [
        "animation.gif",
        "animation.png",
        "animation.webp",
        "everything-animated.webp",
        "everything.gif",
        "everything.png",
    ];
    for (name, bytes, expected) in accepted() {
        let moves = animated.contains(&&*name) || expected["frames"].as_u64() > Some(1);
        assert_eq!(
            Picture::parse(&bytes).unwrap().is_animated(),
            moves,
            "{name}"
        );
    }
    for (name, bytes, expected) in odd() {
        if let Ok(picture) = Picture::parse(&bytes) {
            let moves = expected["frames"].as_u64() > Some(1);
            assert_eq!(picture.is_animated(), moves, "{name}");
        }
    }
}

#[test]
fn how_often_a_decoder_goes_through_the_pixels_is_known() {
    for (name, scans) in [("small.jpg", 1), ("interlaced.png", 7), ("photo.webp", 1)] {
        let picture = Picture::parse(&picture(name)).unwrap();
        assert_eq!(picture.scans(), scans, "{name}");
    }
    let progressive = picture("progressive.jpg");
    let starts = memchr::memmem::find_iter(&progressive, b"\xff\xda").count();
    assert!(starts > 1);
    let scans = Picture::parse(&progressive).unwrap().scans();
    assert_eq!(usize::try_from(scans).unwrap(), starts);
}

#[test]
fn of_a_picture_that_is_cut_short_only_whole_frames_are_taken() {
    for (name, bytes, _) in accepted() {
        let whole = Picture::parse(&bytes).unwrap();
        for end in 0..bytes.len() {
            let Ok(cut) = Picture::parse(&bytes.slice(..end)) else {
                continue;
            };
            let kept = cut.bytes();
            match whole.format() {
                // Of an animation the first frames, and then the trailer.
                Format::Gif => assert!(whole.bytes().starts_with(&kept[..kept.len() - 1])),
                // What stands behind the last scan had begun.
                Format::Jpeg => assert_eq!(kept, whole.bytes(), "{name} cut at {end}"),
                // All of its image was there.
                Format::Png if name.rsplit('.').next() != Some("bmp") => {
                    assert_eq!(kept, whole.bytes());
                }
                _ => panic!("{name} cut at {end}"),
            }
        }
    }
}

pub(super) fn contains(bytes: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(bytes, what).is_some()
}

fn malformed(bytes: Vec<u8>) -> &'static str {
    match Picture::parse(&bytes.into()) {
        Err(InvalidPicture::Malformed(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_else_is_left_of_a_picture() {
    let everything = accepted()
        .into_iter()
        .filter(|(name, ..)| name.starts_with("everything"));
    assert_eq!(everything.clone().count(), 5);
    for (name, bytes, _) in everything {
        assert!(contains(&bytes, PLANTED), "{name}");
        let picture = Picture::parse(&bytes).unwrap();
        assert!(!contains(picture.bytes(), PLANTED), "{name}");
    }
}

#[test]
fn what_is_kept_is_kept_again_without_a_copy() {
    for (name, bytes, expected) in accepted() {
        let kept = Picture::parse(&bytes).unwrap();
        let again = Picture::parse(kept.bytes()).unwrap();
        assert_eq!(again.bytes(), kept.bytes(), "{name}");
        assert_eq!(again.bytes().as_ptr(), kept.bytes().as_ptr(), "{name}");
        assert_eq!(
            (again.format(), again.width(), again.height()),
            (kept.format(), kept.width(), kept.height()),
            "{name}"
        );
        let metadata = ["everything", "orientation", "photo.webp"];
        if expected["type"] != "image/bmp" && !metadata.iter().any(|kind| name.starts_with(kind)) {
            assert_eq!(kept.bytes().as_ptr(), bytes.as_ptr(), "{name}");
        }
    }
}

#[test]
fn what_follows_the_end_is_cut_off() {
    for (name, bytes, _) in accepted() {
        let longer = Bytes::from([&bytes[..], b"<script>ftyp\xff\xd8\xff"].concat());
        assert_eq!(
            Picture::parse(&longer).unwrap().bytes(),
            Picture::parse(&bytes).unwrap().bytes(),
            "{name}"
        );
    }
}

#[test]
fn a_flipped_byte_of_a_png_is_noticed() {
    const END: usize = 12;
    let whole = picture("drawing.png");
    for position in 0..whole.len() - END {
        let mut damaged = whole.to_vec();
        damaged[position] ^= 0x20;
        assert!(Picture::parse(&damaged.into()).is_err(), "{position}");
    }
}

/// Decodes a PNG to 8-bit RGBA.
fn pixels(png: &[u8]) -> Vec<[u8; 4]> {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(::png::Transformations::EXPAND | ::png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels.as_chunks().0.to_vec()
}

#[test]
fn bitmaps_keep_their_pixels() {
    // Two rows of three pixels, bottom-up, 24 bits, rows padded to four bytes.
    let header = |bits: u8, compression: u8, offset: u8| {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([
            offset,
            0,
            0,
            0,
            40,
            0,
            0,
            0,
            3,
            0,
            0,
            0,
            2,
            0,
            0,
            0,
            1,
            0,
            bits,
            0,
            compression,
        ]);
        bytes.extend([0; 23]);
        bytes
    };
    let [red, green, blue, white] = [
        [255, 0, 0, 255],
        [0, 255, 0, 255],
        [0, 0, 255, 255],
        [255; 4],
    ];
    let expected = [red, green, blue, white, blue, green];

    let mut true_colour = header(24, 0, 54);
    true_colour.extend([255, 255, 255, 255, 0, 0, 0, 255, 0, 9, 9, 9]);
    true_colour.extend([0, 0, 255, 0, 255, 0, 255, 0, 0, 9, 9, 9]);
    let mut indexed = header(4, 0, 54 + 64);
    for [red, green, blue, _] in [red, green, blue, white] {
        indexed.extend([blue, green, red, 0]);
    }
    indexed.extend([0; 48]);
    indexed.extend([0x32, 0x10, 9, 9, 0x01, 0x20, 9, 9]);
    let mut masked = header(16, 3, 54 + 12);
    for mask in [0xf800_u32, 0x07e0, 0x001f] {
        masked.extend(mask.to_le_bytes());
    }
    for pixel in [0xffff_u16, 0x001f, 0x07e0, 9, 0xf800, 0x07e0, 0x001f, 9] {
        masked.extend(pixel.to_le_bytes());
    }
    for bitmap in [true_colour, indexed, masked] {
        let picture = Picture::parse(&bitmap.into()).unwrap();
        assert_eq!(
            (picture.format(), picture.width(), picture.height()),
            (Format::Png, 3, 2)
        );
        assert_eq!(pixels(picture.bytes()), expected);
    }
}

#[test]
fn of_a_channel_of_more_than_eight_bits_the_first_eight_count() {
    let mut masked = b"BM\0\0\0\0\0\0\0\0".to_vec();
    let masks = [0x3ff << 20, 0x3ff << 10, 0x7_u32];
    let pixel = 0x3fe << 20 | 0x003 << 10 | 5;
    for number in [66, 40, 1, 1, 1 | 32 << 16, 3, 0, 0, 0, 0, 0]
        .into_iter()
        .chain(masks)
    {
        masked.extend(number.to_le_bytes());
    }
    masked.extend(u32::to_le_bytes(pixel));
    let picture = Picture::parse(&masked.into()).unwrap();
    assert_eq!(pixels(picture.bytes()), [[0xff, 0, 182, 255]]);
}

#[test]
fn what_is_no_picture_is_refused_as_such() {
    for other in [
        &b""[..],
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x20ftypavif",
    ] {
        assert_eq!(
            Picture::parse(&Bytes::from_static(other)).unwrap_err(),
            InvalidPicture::UnknownFormat
        );
    }
    assert_eq!(
        Picture::parse(&picture("rle.bmp")).unwrap_err(),
        InvalidPicture::UnknownFormat
    );
}

#[test]
fn a_bitmap_that_becomes_too_large_is_too_large() {
    // 16 bits of noise a pixel become 24.
    let mut bitmap = b"BM\0\0\0\0\0\0\0\0".to_vec();
    for number in [54, 40, 1_448, 1_448, 1 | 16 << 16, 0, 0, 0, 0, 0, 0_u32] {
        bitmap.extend(number.to_le_bytes());
    }
    let mut noise = 1_u32;
    for _ in 0..1_448 * 1_448 {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bitmap.extend(&noise.to_be_bytes()[..2]);
    }
    assert!(bitmap.len() <= Picture::LIMIT);
    let refusal = Picture::parse(&bitmap.into()).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooLarge);
}

#[test]
fn four_mebibytes_are_the_limit() {
    let mut bytes = picture("small.jpg").to_vec();
    bytes.resize(Picture::LIMIT, 0);
    assert!(Picture::parse(&bytes.clone().into()).is_ok());
    bytes.push(0);
    assert_eq!(
        Picture::parse(&bytes.into()).unwrap_err(),
        InvalidPicture::TooLarge
    );
}

#[test]
fn a_picture_that_nobody_posted_may_be_longer() {
    let mut bytes = picture("small.jpg").to_vec();
    bytes.resize(Picture::LIMIT + 1, 0);
    let posted = Picture::parse(&picture("small.jpg")).unwrap();
    let longer = Picture::parse_of_any_length(&bytes.into()).unwrap();
    assert_eq!(longer.bytes(), posted.bytes());
    for value in 1..=8 {
        let turned = picture(&format!("orientation-{value}.jpg"));
        let turned = Picture::parse_of_any_length(&turned).unwrap();
        assert_eq!(turned.orientation().number(), value);
    }
    let header = [54, 40, 4_000, 1_001, 1 | 1 << 16, 0, 0, 0, 0, 2, 0_u32];
    let mut bitmap = b"BM\0\0\0\0\0\0\0\0".to_vec();
    bitmap.extend(header.map(u32::to_le_bytes).as_flattened());
    bitmap.resize(bitmap.len() + 8 + 500 * 1_001, 0);
    let bitmap = bitmap.into();
    assert!(matches!(
        Picture::parse(&bitmap),
        Err(InvalidPicture::TooManyPixels { .. })
    ));
    let taken = Picture::parse_of_any_length(&bitmap).unwrap();
    assert_eq!((taken.width(), taken.height()), (4_000, 1_001));
}

#[test]
fn a_longer_picture_may_have_more_parts() {
    let parts_of = |size| {
        let whole = picture("drawing.png");
        let end = whole.len() - 12;
        let mut png = whole[..33].to_vec();
        for _ in 0..PARTS {
            png.extend(super::png::chunk::written(*b"tEXt", &vec![0; size]));
        }
        png.extend(&whole[33..end]);
        png.extend(&whole[end..]);
        Picture::parse_of_any_length(&png.into())
    };
    assert_eq!(parts_of(100).unwrap_err(), InvalidPicture::TooManyParts);
    assert!(parts_of(1_000).is_ok());
}

/// A black PNG of this size, of one bit a pixel; if that is not much, with all of them.
fn png_of(width: u32, height: u32) -> Bytes {
    use std::io::Write as _;
    let mut rows = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    if u64::from(width) * u64::from(height) < 100_000_000 {
        let row = vec![0; 1 + reader::index(width.div_ceil(8))];
        (0..height).for_each(|_| rows.write_all(&row).unwrap());
    }
    let header = [
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        &[1, 0, 0, 0, 0][..],
    ]
    .concat();
    let chunks = [
        super::png::chunk::written(*b"IHDR", &header),
        super::png::chunk::written(*b"IDAT", &rows.finish().unwrap()),
        super::png::chunk::written(*b"IEND", b""),
    ];
    [super::png::SIGNATURE, &chunks.concat()].concat().into()
}

#[test]
fn sides_and_megapixels_have_limits() {
    for (width, height) in [(16_384, 3_051), (3_051, 16_384), (7_071, 7_071), (1, 1)] {
        assert!(
            Picture::parse(&png_of(width, height)).is_ok(),
            "{width}x{height}"
        );
    }
    for (width, height) in [
        (16_385, 1),
        (1, 16_385),
        (16_384, 3_052),
        (50_000, 50_000),
        (u32::MAX, u32::MAX),
    ] {
        assert!(
            matches!(
                Picture::parse(&png_of(width, height)),
                Err(InvalidPicture::TooManyPixels { .. })
            ),
            "{width}x{height}"
        );
    }
    assert!(matches!(
        Picture::parse(&png_of(0, 5)),
        Err(InvalidPicture::Malformed(_))
    ));
}
