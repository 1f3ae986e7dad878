use super::*;

use ::png::{BitDepth, ColorType, Encoder};

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let body = [kind, data].concat();
    let checksum = crc32fast::hash(&body).to_be_bytes();
    [&length[..], &body, &checksum].concat()
}

/// A PNG of 4 x 4 in a colour type of the format, with these chunks before and after its image.
fn png(colour: u8, before: &[u8], after: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut encoder = Encoder::new(&mut whole, 4, 4);
    let colour = match colour {
        0 => ColorType::Grayscale,
        2 => ColorType::Rgb,
        3 => {
            encoder.set_palette(vec![0; 6]);
            ColorType::Indexed
        }
        4 => ColorType::GrayscaleAlpha,
        _ => ColorType::Rgba,
    };
    encoder.set_color(colour);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&vec![0; 16 * colour.samples()])
        .unwrap();
    writer.finish().unwrap();
    let image = memchr::memmem::find(&whole, b"IDAT").unwrap() - 4;
    let end = whole.len() - 12;
    [
        &whole[..image],
        before,
        &whole[image..end],
        after,
        &whole[end..],
    ]
    .concat()
}

fn image() -> Vec<u8> {
    let whole = png(2, b"", b"");
    let image = memchr::memmem::find(&whole, b"IDAT").unwrap();
    whole[image + 4..whole.len() - 16].to_vec()
}

fn kept(bytes: Vec<u8>) -> Bytes {
    Picture::parse(&bytes.into()).unwrap().bytes().clone()
}

#[test]
fn what_decides_how_it_looks_is_kept_if_it_is_as_long_as_it_must_be() {
    for (kind, colour, length) in [
        (b"gAMA", 2, 4),
        (b"cHRM", 2, 32),
        (b"sRGB", 2, 1),
        (b"cICP", 2, 4),
        (b"mDCV", 2, 24),
        (b"cLLI", 2, 8),
        (b"pHYs", 2, 9),
        (b"sBIT", 0, 1),
        (b"sBIT", 2, 3),
        (b"sBIT", 3, 3),
        (b"sBIT", 4, 2),
        (b"sBIT", 6, 4),
        (b"bKGD", 0, 2),
        (b"bKGD", 2, 6),
        (b"bKGD", 3, 1),
        (b"bKGD", 4, 2),
        (b"tRNS", 0, 2),
        (b"tRNS", 2, 6),
        (b"tRNS", 3, 2),
    ] {
        let right = chunk(kind, &vec![1; length]);
        let sent = png(colour, &right, b"");
        assert_eq!(kept(sent.clone()), sent, "{kind:?} {colour}");
        let without = png(colour, b"", b"");
        for wrong in [
            png(colour, &chunk(kind, &vec![1; length + 1]), b""),
            png(colour, b"", &right),
        ] {
            assert_eq!(kept(wrong), without, "{kind:?} {colour}");
        }
        let twice = png(colour, &right.repeat(2), b"");
        assert_eq!(kept(twice), sent, "{kind:?} {colour}");
    }
    let nonsense = png(6, &chunk(b"tRNS", &[0; 6]), b"");
    assert_eq!(kept(nonsense), png(6, b"", b""));
}

#[test]
fn all_else_goes() {
    let mut before = Vec::new();
    for kind in [
        b"tEXt", b"zTXt", b"iTXt", b"tIME", b"sPLT", b"hIST", b"caBX", b"prVt", b"fcTL", b"fdAT",
        b"iCCP",
    ] {
        before.extend(chunk(kind, PLANTED));
    }
    assert_eq!(kept(png(2, &before, &before)), png(2, b"", b""));
    // A palette that only suggests colours stays, one that means nothing goes.
    let palette = chunk(b"PLTE", &[0; 6]);
    assert_eq!(kept(png(2, &palette, b"")), png(2, &palette, b""));
    assert_eq!(kept(png(0, &palette, b"")), png(0, b"", b""));
}

/// As Chromium does, seen with each of these.
#[test]
fn the_first_exif_before_the_image_turns_it() {
    let exif = |orientation| chunk(b"eXIf", &only_orientation(orientation));
    let turned = png(2, &exif(6), b"");
    assert_eq!(kept(turned.clone()), turned);
    assert_eq!(kept(png(2, &[exif(6), exif(1)].concat(), &exif(3))), turned);
    for upright in [
        png(2, &[exif(1), exif(6)].concat(), b""),
        png(2, b"", &exif(6)),
        png(
            2,
            &chunk(b"eXIf", &[b"Exif\0\0", &only_orientation(6)[..]].concat()),
            b"",
        ),
    ] {
        assert_eq!(kept(upright), png(2, b"", b""));
    }
}

