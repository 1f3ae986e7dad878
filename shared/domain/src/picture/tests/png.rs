use super::*;

use super::super::png as crate_png;
use std::io::Write as _;

use ::png::{BitDepth, ColorType, Encoder};
use flate2::Compression;
use flate2::write::ZlibEncoder;

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
        let data = if kind == b"cICP" {
            vec![12, 13, 0, 1]
        } else {
            vec![1; length]
        };
        let right = chunk(kind, &data);
        let sent = png(colour, &right, b"");
        assert_eq!(kept(sent.clone()), sent, "{kind:?} {colour}");
        let without = png(colour, b"", b"");
        assert_eq!(kept(png(colour, b"", &right)), without, "{kind:?} {colour}");
        let longer = kept(png(colour, &chunk(kind, &vec![1; length + 1]), b""));
        let expected = if kind == b"tRNS" { &sent } else { &without };
        assert_eq!(longer, *expected, "{kind:?} {colour}");
        let shorter = kept(png(colour, &chunk(kind, &vec![1; length - 1]), b""));
        if (kind, colour) != (b"tRNS", 3) {
            assert_eq!(shorter, without, "{kind:?} {colour}");
        }
        let twice = png(colour, &right.repeat(2), b"");
        assert_eq!(kept(twice), sent, "{kind:?} {colour}");
    }
    for nonsense in [
        png(3, &chunk(b"tRNS", &[0; 257]), b""),
        png(3, &chunk(b"tRNS", b""), b""),
    ] {
        assert_eq!(kept(nonsense), png(3, b"", b""));
    }
    let not_rgb = png(2, &chunk(b"cICP", &[12, 13, 1, 1]), b"");
    assert_eq!(kept(not_rgb), png(2, b"", b""));
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
        (
            png(3, &palette, b""),
            "its palette is wrong", // There are two.
        ),
        (with(&damaged(&palette), b""), "a checksum is wrong"),
        (
            with(&damaged(&chunk(b"IDAT", &image)), b""),
            "a checksum is wrong",
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
    let in_two_places = [
        ends[0],
        &chunk(b"IDAT", &image[..5]),
        &chunk(b"tEXt", b"a\0b"),
        &chunk(b"IDAT", &image[5..]),
        ends[1],
    ];
    assert_eq!(malformed(in_two_places.concat()), "it is cut short");
    let row_missing = [ends[0], &chunk(b"IDAT", &zlib(&[0; 3 * 13])), ends[1]].concat();
    assert_eq!(malformed(row_missing), "it is cut short");
    let mut broken = image.clone();
    broken[2] = 0xff;
    let broken = [ends[0], &chunk(b"IDAT", &broken), ends[1]].concat();
    assert_eq!(malformed(broken), "its image is damaged");
    // In how many parts the image is does not matter, not even to its first bytes.
    let split: Vec<_> = image
        .iter()
        .flat_map(|byte| chunk(b"IDAT", &[*byte]))
        .collect();
    let split = [ends[0], &split, ends[1]].concat();
    assert_eq!(kept(split.clone()), split);
}

