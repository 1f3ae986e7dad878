//! What colours become in sRGB. The numbers were computed from the primaries and curves of each colour space by another
//! program.

use super::*;

use jpeg_encoder::ColorType;
use moxcms::ColorProfile;
use png::{BitDepth, ColorType as Colour};

const SIDES: (u32, u32) = (700, 16);
const COUNT: u32 = 700 * 16;

/// What is seen of a JPEG of one colour, to which this is done before.
fn seen_of_jpeg<const N: usize>(
    kind: ColorType,
    pixel: [u8; N],
    change: impl Fn(Vec<u8>) -> Vec<u8>,
) -> [u8; 4] {
    let whole = jpeg((700, 16), kind, &filled(pixel, COUNT));
    small(change(whole), 640).thousandths(500, 500)
}

fn with_profile(jpeg: &[u8], profile: &ColorProfile) -> Vec<u8> {
    let profile = profile.encode().unwrap();
    with_segment(
        jpeg,
        0xe2,
        &[b"ICC_PROFILE\0\x01\x01", &profile[..]].concat(),
    )
}

fn seen_of_png(
    colour: Colour,
    chunks: &[(png::chunk::ChunkType, Vec<u8>)],
    pixel: &[u8],
) -> [u8; 4] {
    let rows = pixel.repeat(usize::try_from(COUNT).unwrap());
    let depth = if pixel.len() > colour.samples() {
        BitDepth::Sixteen
    } else {
        BitDepth::Eight
    };
    small(png(SIDES, (colour, depth), chunks, &rows), 640).thousandths(500, 500)
}

#[test]
fn a_jpeg_without_a_profile_is_srgb() {
    let seen = seen_of_jpeg(ColorType::Rgb, [200, 100, 50], |jpeg| jpeg);
    assert_near(seen, [200, 100, 50, 255], 4);
    let seen = seen_of_jpeg(ColorType::Luma, [77], |jpeg| jpeg);
    assert_near(seen, [77, 77, 77, 255], 3);
}

#[test]
fn display_p3_becomes_srgb() {
    let p3 = ColorProfile::new_display_p3();
    for (pixel, [red, green, blue]) in [
        ([200, 100, 100], [215, 93, 97]),
        ([100, 200, 100], [45, 203, 86]),
        ([100, 100, 200], [100, 100, 207]),
        ([128, 128, 128], [128, 128, 128]),
    ] {
        let seen = seen_of_jpeg(ColorType::Rgb, pixel, |jpeg| with_profile(&jpeg, &p3));
        assert_near(seen, [red, green, blue, 255], 5);
    }
}

#[test]
fn a_gray_profile_is_gone_by() {
    let linear = ColorProfile::new_gray_with_gamma(1.0);
    let seen = seen_of_jpeg(ColorType::Luma, [128], |jpeg| with_profile(&jpeg, &linear));
    assert_near(seen, [188, 188, 188, 255], 4);
}

#[test]
fn a_profile_for_other_channels_is_none() {
    let linear = ColorProfile::new_gray_with_gamma(1.0);
    let seen = seen_of_jpeg(ColorType::Rgb, [128; 3], |jpeg| {
        with_profile(&jpeg, &linear)
    });
    assert_near(seen, [128, 128, 128, 255], 3);
    let p3 = ColorProfile::new_display_p3();
    let seen = seen_of_jpeg(ColorType::Cmyk, [55, 155, 155, 0], |jpeg| {
        with_profile(&jpeg, &p3)
    });
    assert_near(seen, [200, 100, 100, 255], 4);
}

#[test]
fn cmyk_is_light_through_ink() {
    for (kind, name) in [(ColorType::Cmyk, "CMYK"), (ColorType::CmykAsYcck, "YCCK")] {
        for (ink, [red, green, blue]) in [
            ([0, 0, 0, 0], [255, 255, 255]),
            ([0, 0, 0, 255], [0, 0, 0]),
            ([255, 0, 0, 0], [0, 255, 255]),
            ([0, 255, 255, 0], [255, 0, 0]),
            ([55, 155, 205, 0], [200, 100, 50]),
            ([55, 155, 205, 128], [100, 50, 25]),
        ] {
            let seen = seen_of_jpeg(kind, ink, |jpeg| jpeg);
            println!("{name} {ink:?}: {seen:?}");
            assert_near(seen, [red, green, blue, 255], 5);
        }
    }
}

