//! What is encoded, decoded again by another decoder.

use std::io::Cursor;

use super::*;

fn decoded(webp: &[u8]) -> (u32, u32, bool, Vec<u8>) {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(webp)).unwrap();
    let (width, height) = decoder.dimensions();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    (width, height, decoder.has_alpha(), pixels)
}

/// A gradient of so many channels.
fn gradient(width: u32, height: u32, channels: u32) -> Vec<u8> {
    let value = |x: u32, y: u32, channel| match channel {
        0 => 255 * x / width,
        1 => 255 * y / height,
        2 => 128,
        _ => 255 - 255 * x / width,
    };
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            pixels.extend((0..channels).map(|channel| u8::try_from(value(x, y, channel)).unwrap()));
        }
    }
    pixels
}

#[test]
fn pixels_come_out_about_as_they_went_in() {
    let pixels = gradient(64, 48, 3);
    let webp = encode(Pixels::Rgb(&pixels), 64, 48, 90).unwrap();
    let (width, height, has_alpha, found) = decoded(&webp);
    assert_eq!((width, height, has_alpha), (64, 48, false));
    for (found, expected) in found.iter().zip(&pixels) {
        assert!(found.abs_diff(*expected) < 16, "{found} for {expected}");
    }
}

#[test]
fn transparency_is_without_loss() {
    let pixels = gradient(64, 48, 4);
    let webp = encode(Pixels::Rgba(&pixels), 64, 48, 10).unwrap();
    let (_, _, has_alpha, found) = decoded(&webp);
    assert!(has_alpha);
    let alphas = |pixels: &[u8]| -> Vec<u8> { pixels.chunks(4).map(|pixel| pixel[3]).collect() };
    assert_eq!(alphas(&found), alphas(&pixels));
}

#[test]
fn what_is_opaque_has_no_transparency() {
    let mut pixels = gradient(20, 20, 4);
    pixels.chunks_mut(4).for_each(|pixel| pixel[3] = 255);
    let webp = encode(Pixels::Rgba(&pixels), 20, 20, 75).unwrap();
    assert!(!decoded(&webp).2);
}

#[test]
fn a_higher_quality_takes_more_bytes_and_there_is_a_highest() {
    let pixels: Vec<u8> = (0..64 * 64 * 3_u32)
        .map(|at| (at * 7_919 % 251).to_le_bytes()[0])
        .collect();
    let length = |quality| encode(Pixels::Rgb(&pixels), 64, 64, quality).unwrap().len();
    assert!(length(30) < length(60) && length(60) < length(90));
    assert_eq!(length(100), length(255));
}

#[test]
fn one_pixel_and_the_longest_sides_are_encoded() {
    for (width, height) in [(1, 1), (1, SIDE), (SIDE, 1), (2, SIDE), (17, 31)] {
        let webp = encode(Pixels::Rgb(&gradient(width, height, 3)), width, height, 75).unwrap();
        assert_eq!(decoded(&webp).0, width);
        assert_eq!(decoded(&webp).1, height);
    }
}

#[test]
fn what_cannot_be_encoded_is_said() {
    for (width, height) in [
        (0, 5),
        (5, 0),
        (SIDE + 1, 1),
        (1, SIDE + 1),
        (u32::MAX, u32::MAX),
    ] {
        assert_eq!(
            encode(Pixels::Rgb(&[]), width, height, 75),
            Err(EncodeError::Sides { width, height })
        );
    }
    for found in [0, 11, 13] {
        assert_eq!(
            encode(Pixels::Rgb(&vec![0; found]), 2, 2, 75),
            Err(EncodeError::Length {
                expected: 12,
                found
            })
        );
    }
    assert_eq!(
        encode(Pixels::Rgba(&[0; 12]), 2, 2, 75),
        Err(EncodeError::Length {
            expected: 16,
            found: 12
        })
    );
    // Forty million are told apart from what they would be in fewer bits.
    assert!(matches!(
        encode(Pixels::Rgb(&[]), SIDE, SIDE, 75),
        Err(EncodeError::Length { found: 0, .. })
    ));
}