/// A chunk with a wrong checksum.
fn damaged(chunk: &[u8]) -> Vec<u8> {
    let mut damaged = chunk.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    damaged
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_chunk_that_only_adds_something_counts_if_its_checksum_is_right() {
    let still = png(2, b"", b"");
    let gamma = chunk(b"gAMA", &[0, 0, 1, 1]);
    let other = chunk(b"gAMA", &[0, 0, 2, 2]);
    for wrong in [
        b"gAMA", b"iCCP", b"tEXt", b"acTL", b"eXIf", b"a1b ", b"abcd",
    ] {
        let wrong = damaged(&chunk(wrong, &[0, 0, 1, 1]));
        assert_eq!(kept(png(2, &wrong, &wrong)), still);
    }
    let second = png(2, &[damaged(&other), gamma.clone()].concat(), b"");
    assert_eq!(kept(second), png(2, &gamma, b""));
    let nameless = png(2, &chunk(b"a\0bc", b""), b"");
    assert_eq!(kept(nameless), still);
}

#[test]
fn behind_the_image_nothing_is_needed() {
    let still = png(2, b"", b"");
    let palette = chunk(b"PLTE", &[0; 6]);
    let text = chunk(b"tEXt", PLANTED);
    for after in [
        palette.clone(),
        damaged(&palette),
        chunk(b"ABCD", b""),
        [text.clone(), chunk(b"IDAT", PLANTED)].concat(),
        [text.clone(), damaged(&chunk(b"IDAT", PLANTED))].concat(),
        b"some junk".to_vec(),
    ] {
        assert_eq!(kept(png(2, b"", &after)), still, "{after:x?}");
    }
    let end = still.len() - 12;
    for last in [
        &damaged(&still[end..])[..],
        &chunk(b"IEND", PLANTED),
        &still[end..end + 8],
        &still[end..end + 7],
        b"",
        &text[..text.len() - 1],
        &text[..8],
    ] {
        assert_eq!(kept([&still[..end], last].concat()), still);
    }
    // Of the image everything is needed, whatever then is missing of the rest.
    for cut in 1..=17 {
        malformed(still[..end - cut].to_vec());
    }
    let renamed = [&still[..end], b"\0\0\0\0qEND\xae\x42\x60\x82"].concat();
    assert_eq!(kept(renamed), still);
}

#[test]
fn nothing_follows_the_pixels_in_their_stream() {
    let whole = png(2, b"", b"");
    let start = memchr::memmem::find(&whole, b"IDAT").unwrap() - 4;
    let ends = [&whole[..start], &whole[whole.len() - 12..]];
    let image = image();
    let with = |images: &[&[u8]]| {
        let images: Vec<u8> = images
            .iter()
            .flat_map(|data| chunk(b"IDAT", data))
            .collect();
        [ends[0], &images, ends[1]].concat()
    };
    let checksum = image.len() - 4;
    for longer in [
        with(&[&[&image[..], PLANTED].concat()]),
        with(&[&image, PLANTED]),
        with(&[&image, b"", PLANTED]),
        with(&[&[&image[..checksum], PLANTED].concat()]),
    ] {
        assert_eq!(kept(longer), whole);
    }
    // What is missing of the checksum is added, and what is in its place goes.
    for shorter in [
        with(&[&image[..checksum + 2]]),
        with(&[&image[..checksum + 2], PLANTED]),
        with(&[&image[..checksum]]),
        with(&[&image[..checksum], b"", b"abcd"]),
    ] {
        assert_eq!(kept(shorter), whole);
    }
}

/// A stream without its last block, and with what compresses to it alone.
fn without_end(data: &[u8], how: Compression) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), how);
    encoder.write_all(data).unwrap();
    encoder.flush().unwrap();
    encoder.get_ref().clone()
}

/// Of one chunk.
fn stream_in(kept: &[u8], kind: &[u8]) -> Vec<u8> {
    let at = memchr::memmem::find(kept, kind).unwrap();
    let length = u32::from_be_bytes(kept[at - 4..at].try_into().unwrap());
    kept[at + 4..at + 4 + usize::try_from(length).unwrap()].to_vec()
}

fn inflated(stream: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut decoder = flate2::read::ZlibDecoder::new(stream);
    let mut inflated = Vec::new();
    decoder.read_to_end(&mut inflated).unwrap();
    assert_eq!(decoder.total_in(), stream.len() as u64);
    inflated
}

/// 64 x 64 in RGB, of which some is noise, some repeats, and some is plain.
fn rows(seed: u32, height: usize) -> Vec<u8> {
    let mut noise = seed;
    let mut rows = vec![0; height * 193];
    for (at, byte) in rows.iter_mut().enumerate() {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = match at / 193 % 4 {
            _ if at % 193 == 0 => 0,
            0 => noise.to_be_bytes()[0],
            1 => noise.to_be_bytes()[0] & 3,
            2 => (at % 7).to_le_bytes()[0],
            _ => 9,
        };
    }
    rows
}