#[test]
fn what_a_browser_could_not_read_is_refused() {
    let with = |before: &[u8], after: &[u8]| png(2, before, after);
    let image = image();
    let header = |at: usize, value: u8| {
        let mut whole = with(b"", b"");
        whole[16 + at] = value;
        let checksum = crc32fast::hash(&whole[12..29]).to_be_bytes();
        whole[29..33].copy_from_slice(&checksum);
        whole
    };
    let palette = chunk(b"PLTE", &[0; 6]);
    for (bytes, why) in [
        (header(8, 7), "its header is wrong"),
        (header(9, 5), "its header is wrong"),
        (header(10, 1), "its header is wrong"),
        (header(11, 1), "its header is wrong"),
        (header(12, 2), "its header is wrong"),
        (header(9, 3), "its palette is missing"),
        (
            with(&chunk(b"IHDR", &[0; 13]), b""),
            "it has several headers",
        ),
        (
            with(&chunk(b"CgBI", &[0; 4]), b""),
            "it has an unknown part",
        ),
        (with(&chunk(b"a\0bc", b""), b""), "it has an unknown part"),
        (with(&chunk(b"PLTE", &[0; 4]), b""), "its palette is wrong"),
        (with(&chunk(b"PLTE", &[]), b""), "its palette is wrong"),
        (with(&palette.repeat(2), b""), "its palette is wrong"),
        (with(b"", &palette), "its palette is wrong"),
        (
            with(
                b"",
                &[chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", &image)].concat(),
            ),
            "its image is in several places",
        ),
        (
            with(&chunk(b"IDAT", &[0x78, 0x02]), b""),
            "its image is not compressed as it must be",
        ),
        (
            with(&chunk(b"IDAT", &[0x79, 0x9b]), b""),
            "its image is not compressed as it must be",
        ),
        (
            with(&chunk(b"IDAT", &[0x78, 0xbb]), b""),
            "its image is not compressed as it must be",
        ),
    ] {
        assert_eq!(malformed(bytes), why);
    }
    let whole = with(b"", b"");
    let start = memchr::memmem::find(&whole, b"IDAT").unwrap() - 4;
    let ends = [&whole[..start], &whole[whole.len() - 12..]];
    assert_eq!(malformed(ends.concat()), "it has no image");
    let short = [ends[0], &chunk(b"IDAT", &image[..1]), ends[1]].concat();
    assert_eq!(malformed(short), "it is cut short");
    let end = [&whole[..whole.len() - 12], &chunk(b"IEND", b"x")].concat();
    assert_eq!(malformed(end), "its end is wrong");
    // In how many parts the image is does not matter, not even to its first bytes.
    let split: Vec<_> = image
        .iter()
        .flat_map(|byte| chunk(b"IDAT", &[*byte]))
        .collect();
    let split = [ends[0], &split, ends[1]].concat();
    assert_eq!(kept(split.clone()), split);
}

/// The control of a frame that begins at `left`.
fn control(number: u32, left: u32) -> Vec<u8> {
    let mut data = Vec::new();
    for field in [number, 4 - left, 4, left, 0] {
        data.extend(field.to_be_bytes());
    }
    data.extend([0, 1, 0, 10, 0, 0]);
    chunk(b"fcTL", &data)
}

fn frame(number: u32) -> Vec<u8> {
    chunk(b"fdAT", &[&number.to_be_bytes(), &image()[..]].concat())
}

fn animation(frames: u32) -> Vec<u8> {
    chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat())
}

#[test]
fn an_animation_is_kept_if_it_is_in_order() {
    for right in [
        png(
            2,
            &[animation(2), control(0, 0)].concat(),
            &[control(1, 1), frame(2), frame(3)].concat(),
        ),
        png(
            2,
            &animation(2),
            &[control(0, 0), frame(1), control(2, 3), frame(3)].concat(),
        ),
        png(2, &[animation(1), control(0, 0)].concat(), b""),
    ] {
        assert_eq!(kept(right.clone()), right);
    }
    let missing = "a frame is missing";
    let order = "its frames are not in order";
    for (bytes, why) in [
        (png(2, &animation(1), b""), missing),
        (
            png(2, &[animation(2), control(0, 0)].concat(), b""),
            missing,
        ),
        (png(2, &animation(1), &control(0, 0)), missing),
        (
            png(
                2,
                &[animation(1), control(0, 0), control(1, 0)].concat(),
                b"",
            ),
            missing,
        ),
        (
            png(2, &animation(1), &[control(1, 0), frame(2)].concat()),
            order,
        ),
        (
            png(2, &animation(1), &[control(0, 0), frame(2)].concat()),
            order,
        ),
        (
            png(2, &[animation(1), control(0, 0)].concat(), &frame(1)),
            order,
        ),
        (
            png(2, &[animation(1), control(0, 0), frame(1)].concat(), b""),
            order,
        ),
        (
            png(2, &[animation(1), control(0, 1)].concat(), b""),
            "a frame is wrong",
        ),
        (
            png(2, &animation(1), &[control(0, 4), frame(1)].concat()),
            "a frame is wrong",
        ),
        (
            png(2, &animation(1), &chunk(b"fcTL", &[0; 25])),
            "it is cut short",
        ),
        (
            png(2, &animation(1), &chunk(b"fcTL", &[0, 0, 0, 0, 0, 0, 0, 5])),
            "it is cut short",
        ),
        (
            png(
                2,
                &animation(1),
                &[control(0, 0), chunk(b"fdAT", &[0, 0, 0, 1, 0x78])].concat(),
            ),
            "it is cut short",
        ),
        (
            png(
                2,
                &animation(1),
                &[control(0, 0), chunk(b"fdAT", &[0, 0, 0, 1, 1, 1])].concat(),
            ),
            "its image is not compressed as it must be",
        ),
    ] {
        assert_eq!(malformed(bytes), why);
    }
    // What begins no animation leaves a still picture.
    let late = png(2, b"", &[animation(1), control(0, 0), frame(1)].concat());
    assert_eq!(kept(late), png(2, b"", b""));
    assert_eq!(kept(png(2, &animation(0), b"")), png(2, b"", b""));
}

#[test]
fn frames_and_chunks_have_limits() {
    let frames = |count: u32| {
        let one = |number| [control(2 * number, 0), frame(2 * number + 1)].concat();
        Bytes::from(png(
            2,
            &animation(count),
            &(0..count).flat_map(one).collect::<Vec<_>>(),
        ))
    };
    assert!(Picture::parse(&frames(2_000)).is_ok());
    let refusal = Picture::parse(&frames(2_001)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);

    let texts = |count| Bytes::from(png(2, &chunk(b"tEXt", b"").repeat(count), b""));
    assert!(Picture::parse(&texts(9_990)).is_ok());
    let refusal = Picture::parse(&texts(10_000)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);
}
