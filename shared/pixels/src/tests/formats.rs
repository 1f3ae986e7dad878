//! The kinds of each format.

use super::*;

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use png::{BitDepth, ColorType as Colour};

/// From black at the left to a colour at the right, 1,300 x 40 pixels.
fn ramp() -> Vec<u8> {
    let mut pixels = Vec::new();
    for _ in 0..40 {
        for x in 0..1_300_u32 {
            let part = |whole: u32| u8::try_from(whole * x / 1_299).unwrap();
            pixels.extend([part(250), part(120), part(60)]);
        }
    }
    pixels
}

fn assert_ramp(seen: &Shown, name: &str) {
    for place in [60_u32, 250, 500, 750, 940] {
        let part = |whole: u32| u8::try_from(whole * place / 1_000).unwrap();
        for row in [100, 500, 900] {
            let found = seen.thousandths(place, row);
            println!("{name} at {place}, {row}: {found:?}");
            assert_near(found, [part(250), part(120), part(60), 255], 8);
        }
    }
}

#[test]
fn jpegs_of_all_kinds_are_decoded() {
    let samplings = [
        SamplingFactor::F_1_1,
        SamplingFactor::F_2_1,
        SamplingFactor::F_1_2,
        SamplingFactor::F_2_2,
    ];
    for sampling in samplings {
        for scans in [None, Some(4), Some(9)] {
            for interval in [0, 1, 7, 100] {
                let mut jpeg = Vec::new();
                let mut encoder = Encoder::new(&mut jpeg, 95);
                encoder.set_sampling_factor(sampling);
                encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
                if let Some(scans) = scans {
                    encoder.set_progressive_scans(scans);
                }
                if interval > 0 {
                    encoder.set_restart_interval(interval);
                }
                encoder.encode(&ramp(), 1_300, 40, ColorType::Rgb).unwrap();
                let name = format!("{sampling:?} {scans:?} {interval}");
                assert_ramp(&small(jpeg, 1_280), &name);
            }
        }
    }
}

/// The decoder would make stripes of them.
#[test]
fn sequential_jpegs_in_an_unusual_order_are_not_decoded_wrongly() {
    for (sampling, own_tables) in [
        (SamplingFactor::F_1_1, true),
        (SamplingFactor::F_2_2, true),
        (SamplingFactor::F_4_1, false),
    ] {
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, 95);
        encoder.set_sampling_factor(sampling);
        // The encoder then writes one component after the other.
        encoder.set_optimized_huffman_tables(own_tables);
        encoder.encode(&ramp(), 1_300, 40, ColorType::Rgb).unwrap();
        let original = Original::inspect(jpeg.into()).unwrap();
        assert!(original.small_versions().is_err(), "{sampling:?}");
    }
    let mut coarse = jpeg((1_300, 40), ColorType::Rgb, &ramp());
    let frame = coarse
        .windows(2)
        .position(|marker| marker == [0xff, 0xc0])
        .unwrap();
    coarse[frame + 14] = 0x21;
    let original = Original::inspect(coarse.into()).unwrap();
    assert!(original.small_versions().is_err());
}

#[test]
fn a_jpeg_without_its_last_pixels_gives_the_first_ones() {
    let whole = jpeg((1_300, 40), ColorType::Rgb, &ramp());
    let cut = [&whole[..whole.len() * 3 / 4], &[0xff, 0xd9]].concat();
    let seen = small(cut, 640);
    assert_near(seen.at(320, 2), [125, 60, 30, 255], 8);
}

/// Gray, by bits a pixel.
#[test]
fn grays_of_any_depth_are_decoded() {
    for (depth, bits) in [
        (BitDepth::One, 1_u32),
        (BitDepth::Two, 2),
        (BitDepth::Four, 4),
        (BitDepth::Eight, 8),
    ] {
        // All bits set, then none.
        let length = usize::try_from(1_400 * bits / 8).unwrap();
        let row = [vec![0xff; length / 2], vec![0; length - length / 2]].concat();
        let seen = small(
            png(
                (1_400, 20),
                (Colour::Grayscale, depth),
                &[],
                &row.repeat(20),
            ),
            640,
        );
        assert_near(seen.thousandths(200, 500), [255; 4], 3);
        assert_near(seen.thousandths(800, 500), [0, 0, 0, 255], 3);
    }
    let rows = [0x40, 0xff].repeat(1_400 * 20);
    let seen = small(
        png(
            (1_400, 20),
            (Colour::Grayscale, BitDepth::Sixteen),
            &[],
            &rows,
        ),
        640,
    );
    assert_near(seen.thousandths(500, 500), [64, 64, 64, 255], 3);
    let rows = [0x40, 0x80].repeat(1_400 * 20);
    let gray_alpha = (Colour::GrayscaleAlpha, BitDepth::Eight);
    let seen = small(png((1_400, 20), gray_alpha, &[], &rows), 640);
    assert_near(seen.thousandths(500, 500), [64, 64, 64, 128], 3);
}