fn of_64(image: &[&[u8]]) -> Vec<u8> {
    let header = [&[0, 0, 0, 64, 0, 0, 0, 64, 8, 2, 0, 0, 0][..]].concat();
    let images = image.iter().flat_map(|data| chunk(b"IDAT", data));
    [
        b"\x89PNG\r\n\x1a\n",
        &chunk(b"IHDR", &header)[..],
        &images.collect::<Vec<_>>(),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// Deflated in every kind of block, and ended within every code that there may be.
#[test]
fn a_stream_ends_with_the_last_pixel_whatever_it_goes_on_with() {
    for seed in 0..40 {
        let pixels = rows(seed, 64);
        let higher = [&pixels[..], &rows(seed + 1, 64), &rows(seed, 64)].concat();
        for level in [0, 1, 6, 9] {
            let level = Compression::new(level);
            let open = without_end(&pixels, level);
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(&higher).unwrap();
            let more = encoder.finish().unwrap();
            for sent in [
                of_64(&[&more]),
                of_64(&[&more[..more.len() / 2], &more[more.len() / 2..]]),
                of_64(&[&more, PLANTED]),
                of_64(&[&open]),
                of_64(&[&open, b"\xff\xff\xff", PLANTED]),
                of_64(&[&[&open[..], b"\xff\xff\xff", PLANTED].concat()]),
                of_64(&[&without_end(&higher, level), PLANTED]),
            ] {
                let kept = kept(sent);
                let stream = stream_in(&kept, b"IDAT");
                assert_eq!(inflated(&stream), pixels, "{seed} {level:?}");
                assert_eq!(*kept, of_64(&[&stream]));
                // Its pixels are not compressed anew.
                let same = more.iter().zip(&stream).take_while(|(a, b)| a == b).count();
                assert!(same == 2 || same > 300 || stream.starts_with(&open[..300]));
            }
        }
    }
    let plain = [0; 13 * 4];
    for height in 5..60 {
        let higher = zlib(&vec![0; 13 * height]);
        let kept = kept(png_with_image(&higher));
        assert_eq!(inflated(&stream_in(&kept, b"IDAT")), plain);
    }
    // A block as its bytes are.
    let one = b"\x78\x01\x01\x44\x00\xbb\xff";
    let longer = [&one[..], &plain, PLANTED, b"\0\0\0", &[0; 4]].concat();
    let shown = kept(png_with_image(&longer));
    assert_eq!(inflated(&stream_in(&shown, b"IDAT")), plain);
}

fn png_with_image(stream: &[u8]) -> Vec<u8> {
    let whole = png(2, b"", b"");
    let start = memchr::memmem::find(&whole, b"IDAT").unwrap() - 4;
    let end = &whole[whole.len() - 12..];
    [&whole[..start], &chunk(b"IDAT", stream), end].concat()
}

#[test]
fn the_palette_follows_what_must_be_ahead_of_it() {
    let palette = chunk(b"PLTE", &[0; 6]);
    let gamma = chunk(b"gAMA", &[0, 0, 1, 1]);
    let density = chunk(b"pHYs", &[1; 9]);
    let sent = png(2, &[&palette[..], &density, &gamma].concat(), b"");
    let expected = png(2, &[&gamma[..], &palette, &density].concat(), b"");
    assert_eq!(kept(sent), expected);
    // Half a colour is none; a palette that is only suggested goes.
    let half = png(2, &chunk(b"PLTE", &[0; 4]), b"");
    assert_eq!(kept(half), png(2, b"", b""));
    let mut indexed = png(3, b"", b"");
    let at = memchr::memmem::find(&indexed, b"PLTE").unwrap() - 4;
    indexed.splice(at..at + 18, chunk(b"PLTE", &[0; 7]));
    assert_eq!(kept(indexed), png(3, b"", b""));
}

#[test]
fn a_profile_is_kept_if_all_of_it_comes_out() {
    let profile = profile();
    let carrying = |name: &[u8], method: u8, stream: &[u8]| {
        chunk(b"iCCP", &[name, &[0, method], stream].concat())
    };
    let stream = zlib(&profile);
    let end = stream.len();
    let written = crate_png::profile_chunk(&profile).unwrap();
    let expected = png(2, &written, b"");
    assert_eq!(kept(expected.clone()), expected);
    let longer = zlib(&[&profile[..], PLANTED].concat());
    let open = without_end(&profile, Compression::best());
    for whole in [
        carrying(PLANTED, 0, &stream),
        carrying(&[b'x'; 99], 0, &stream),
        carrying(b"x", 0, &stream[..end - 4]),
        carrying(b"x", 0, &[&stream[..end - 1], b"x"].concat()),
        carrying(b"x", 0, &[&stream[..], PLANTED].concat()),
        carrying(b"x", 0, &longer),
        carrying(b"x", 0, &[&open[..], b"\xff\xff\xff\xff"].concat()),
        [carrying(b"x", 0, PLANTED), carrying(b"x", 0, &stream)].concat(),
        [
            damaged(&carrying(b"x", 0, &zlib(&super::profile_of(&[])))),
            carrying(b"x", 0, &stream),
        ]
        .concat(),
    ] {
        assert_eq!(kept(png(2, &whole, b"")), expected);
    }
    for part in [
        carrying(b"", 0, &stream),
        carrying(b"x", 1, &stream),
        carrying(b"x", 0, &stream[..end / 2]),
        carrying(b"x", 0, &zlib(&profile[..profile.len() - 1])),
        carrying(b"x", 0, &zlib(&vec![0; 1 << 20])),
        chunk(b"iCCP", b"x"),
        chunk(b"iCCP", b""),
    ] {
        assert_eq!(kept(png(2, &part, b"")), png(2, b"", b""));
    }
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

fn part(number: u32, image: &[u8]) -> Vec<u8> {
    chunk(b"fdAT", &[&number.to_be_bytes(), image].concat())
}

/// The image of a frame that begins at `left`.
fn image_at(left: usize) -> Vec<u8> {
    zlib(&vec![0; 4 * (1 + 3 * (4 - left))])
}

fn frame(number: u32) -> Vec<u8> {
    part(number, &image_at(0))
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
            &[
                control(1, 1),
                part(2, &image_at(1)[..9]),
                part(3, &image_at(1)[9..]),
            ]
            .concat(),
        ),
        png(
            2,
            &animation(2),
            &[
                control(0, 0),
                frame(1),
                control(2, 3),
                part(3, &image_at(3)),
            ]
            .concat(),
        ),
        png(2, &[animation(1), control(0, 0)].concat(), b""),
    ] {
        assert_eq!(kept(right.clone()), right);
    }
    // As many frames as there are, or as it says there are, whichever are fewer.
    let right = image_at(1);
    let two = [control(1, 1), part(2, &right)].concat();
    let three = [&two[..], &control(3, 0), &frame(4)].concat();
    let stated =
        |stated, frames: &[u8]| png(2, &[animation(stated), control(0, 0)].concat(), frames);
    assert_eq!(kept(stated(9, &two)), stated(2, &two));
    assert_eq!(kept(stated(u32::MAX >> 1, &two)), stated(2, &two));
    assert_eq!(kept(stated(2, &three)), stated(2, &two));
    assert_eq!(kept(stated(1, &three)), stated(1, b""));
    let alone = [&two[..], &control(3, 0)].concat();
    assert_eq!(kept(stated(3, &alone)), stated(2, &two));
    // A control without an image is none, and what follows is numbered anew.
    let twice = png(
        2,
        &[animation(2), control(0, 0), control(1, 0)].concat(),
        &[control(2, 1), part(3, &right)].concat(),
    );
    assert_eq!(kept(twice), stated(2, &two));
    let early = png(2, &[control(0, 0), animation(2)].concat(), &two);
    assert_eq!(kept(early), stated(2, &two));
    // Frames count whatever their checksums are, and end with their pixels.
    let wrong = [damaged(&control(1, 1)), damaged(&part(2, &right))].concat();
    assert_eq!(kept(stated(2, &wrong)), stated(2, &two));
    let longer = [
        &control(1, 1)[..],
        &part(2, &[&right[..], PLANTED].concat()),
        &part(3, PLANTED),
        &control(4, 0),
        &frame(5),
    ];
    assert_eq!(kept(stated(3, &longer.concat())), stated(3, &three));
    // One of a pixel, with more behind it.
    let mut small = control(1, 0);
    small[12..20].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    let small = chunk(b"fcTL", &small[8..34]);
    let hidden = part(2, &zlib(&[&[0; 4], PLANTED, PLANTED].concat()));
    let shown = kept(stated(2, &[small, hidden].concat()));
    let stream = stream_in(&shown, b"fdAT");
    assert_eq!(
        (&stream[..4], inflated(&stream[4..])),
        (&[0, 0, 0, 2][..], vec![0; 4])
    );
}

#[test]
fn an_animation_that_is_not_in_order_is_refused() {
    let missing = "a frame is missing";
    let order = "its frames are not in order";
    for (bytes, why) in [
        (png(2, &animation(1), b""), missing),
        (png(2, &animation(1), &control(0, 0)), missing),
        (
            png(2, &animation(1), &[control(1, 0), frame(2)].concat()),
            order,
        ),
        (
            png(2, &animation(1), &[control(0, 0), frame(2)].concat()),
            order,
        ),
        (
            png(2, &[animation(2), control(0, 0)].concat(), &frame(1)),
            order,
        ),
        (
            png(
                2,
                &animation(2),
                &[control(0, 0), frame(1), control(3, 0)].concat(),
            ),
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
