use super::*;

type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

fn chunk((kind, data): Chunk<'_>) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let padding = &[0][..data.len() % 2];
    [kind, &length[..], data, padding].concat()
}

fn webp(chunks: &[Chunk<'_>]) -> Vec<u8> {
    let body: Vec<u8> = chunks.iter().copied().flat_map(chunk).collect();
    let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", &body].concat()
}

fn kept(chunks: &[Chunk<'_>]) -> Bytes {
    Picture::parse(&webp(chunks).into())
        .unwrap()
        .bytes()
        .clone()
}

/// The header of an extended picture of 48 x 32.
fn header(flags: u8) -> [u8; 10] {
    [flags, 0, 0, 0, 47, 0, 0, 31, 0, 0]
}

/// `lossless.webp`'s image.
fn image() -> Vec<u8> {
    let whole = picture("lossless.webp");
    let start = memchr::memmem::find(&whole, b"VP8L").unwrap() + 4;
    let length = u32::from_le_bytes(whole[start..start + 4].try_into().unwrap());
    whole[start + 4..][..usize::try_from(length).unwrap()].to_vec()
}

/// A frame of all the picture, with a chunk after its image.
fn frame(after: &[u8]) -> Vec<u8> {
    let fields = [0, 0, 0, 0, 0, 0, 47, 0, 0, 31, 0, 0, 100, 0, 0, 0];
    [&fields[..], &chunk((b"VP8L", &image())), after].concat()
}

#[test]
fn the_header_announces_what_is_kept() {
    let (image, profile) = (image(), profile());
    let exif = only_orientation(6);
    let prefixed = [b"Exif\0\0", &exif[..]].concat();
    let longer = [&profile[..], PLANTED].concat();
    let (image, profile, xmp) = (
        (b"VP8L", &image[..]),
        (b"ICCP", &profile[..]),
        (b"XMP ", PLANTED),
    );
    for (flags, sent, kept_flags, expected) in [
        (
            0x3c,
            vec![profile, image, (b"EXIF", &prefixed), xmp],
            0x30,
            vec![profile, image],
        ),
        (0x3c, vec![(b"EXIF", &exif), xmp, image], 0x10, vec![image]),
        (
            0xfc,
            vec![(b"ICCP", PLANTED), profile, image],
            0x10,
            vec![image],
        ),
        (
            0x20,
            vec![(b"ICCP", &longer), image],
            0x20,
            vec![profile, image],
        ),
        (
            0x0c,
            vec![image, (b"EXIF", PLANTED), (b"EXIF", &exif)],
            0,
            vec![image],
        ),
        // What is not announced is not looked for.
        (0, vec![profile, image, (b"EXIF", &exif)], 0, vec![image]),
        (0x20, vec![image], 0, vec![image]),
        (
            0,
            vec![
                (b"ANMF", PLANTED),
                (b"ANIM", PLANTED),
                (b"PRIV", PLANTED),
                image,
            ],
            0,
            vec![image],
        ),
    ] {
        let (sent_header, kept_header) = (header(flags), header(kept_flags));
        let sent = [vec![(b"VP8X", &sent_header[..])], sent].concat();
        let expected = [vec![(b"VP8X", &kept_header[..])], expected].concat();
        assert_eq!(kept(&sent), webp(&expected), "{flags:x}");
    }
    let reserved = [0, 1, 2, 3, 47, 0, 0, 31, 0, 0];
    assert_eq!(
        kept(&[(b"VP8X", &reserved), image]),
        webp(&[(b"VP8X", &header(0)), image])
    );
    let turned = webp(&[(b"VP8X", &header(0x08)), image, (b"EXIF", &exif)]);
    let upright = Picture::parse(&turned.into()).unwrap();
    assert_eq!((upright.width(), upright.height()), (48, 32));
    // A simple picture has nothing else.
    assert_eq!(kept(&[image, (b"EXIF", &exif), xmp]), webp(&[image]));
}

#[test]
fn frames_keep_their_image_only() {
    let header = header(0x02);
    let private = chunk((b"PRIV", PLANTED));
    let with = |frame: &[u8]| {
        [(b"VP8X", &header[..]), (b"ANIM", &[0; 6]), (b"ANMF", frame)]
            .map(|(kind, data)| (kind, data.to_vec()))
    };
    let sent = with(&frame(&private));
    let expected = with(&frame(b""));
    let chunks = |chunks: &[(&'static [u8; 4], Vec<u8>)]| {
        webp(
            &chunks
                .iter()
                .map(|(kind, data)| (*kind, &data[..]))
                .collect::<Vec<_>>(),
        )
    };
    let kept = Picture::parse(&chunks(&sent).into()).unwrap();
    assert_eq!(*kept.bytes(), chunks(&expected));

    // As in browsers, a frame is as large as its image, and without one it is none.
    let mut smaller = frame(b"");
    smaller[6] = 46;
    let mut sent = with(&smaller).to_vec();
    sent[1].1.extend(PLANTED);
    sent.push((b"ANMF", smaller[..16].to_vec()));
    let kept = Picture::parse(&chunks(&sent).into()).unwrap();
    assert_eq!(*kept.bytes(), chunks(&expected));
}

#[test]
fn what_a_browser_could_not_read_is_refused() {
    let image = image();
    let [still, animated] = [header(0), header(0x02)];
    let image: Chunk<'_> = (b"VP8L", &image);
    let (still, animated): (Chunk<'_>, Chunk<'_>) = ((b"VP8X", &still), (b"VP8X", &animated));
    let begin: Chunk<'_> = (b"ANIM", &[0; 6]);
    let whole = frame(b"");
    let twice = frame(&chunk(image));
    let mut moved = whole.clone();
    moved[0] = 1;
    let lossy = |at: usize, value: u8| {
        let mut whole = picture("photo.webp").to_vec();
        let start = memchr::memmem::find(&whole, b"VP8 ").unwrap() + 8;
        whole[start + at] = value;
        whole
    };
    let key_frame = "it does not begin with a key frame";
    for (bytes, why) in [
        (webp(&[still]), "it has no image"),
        (webp(&[still, still, image]), "it has several headers"),
        (webp(&[still, image, image]), "it has several images"),
        (webp(&[animated, begin, image]), "it has several images"),
        (webp(&[animated, begin]), "it has no image"),
        (
            webp(&[animated, (b"ANMF", &whole)]),
            "its animation has no beginning",
        ),
        (
            webp(&[animated, begin, (b"ANMF", &whole[..16])]),
            "it has no image",
        ),
        (
            webp(&[animated, (b"ANIM", &[0; 5]), (b"ANMF", &whole)]),
            "its animation has no beginning",
        ),
        (
            webp(&[animated, begin, (b"ANMF", &twice)]),
            "it has several images",
        ),
        (
            webp(&[animated, begin, (b"ANMF", &moved)]),
            "a frame is larger than the picture",
        ),
        (
            webp(&[(b"VP8X", &[0, 0, 0, 0, 46, 0, 0, 31, 0, 0]), image]),
            "its image is not of its size",
        ),
        (webp(&[(b"VP8X", &[0; 11]), image]), "its header is wrong"),
        (webp(&[(b"ICCP", b""), image]), "its header is missing"),
        (
            webp(&[(b"VP8L", &[0x2e, 0, 0, 0, 0])]),
            "it does not begin with an image",
        ),
        (
            webp(&[(b"VP8L", &[0x2f, 0, 0, 0, 0x20])]),
            "it does not begin with an image",
        ),
        (lossy(0, 0x01), key_frame),
        (lossy(0, 0x00), key_frame),
        (lossy(0, 0x18), key_frame),
        (lossy(2, 0xff), key_frame),
        (lossy(3, 0), key_frame),
    ] {
        assert_eq!(malformed(bytes), why);
    }
}

#[test]
fn frames_and_chunks_have_limits() {
    let header = header(0x02);
    let whole = frame(b"");
    let frames = |count: usize| {
        let beginning: [Chunk<'_>; 2] = [(b"VP8X", &header), (b"ANIM", &[0; 6])];
        let frames: Vec<Chunk<'_>> = vec![(b"ANMF", &whole); count];
        Bytes::from(webp(&[&beginning[..], &frames].concat()))
    };
    assert!(Picture::parse(&frames(2_000)).is_ok());
    let refusal = Picture::parse(&frames(2_001)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);

    let (image, still) = (image(), super::webp::header(0));
    let private = |count: usize| {
        let mut chunks: Vec<Chunk<'_>> = vec![(b"PRIV", b""); count + 2];
        chunks[0] = (b"VP8X", &still);
        chunks[1] = (b"VP8L", &image);
        Bytes::from(webp(&chunks))
    };
    assert!(Picture::parse(&private(9_990)).is_ok());
    let refusal = Picture::parse(&private(10_000)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);
}
