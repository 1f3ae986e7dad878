//! Animations: the frame that browsers show first, where it stands on the canvas.

use super::*;

use gif::Frame;
use png::{BitDepth, ColorType as Colour};

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// A GIF of 700 x 40 whose first frame has 350 x 20 pixels at 350, 20, of this number in a palette of red, green and
/// blue.
fn gif(number: u8, transparent: Option<u8>, palette_of_frame: bool) -> Vec<u8> {
    let palette = [&RED[..3], &GREEN[..3], &BLUE[..3]].concat();
    let mut gif = Vec::new();
    let global = if palette_of_frame { &[][..] } else { &palette };
    let mut encoder = gif::Encoder::new(&mut gif, 700, 40, global).unwrap();
    let frame = |number, left, top, width, height| Frame {
        left,
        top,
        width,
        height,
        transparent,
        interlaced: true,
        palette: palette_of_frame.then(|| palette.clone()),
        buffer: vec![number; usize::from(width) * usize::from(height)].into(),
        ..Frame::default()
    };
    encoder
        .write_frame(&frame(number, 350, 20, 350, 20))
        .unwrap();
    encoder.write_frame(&frame(1, 0, 0, 700, 40)).unwrap();
    drop(encoder);
    gif
}

#[test]
fn around_the_first_frame_of_a_gif_there_is_nothing() {
    for palette_of_frame in [false, true] {
        let seen = small(gif(2, None, palette_of_frame), 640);
        assert_near(seen.thousandths(750, 750), BLUE, 4);
        for (x, y) in [(250, 250), (750, 250), (250, 750)] {
            assert_eq!(seen.thousandths(x, y)[3], 0);
        }
        let seen = small(gif(2, Some(2), palette_of_frame), 640);
        assert_eq!(seen.thousandths(750, 750)[3], 0);
    }
    // A number without a colour.
    assert_near(
        small(gif(200, None, true), 640).thousandths(750, 750),
        [0, 0, 0, 255],
        4,
    );
}

/// An APNG of 700 x 40 whose picture is green; then comes a frame of 350 x 20 at 350, 20, which is blue.
fn apng(picture_is_a_frame: bool) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 700, 40);
    encoder.set_color(Colour::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder
        .set_animated(if picture_is_a_frame { 2 } else { 1 }, 0)
        .unwrap();
    encoder.set_sep_def_img(!picture_is_a_frame).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&filled([0, 255, 0], 700 * 40))
        .unwrap();
    writer.set_frame_dimension(350, 20).unwrap();
    writer.set_frame_position(350, 20).unwrap();
    writer
        .write_image_data(&filled([0, 0, 255], 350 * 20))
        .unwrap();
    writer.finish().unwrap();
    png
}

#[test]
fn a_png_begins_with_its_first_frame() {
    let seen = small(apng(true), 640);
    assert_near(seen.thousandths(750, 750), GREEN, 4);
    assert_near(seen.thousandths(250, 250), GREEN, 4);
    // The picture is for those who know no animation.
    let seen = small(apng(false), 640);
    assert_near(seen.thousandths(750, 750), BLUE, 4);
    assert_eq!(seen.thousandths(250, 250)[3], 0);
}

fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&name[..], &length, data, &[0][..data.len() % 2]].concat()
}

/// The chunks of a WebP's first image, without an extended header.
fn images(webp: &[u8]) -> Vec<u8> {
    let at = if &webp[12..16] == b"VP8X" { 30 } else { 12 };
    webp[at..].to_vec()
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [&b"RIFF"[..], &length, b"WEBP", &chunks].concat()
}

fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let [width, height] = [width, height].map(|side| (side - 1).to_le_bytes());
    chunk(
        *b"VP8X",
        &[&[flags, 0, 0, 0], &width[..3], &height[..3]].concat(),
    )
}

/// A frame of 350 x 20 pixels at 350, 20.
fn frame(image: &[u8]) -> Vec<u8> {
    let place = [175, 0, 0, 10, 0, 0];
    let sides = [[93, 1, 0], [19, 0, 0]].concat();
    let fields = [&place[..], &sides, &[100, 0, 0, 0]].concat();
    chunk(*b"ANMF", &[fields, image.to_vec()].concat())
}

#[test]
fn around_the_first_frame_of_a_webp_there_is_nothing() {
    let encoded = |pixel: [u8; 4]| {
        let pixels = filled(pixel, 350 * 20);
        let webp = webp_encoder::encode(webp_encoder::Pixels::Rgba(&pixels), 350, 20, 90).unwrap();
        images(&webp)
    };
    let background = chunk(*b"ANIM", &[9, 9, 9, 255, 0, 0]);
    let half = [0, 0, 255, 128];
    for (alpha_is_said, pixel) in [(false, BLUE), (true, BLUE), (false, half), (true, half)] {
        let flags = 0x02 | if alpha_is_said { 0x10 } else { 0 };
        let webp = riff(&[
            extended(flags, 700, 40),
            background.clone(),
            frame(&encoded(pixel)),
            frame(&encoded(GREEN)),
        ]);
        let seen = small(webp, 640);
        assert_near(seen.thousandths(750, 750), pixel, 6);
        for (x, y) in [(250, 250), (750, 250), (250, 750)] {
            assert_eq!(seen.thousandths(x, y)[3], 0);
        }
    }
}

#[test]
fn what_a_webp_says_of_transparency_without_having_any_does_not_matter() {
    let pixels = filled([200, 100, 50], 700 * 20);
    let webp = webp_encoder::encode(webp_encoder::Pixels::Rgb(&pixels), 700, 20, 90).unwrap();
    let webp = riff(&[extended(0x10, 700, 20), images(&webp)]);
    assert_near(
        small(webp, 640).thousandths(500, 500),
        [200, 100, 50, 255],
        5,
    );
}
