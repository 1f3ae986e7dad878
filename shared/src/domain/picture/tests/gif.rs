use super::*;

const HEADER: &[u8] = b"GIF89a\x04\0\x04\0\x80\0\0\0\0\0\xff\xff\xff";
const FRAME: &[u8] = b"\x2c\0\0\0\0\x04\0\x04\0\0\x02\x03\x84\x8f\x05\0";
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
        extension(
            0xff,
            &[b"NETSCAPE2.0", &[2, 0, 0, 1, 0], &[1, 5, 0], PLANTED],
        ),
    ] {
        assert_eq!(kept(&[&same, &control, FRAME, &control, FRAME]), expected);
    }
}

#[test]
fn what_a_browser_could_not_read_is_refused() {
    let frame = |at: usize, value: u8| {
        let mut frame = FRAME.to_vec();
        frame[at] = value;
        gif(&[&frame])
    };
    for (bytes, why) in [
        (frame(5, 5), "a frame is larger than the picture"),
        (frame(3, 1), "a frame is larger than the picture"),
        (frame(5, 0), "a frame has no size"),
        (frame(7, 0), "a frame has no size"),
        (frame(10, 0), "a frame is not compressed as it must be"),
        (frame(10, 9), "a frame is not compressed as it must be"),
        (frame(0, 0x2d), "it has an unknown block"),
        (gif(&[]), "it has no image"),
        (
            gif(&[&extension(0xf9, &[&[0; 5]]), FRAME]),
            "a graphic control is wrong",
        ),
        (
            gif(&[&extension(0xf9, &[&[0; 4], PLANTED]), FRAME]),
            "a graphic control is wrong",
        ),
    ] {
        assert_eq!(malformed(bytes), why);
    }
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