#[test]
fn sixteen_bits_and_transparency_of_one_colour_are_decoded() {
    let rows = [0x80, 0x01, 0x40, 0x02, 0x20, 0x03].repeat(1_400 * 20);
    let sixteen = (Colour::Rgb, BitDepth::Sixteen);
    let seen = small(png((1_400, 20), sixteen, &[], &rows), 640);
    assert_near(seen.thousandths(500, 500), [128, 64, 32, 255], 3);

    let invisible = (png::chunk::tRNS, vec![0x80, 0x01, 0x40, 0x02, 0x20, 0x03]);
    let seen = small(png((1_400, 20), sixteen, &[invisible], &rows), 640);
    assert_eq!(seen.thousandths(500, 500)[3], 0);
    // The same in eight bits, but not in sixteen.
    let near = (png::chunk::tRNS, vec![0x80, 0x02, 0x40, 0x02, 0x20, 0x03]);
    let seen = small(png((1_400, 20), sixteen, &[near], &rows), 640);
    assert_near(seen.thousandths(500, 500), [128, 64, 32, 255], 3);

    let gray = (png::chunk::tRNS, vec![0, 3]);
    let rows = [vec![0b1111_1111; 175], vec![0b0101_0101; 175]]
        .concat()
        .repeat(20);
    let seen = small(
        png(
            (1_400, 20),
            (Colour::Grayscale, BitDepth::Two),
            &[gray],
            &rows,
        ),
        640,
    );
    assert_eq!(seen.thousandths(200, 500)[3], 0);
    assert_near(seen.thousandths(800, 500), [85, 85, 85, 255], 3);
}

#[test]
fn a_palette_has_its_transparency() {
    let palette = (png::chunk::PLTE, vec![255, 0, 0, 0, 0, 255, 0, 255, 0]);
    let alphas = (png::chunk::tRNS, vec![255, 128]);
    let row: Vec<u8> = (0..1_400_usize)
        .map(|x| u8::try_from(x / 467).unwrap())
        .collect();
    let indexed = (Colour::Indexed, BitDepth::Eight);
    let seen = small(
        png(
            (1_400, 20),
            indexed,
            &[palette.clone(), alphas],
            &row.repeat(20),
        ),
        640,
    );
    assert_near(seen.thousandths(150, 500), [255, 0, 0, 255], 4);
    assert_near(seen.thousandths(500, 500), [0, 0, 255, 128], 4);
    assert_near(seen.thousandths(850, 500), [0, 255, 0, 255], 4);
    let seen = small(png((1_400, 20), indexed, &[palette], &row.repeat(20)), 640);
    assert_near(seen.thousandths(500, 500), [0, 0, 255, 255], 4);
}

#[test]
fn a_bitmap_is_decoded() {
    let mut bitmap = b"BM\0\0\0\0\0\0\0\0".to_vec();
    for number in [54, 40, 1_400, 20, 1 | 24 << 16, 0, 0, 0, 0, 0, 0_u32] {
        bitmap.extend(number.to_le_bytes());
    }
    bitmap.extend([50, 100, 200].repeat(1_400 * 20));
    assert_near(
        small(bitmap, 640).thousandths(500, 500),
        [200, 100, 50, 255],
        3,
    );
}

#[test]
fn webps_with_and_without_transparency_are_decoded() {
    for (pixels, expected) in [
        (filled([200, 100, 50, 255], 1_400 * 20), [200, 100, 50, 255]),
        (filled([200, 100, 50, 100], 1_400 * 20), [200, 100, 50, 100]),
    ] {
        let rgba = webp_encoder::Pixels::Rgba(&pixels);
        let lossy = webp_encoder::encode(rgba, 1_400, 20, 95).unwrap();
        assert_near(small(lossy, 640).thousandths(500, 500), expected, 5);
        let mut lossless = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut lossless);
        encoder
            .encode(&pixels, 1_400, 20, image_webp::ColorType::Rgba8)
            .unwrap();
        assert_near(small(lossless, 640).thousandths(500, 500), expected, 3);
    }
}

/// Browsers turn no WebP.
#[test]
fn a_webp_is_not_turned() {
    let bytes = fs::read(folder().join("odd/webp-orientation-6.webp")).unwrap();
    let original = Original::inspect(bytes.into()).unwrap();
    assert_eq!((original.width(), original.height()), (60, 20));
    let preview = Original::inspect(original.link_preview().unwrap().into()).unwrap();
    assert_eq!((preview.width(), preview.height()), (60, 20));
}
