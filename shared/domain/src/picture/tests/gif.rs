use super::*;

const HEADER: &[u8] = b"GIF89a\x04\0\x04\0\x80\0\0\0\0\0\xff\xff\xff";
const FRAME: &[u8] = b"\x2c\0\0\0\0\x04\0\x04\0\0\x02\x04\x84\x8f\x09\x05\0";
const END: &[u8] = b"\x3b";

fn gif(blocks: &[&[u8]]) -> Vec<u8> {
    [HEADER, &blocks.concat(), END].concat()
}

fn kept(blocks: &[&[u8]]) -> Bytes {
    Picture::parse(&gif(blocks).into()).unwrap().bytes().clone()
}

fn extension(label: u8, blocks: &[&[u8]]) -> Vec<u8> {
    let mut extension = vec![0x21, label];
    for block in blocks {
        extension.push(u8::try_from(block.len()).unwrap());
        extension.extend(*block);
    }
    extension.push(0);
    extension
}

#[test]
fn controls_and_repetition_stay_and_all_other_extensions_go() {
    let control = extension(0xf9, &[&[1, 2, 3, 0]]);
    let repetition = extension(0xff, &[b"NETSCAPE2.0", &[1, 5, 0]]);
    let other = [
        extension(0xfe, &[PLANTED]),
        extension(0x01, &[&[0; 12], PLANTED]),
        extension(0xff, &[b"XMP DataXMP", PLANTED]),
        extension(0xff, &[b"ICCRGBG1012", PLANTED]),
        extension(0xff, &[b"NETSCAPE2.0", PLANTED]),
        extension(0xff, &[b"NETSCAPE2.0"]),
        extension(0x77, &[PLANTED]),
        extension(0xff, &[]),
    ]
    .concat();
    let expected = gif(&[&repetition, &control, FRAME, &control, FRAME]);
    assert_eq!(
        kept(&[
            &other,
            &repetition,
            &other,
            &control,
            FRAME,
            &other,
            &control,
            FRAME,
            &other
        ]),
        expected
    );
    for same in [
        extension(0xff, &[b"ANIMEXTS1.0", &[1, 5, 0]]),
        extension(0xff, &[b"NETSCAPE2.0", &[1, 5, 0, 9]]),
        extension(
            0xff,
            &[b"NETSCAPE2.0", &[2, 0, 0, 1, 0], &[1, 5, 0], PLANTED],
        ),
    ] {
        assert_eq!(kept(&[&same, &control, FRAME, &control, FRAME]), expected);
    }
}

fn frame(at: usize, value: u8) -> Vec<u8> {
    let mut frame = FRAME.to_vec();
    frame[at] = value;
    frame
}

#[test]
fn it_ends_behind_its_last_whole_frame() {
    let control = extension(0xf9, &[&[1, 2, 3, 0]]);
    let end = extension(0xfe, &[PLANTED]);
    let one = gif(&[&control, FRAME]);
    let frames = [HEADER, &control, FRAME].concat();
    for rest in [
        &b""[..],
        b"\0\0",
        b"\xff",
        b"junk",
        b"\x21",
        &end[..9],
        &control[..5],
        &control,
        &FRAME[..9],
        &[&b"\0"[..], &control, FRAME, END].concat(),
        &[END, &control, FRAME, END].concat(),
    ] {
        let kept = Picture::parse(&[&frames, rest].concat().into()).unwrap();
        assert_eq!(*kept.bytes(), one, "{rest:x?}");
    }
    for end in 10..FRAME.len() {
        let cut = [&frames, &FRAME[..end]].concat();
        assert_eq!(malformed(cut), "it is cut short", "{end}");
    }
}

#[test]
fn all_of_the_first_frame_is_on_the_screen_and_later_ones_need_not_be() {
    let size = |bytes: Vec<u8>| {
        let picture = Picture::parse(&bytes.into()).unwrap();
        let screen = [6, 8].map(|at| u32::from(picture.bytes()[at]));
        assert_eq!([picture.width(), picture.height()], screen);
        screen
    };
    assert_eq!(size(gif(&[&frame(1, 3)])), [7, 4]);
    assert_eq!(size(gif(&[&frame(3, 1)])), [4, 5]);
    let mut without_screen = gif(&[FRAME]);
    without_screen[6..10].fill(0);
    assert_eq!(size(without_screen), [4, 4]);
    let later = gif(&[FRAME, &frame(1, 200), &frame(4, 0xff)]);
    assert_eq!(size(later.clone()), [4, 4]);
    assert_eq!(
        *Picture::parse(&later.clone().into()).unwrap().bytes(),
        later
    );
}

#[test]
fn a_frame_without_sides_is_as_large_as_the_screen() {
    assert_eq!(kept(&[&frame(5, 0), FRAME, &frame(7, 0)]), gif(&[FRAME; 3]));
    // Without pixels it only takes its time.
    let mut empty = FRAME[..11].to_vec();
    empty[5] = 0;
    empty.push(0);
    assert_eq!(kept(&[FRAME, &empty]), gif(&[FRAME, &empty]));
}

