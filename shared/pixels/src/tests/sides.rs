//! How large versions are, which there are, and how they are turned.

use super::*;

use jpeg_encoder::ColorType::Rgb;

/// Red, green, blue and white, each a quarter of the picture, from left to right and from top to bottom.
const QUARTERS: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];

fn quarters(width: u16, height: u16) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let quarter = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
            pixels.extend(QUARTERS[quarter]);
        }
    }
    jpeg((width, height), Rgb, &pixels)
}

fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif =
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec();
    exif[25] = orientation;
    with_segment(jpeg, 0xe1, &exif)
}

#[test]
fn all_eight_orientations_are_set_upright() {
    let stored = quarters(1_400, 800);
    // Which quarters are then seen, from left to right and from top to bottom.
    for (orientation, expected) in [
        (1, [0, 1, 2, 3]),
        (2, [1, 0, 3, 2]),
        (3, [3, 2, 1, 0]),
        (4, [2, 3, 0, 1]),
        (5, [0, 2, 1, 3]),
        (6, [2, 0, 3, 1]),
        (7, [3, 1, 2, 0]),
        (8, [1, 3, 0, 2]),
    ] {
        let seen = small(turned(&stored, orientation), 640);
        for (place, quarter) in [(250, 250), (750, 250), (250, 750), (750, 750)]
            .into_iter()
            .zip(expected)
        {
            let [red, green, blue] = QUARTERS[quarter];
            let found = seen.thousandths(place.0, place.1);
            assert_near(found, [red, green, blue, 255], 6);
        }
    }
}

#[test]
fn the_width_as_displayed_decides_which_versions_there_are() {
    for (width, height, orientation, expected) in [
        (640, 500, 1, &[][..]),
        (641, 500, 1, &[640]),
        (961, 500, 1, &[640, 960]),
        (1_280, 500, 1, &[640, 960]),
        (1_281, 500, 1, &[640, 960, 1_280]),
        (1_281, 500, 6, &[]),
        (500, 1_281, 6, &[640, 960, 1_280]),
    ] {
        let picture = turned(&quarters(width, height), orientation);
        let original = Original::inspect(picture.into()).unwrap();
        let widths: Vec<u32> = original.small_widths().collect();
        assert_eq!(widths, expected);
        let versions = original.small_versions().unwrap();
        let made: Vec<u32> = versions.iter().map(|version| version.width).collect();
        assert_eq!(made, expected);
        for version in versions {
            let height = small_height(original.width(), original.height(), version.width);
            assert_eq!(version.height, height);
            let seen = shown(&version.webp);
            assert_eq!((seen.width, seen.height), (version.width, height));
        }
    }
}

#[test]
fn the_longest_sides_are_shrunk() {
    for (width, height, expected) in [
        (16_384, 1, vec![(640, 1), (960, 1), (1_280, 1)]),
        (641, 16_384, vec![(640, 16_358)]),
        (
            1_281,
            16_384,
            vec![(640, 8_186), (960, 12_278), (1_280, 16_371)],
        ),
        (1, 16_384, vec![]),
    ] {
        let rows = filled([90, 120, 200], width * height);
        let eight = (png::ColorType::Rgb, png::BitDepth::Eight);
        let original = Original::inspect(png((width, height), eight, &[], &rows).into()).unwrap();
        let versions = original.small_versions().unwrap();
        let sides: Vec<_> = versions
            .iter()
            .map(|version| (version.width, version.height))
            .collect();
        assert_eq!(sides, expected);
        for version in versions {
            let seen = shown(&version.webp);
            assert_near(seen.thousandths(500, 500), [90, 120, 200, 255], 3);
        }
        let preview = Original::inspect(original.link_preview().unwrap().into()).unwrap();
        assert_eq!(
            (preview.width(), preview.height()),
            link_preview_size(width, height)
        );
    }
}

#[test]
fn one_width_alone_is_made_and_none_that_enlarges() {
    let original = Original::inspect(quarters(1_300, 20).into()).unwrap();
    let widths = |asked: &[u32]| -> Vec<u32> {
        let versions = original.small_versions_of(asked.iter().copied()).unwrap();
        versions.into_iter().map(|version| version.width).collect()
    };
    assert_eq!(widths(&[1_280]), [1_280]);
    assert_eq!(widths(&[0, 1, 1_300, 1_299, u32::MAX]), [1, 1_299]);
}

#[test]
fn fine_lines_are_averaged_and_not_picked() {
    // Columns of black and white by turns are gray from afar.
    let row = [[0_u8; 3], [255; 3]].concat().repeat(1_280);
    let rows = row.repeat(600);
    let eight = (png::ColorType::Rgb, png::BitDepth::Eight);
    let seen = small(png((2_560, 600), eight, &[], &rows), 640);
    assert_near(seen.thousandths(500, 500), [127, 127, 127, 255], 4);
}