/// As in libjpeg: JFIF is YCbCr whatever else is said; without it Adobe's mark counts, and without that the names.
#[test]
fn the_colours_of_a_jpeg_are_those_that_libjpeg_finds() {
    const ADOBE: &[u8] = b"Adobe\0\x64\0\0\0\0";
    let adobe = |transform| [ADOBE, &[transform]].concat();
    // What an encoder took for RGB and made YCbCr of, with its JFIF.
    let whole = jpeg((700, 16), ColorType::Rgb, &filled([200, 100, 50], COUNT));
    let jfif = whole
        .windows(2)
        .position(|marker| marker == [0xff, 0xe0])
        .unwrap();
    let bare = [&whole[..jfif], &whole[jfif + 18..]].concat();
    let called = |jpeg: &[u8], names: &[u8; 3]| {
        let mut jpeg = jpeg.to_vec();
        let frame = jpeg
            .windows(2)
            .position(|marker| marker == [0xff, 0xc0])
            .unwrap();
        let scan = jpeg
            .windows(2)
            .position(|marker| marker == [0xff, 0xda])
            .unwrap();
        for (at, name) in names.iter().enumerate() {
            jpeg[frame + 10 + 3 * at] = *name;
            jpeg[scan + 5 + 2 * at] = *name;
        }
        jpeg
    };
    let right = [200, 100, 50, 255];
    // The numbers of that colour in YCbCr, taken for RGB.
    let wrong = [124, 86, 182, 255];
    for (name, jpeg, expected) in [
        ("JFIF", whole.clone(), right),
        ("nothing", bare.clone(), right),
        (
            "JFIF and Adobe's RGB",
            with_segment(&whole, 0xee, &adobe(0)),
            right,
        ),
        ("JFIF and names", called(&whole, b"RGB"), right),
        ("Adobe's YCbCr", with_segment(&bare, 0xee, &adobe(1)), right),
        ("Adobe's YCCK", with_segment(&bare, 0xee, &adobe(2)), right),
        (
            "Adobe's unknown",
            with_segment(&bare, 0xee, &adobe(9)),
            right,
        ),
        (
            "Adobe's YCbCr and names",
            with_segment(&called(&bare, b"RGB"), 0xee, &adobe(1)),
            right,
        ),
        ("Adobe's RGB", with_segment(&bare, 0xee, &adobe(0)), wrong),
        ("names", called(&bare, b"RGB"), wrong),
        ("other names", called(&bare, b"rgb"), right),
    ] {
        let seen = small(jpeg, 640).thousandths(500, 500);
        println!("{name}: {seen:?}");
        assert_near(seen, expected, 5);
    }
    let gray = jpeg((700, 16), ColorType::Luma, &filled([90], COUNT));
    for transform in [0, 1, 2, 9] {
        let seen = small(with_segment(&gray, 0xee, &adobe(transform)), 640);
        assert_near(seen.thousandths(500, 500), [90, 90, 90, 255], 3);
    }
}

#[test]
fn pngs_go_by_code_points_then_profile_then_srgb_then_power_and_primaries() {
    let pixel = [200, 100, 100];
    let p3_places = [
        31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000_u32,
    ];
    let srgb_places = [
        31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000_u32,
    ];
    let chrm = |places: [u32; 8]| {
        (
            png::chunk::cHRM,
            places.map(u32::to_be_bytes).as_flattened().to_vec(),
        )
    };
    let gama = |power: u32| (png::chunk::gAMA, power.to_be_bytes().to_vec());
    let points = |primaries, transfer| {
        (
            png::chunk::ChunkType(*b"cICP"),
            vec![primaries, transfer, 0, 1],
        )
    };
    let srgb = (png::chunk::ChunkType(*b"sRGB"), vec![0]);
    let plain = [200, 100, 100, 255];
    for (name, chunks, expected) in [
        ("nothing", vec![], plain),
        ("a power alone", vec![gama(100_000)], plain),
        ("primaries alone", vec![chrm(p3_places)], plain),
        (
            "a power and primaries",
            vec![gama(100_000), chrm(srgb_places)],
            [229, 168, 168, 255],
        ),
        (
            "the same and sRGB",
            vec![srgb.clone(), gama(100_000), chrm(srgb_places)],
            plain,
        ),
        (
            "P3 by 1.8",
            vec![gama(55_556), chrm(p3_places)],
            [225, 113, 117, 255],
        ),
        (
            "primaries on a line",
            vec![gama(45_455), chrm([31_270, 32_900, 1, 1, 1, 1, 1, 1])],
            plain,
        ),
        (
            "primaries of nothing",
            vec![gama(45_455), chrm([0; 8])],
            plain,
        ),
        (
            "P3 by code points",
            vec![points(12, 13), srgb.clone()],
            [215, 93, 97, 255],
        ),
        (
            "sRGB by code points",
            vec![points(1, 13), gama(100_000), chrm(p3_places)],
            plain,
        ),
        ("reserved code points", vec![points(200, 200)], plain),
    ] {
        let seen = seen_of_png(Colour::Rgb, &chunks, &pixel);
        println!("{name}: {seen:?}");
        assert_near(seen, expected, 5);
    }
    let seen = seen_of_png(Colour::Rgb, &[points(9, 16)], &[128; 3]);
    assert_near(seen, [181, 181, 181, 255], 4);
    let seen = seen_of_png(Colour::Rgb, &[points(9, 16)], &[230; 3]);
    assert_near(seen, [255, 255, 255, 255], 2);
}

#[test]
fn transparency_does_not_shine_through() {
    // Invisible green beside visible red: what is seen at the edge is red.
    let mut rows = Vec::new();
    for _ in 0..40 {
        rows.extend(filled([255, 0, 0, 255], 701));
        rows.extend(filled([0, 255, 0, 0], 699));
    }
    let picture = png((1_400, 40), (Colour::Rgba, BitDepth::Eight), &[], &rows);
    let original = Original::inspect(picture.clone().into()).unwrap();
    let versions = original.small_versions().unwrap();
    let seen = shown(&versions[0].webp);
    assert_near(seen.thousandths(250, 500), [255, 0, 0, 255], 4);
    assert_eq!(seen.thousandths(750, 500)[3], 0);
    let edge = seen.at(320, 8);
    assert!((20..235).contains(&edge[3]), "{edge:?}");
    assert!(edge[0] > 200 && edge[1] < 60, "{edge:?}");

    // The preview is on white, so the transparent part of it is white.
    let preview = original.link_preview().unwrap();
    let preview = small(preview, 640);
    assert_near(preview.thousandths(250, 500), [255, 0, 0, 255], 6);
    assert_near(preview.thousandths(750, 500), [255, 255, 255, 255], 6);
}