#[test]
fn controls_are_read_as_browsers_do() {
    let right = extension(0xf9, &[&[1, 2, 3, 0]]);
    let expected = gif(&[&right, FRAME]);
    for control in [
        extension(0xf9, &[&[1, 2, 3, 0, 9]]),
        extension(0xf9, &[&[1, 2, 3, 0], PLANTED]),
        [&extension(0xf9, &[&[9; 4]])[..], &right].concat(),
        [&right[..], &extension(0xf9, &[])].concat(),
    ] {
        assert_eq!(kept(&[&control, FRAME]), expected);
    }
    let short = extension(0xf9, &[&[1, 2]]);
    assert_eq!(kept(&[FRAME, &short, FRAME]), gif(&[FRAME]));
}

#[test]
fn nothing_follows_the_last_pixel() {
    // Its codes end within its last byte.
    let longer = [&FRAME[..11], b"\x06\x84\x8f\x09\x05pl", b"\x03ant", b"\0"].concat();
    assert_eq!(kept(&[&longer, FRAME]), gif(&[FRAME, FRAME]));
    let codes = |codes: &[u16]| packed(codes, 3);
    let pixels = [
        4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1,
        4, 1,
    ];
    let ended = with_codes(&[&codes(&[&pixels[..], &[5]].concat())]);
    let planted = codes(&[&pixels[..], &[4, 0, 4, 1, 4, 0, 4, 0, 4, 1, 5]].concat());
    let open = codes(&pixels);
    for longer in [
        with_codes(&[&planted]),
        with_codes(&[&open]),
        with_codes(&[&open, PLANTED]),
        with_codes(&[&codes(&[&pixels[..], &[5]].concat()), PLANTED]),
    ] {
        assert_eq!(kept(&[&longer, FRAME]), gif(&[&ended, FRAME]));
    }
    let mut twice_as_high = frame(7, 8);
    assert_eq!(malformed(gif(&[&twice_as_high])), "a frame is damaged");
    twice_as_high[7] = 3; // The last code stands for more pixels than it needs.
    let cut = kept(&[&twice_as_high]);
    assert_eq!(kept(&[&cut[HEADER.len()..cut.len() - 1]]), cut);
}

/// Codes of so many bits each, the lowest first.
fn packed(codes: &[u16], bits: usize) -> Vec<u8> {
    let mut packed = vec![0; (codes.len() * bits).div_ceil(8)];
    for at in 0..codes.len() * bits {
        let bit = codes[at / bits] >> (at % bits) & 1;
        packed[at / 8] |= u8::try_from(bit << (at % 8)).unwrap();
    }
    packed
}

fn with_codes(blocks: &[&[u8]]) -> Vec<u8> {
    let mut frame = FRAME[..11].to_vec();
    for block in blocks {
        frame.push(u8::try_from(block.len()).unwrap());
        frame.extend(*block);
    }
    frame.push(0);
    frame
}

/// In a sub-block of 255 bytes there is no room for the code that ends them.
#[test]
fn the_code_that_ends_a_frame_may_need_a_sub_block_of_its_own() {
    let mut wide = FRAME[..11].to_vec();
    wide[5..9].copy_from_slice(&[84, 1, 1, 0]); // 340 pixels
    let codes = packed(&[4, 1].repeat(340), 3);
    let longer = [&wide, &[255][..], &codes, &[17], PLANTED, &[0]].concat();
    let mut screen = HEADER.to_vec();
    screen[6..10].copy_from_slice(&[84, 1, 4, 0]);
    let expected = [&screen, &wide, &[255][..], &codes, &[1, 5, 0], END].concat();
    assert_eq!(kept(&[&longer]), expected);
}

#[test]
fn a_later_frame_without_sides_and_pixels_has_nothing_else() {
    let mut empty = FRAME[..11].to_vec();
    empty[5] = 0;
    let planted = [&empty, &[17][..], PLANTED, &[0]].concat();
    empty.push(0);
    assert_eq!(kept(&[FRAME, &planted]), gif(&[FRAME, &empty]));
}

#[test]
fn what_a_browser_could_not_read_is_refused() {
    for (bytes, why) in [
        (
            gif(&[&frame(10, 0)]),
            "a frame is not compressed as it must be",
        ),
        (
            gif(&[&frame(10, 9)]),
            "a frame is not compressed as it must be",
        ),
        (
            gif(&[FRAME, &frame(10, 12)]),
            "a frame is not compressed as it must be",
        ),
        (gif(&[&frame(12, 0)]), "a frame is damaged"),
        (gif(&[&frame(0, 0x2d)]), "it has no image"),
        (gif(&[]), "it has no image"),
        (gif(&[b"\0", FRAME]), "it has no image"),
        (HEADER.to_vec(), "it is cut short"),
    ] {
        assert_eq!(malformed(bytes), why);
    }
    let mut without_size = gif(&[&frame(5, 0)]);
    without_size[6..10].fill(0);
    assert_eq!(malformed(without_size), "it has no size");
}

#[test]
fn frames_and_blocks_have_limits() {
    let frames = |count: usize| Bytes::from(gif(&[&FRAME.repeat(count)]));
    assert!(Picture::parse(&frames(2_000)).is_ok());
    let refusal = Picture::parse(&frames(2_001)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);

    let comments = |count: usize| Bytes::from(gif(&[&extension(0xfe, &[]).repeat(count), FRAME]));
    assert!(Picture::parse(&comments(9_990)).is_ok());
    let refusal = Picture::parse(&comments(10_000)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);
}
