use super::*;

/// `small.jpg` in three parts: up to its first scan, the scan, and the end marker.
fn parts() -> [Vec<u8>; 3] {
    let whole = picture("small.jpg");
    let scan = memchr::memmem::find(&whole, &[0xff, 0xda]).unwrap();
    let end = whole.len() - 2;
    [&whole[..scan], &whole[scan..end], &whole[end..]].map(<[u8]>::to_vec)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap();
    [&[0xff, marker], &length.to_be_bytes()[..], data].concat()
}

/// A Huffman table with so many codes of one bit, of two bits and so on, and this value for each.
fn huffman(table: u8, counts: &[u8], value: u8) -> Vec<u8> {
    let mut data = vec![table];
    data.extend(counts);
    data.resize(17, 0);
    data.extend(vec![value; counts.iter().copied().map(usize::from).sum()]);
    data
}

/// `small.jpg` with these bytes before its first scan.
fn with(before_the_scan: &[u8]) -> Bytes {
    let [tables, scan, end] = parts();
    [&tables[..], before_the_scan, &scan, &end].concat().into()
}

fn exif(orientation: u8) -> Vec<u8> {
    let block = only_orientation(orientation);
    segment(0xe1, &[b"Exif\0\0", &block[..]].concat())
}

fn piece(number: u8, count: u8, data: &[u8]) -> Vec<u8> {
    segment(
        0xe2,
        &[b"ICC_PROFILE\0", &[number, count][..], data].concat(),
    )
}

/// As Chromium does, seen with each of these.
#[test]
fn the_first_exif_before_the_image_turns_it() {
    let sides = |bytes: &Bytes| {
        let picture = Picture::parse(bytes).unwrap();
        (picture.width(), picture.height())
    };
    let turned = (32, 48);
    let xmp = segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x/>");
    assert_eq!(sides(&with(&exif(6))), turned);
    assert_eq!(sides(&with(&[exif(6), exif(1)].concat())), turned);
    assert_eq!(sides(&with(&[exif(1), exif(6)].concat())), (48, 32));
    let broken = segment(0xe1, b"Exif\0\0XX");
    assert_eq!(sides(&with(&[broken, exif(6)].concat())), (48, 32));
    assert_eq!(sides(&with(&[xmp, exif(6)].concat())), turned);
    let [tables, scan, end] = parts();
    let late = [tables, scan, exif(6), end].concat().into();
    assert_eq!(sides(&late), (48, 32));
}

#[test]
fn of_exif_only_a_turn_is_kept() {
    for orientation in 1..=8 {
        let long = [&only_orientation(orientation)[..], PLANTED].concat();
        let long = segment(0xe1, &[b"Exif\0\0", &long[..]].concat());
        let kept = Picture::parse(&with(&long)).unwrap();
        let expected = if orientation == 1 {
            vec![]
        } else {
            exif(orientation)
        };
        assert_eq!(*kept.bytes(), with(&expected));
    }
}

#[test]
fn thumbnails_and_tails_of_jfif_and_adobe_go() {
    let thumbnail = segment(
        0xe0,
        &[b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x02", PLANTED].concat(),
    );
    let adobe = segment(0xee, &[b"Adobe\0d\0\0\0\0\x01", PLANTED].concat());
    let extension = segment(0xe0, &[b"JFXX\0\x10", PLANTED].concat());
    let short = segment(0xee, b"Adobe");
    let sent = with(&[thumbnail, adobe, extension, short].concat());
    let expected = with(
        &[
            segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
            segment(0xee, b"Adobe\0d\0\0\0\0\x01"),
        ]
        .concat(),
    );
    assert_eq!(*Picture::parse(&sent).unwrap().bytes(), expected);
}

/// As Chromium does, seen with each of these.
#[test]
fn the_first_whole_profile_is_kept_alone() {
    let profile = profile();
    let [first, second] = [&profile[..200], &profile[200..]];
    let mut other = profile_of(&[(b"kTRC", gamma(3))]);
    other.extend(PLANTED);
    let one = piece(1, 1, &profile);
    for whole in [
        one.clone(),
        one.repeat(2),
        [&one[..], &piece(1, 1, &other)].concat(),
        [&piece(1, 1, b""), &one[..]].concat(),
        [&segment(0xe2, b"ICC_PROFILE\0"), &one[..]].concat(),
        [&one[..], &piece(1, 2, first)].concat(),
        [piece(1, 2, first), piece(2, 2, second)].concat(),
        [piece(2, 2, second), piece(1, 2, first)].concat(),
        [piece(1, 2, first), piece(2, 2, second), piece(2, 2, second)].concat(),
        [
            piece(1, 2, first),
            segment(0xe2, b"MPF\0"),
            piece(2, 2, second),
        ]
        .concat(),
        piece(1, 1, &[&profile[..], PLANTED].concat()),
    ] {
        let kept = Picture::parse(&with(&whole)).unwrap();
        assert_eq!(*kept.bytes(), with(&one));
    }
    for part in [
        piece(1, 2, &profile),
        piece(0, 1, &profile),
        piece(1, 0, &profile),
        piece(2, 1, &profile),
        [piece(1, 2, first), piece(2, 3, second)].concat(),
        [piece(1, 2, first), piece(1, 2, second)].concat(),
        [piece(1, 3, first), piece(3, 3, second)].concat(),
        [piece(1, 1, PLANTED), piece(1, 1, &profile)].concat(),
        piece(1, 1, &profile[1..]),
        piece(1, 1, first),
        segment(0xe2, b"ICC_PROFILE\0\x01"),
    ] {
        let kept = Picture::parse(&with(&part)).unwrap();
        assert_eq!(*kept.bytes(), picture("small.jpg"));
    }
}

#[test]
fn a_large_profile_is_kept_in_as_few_segments_as_hold_it() {
    let points: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
    let table = [b"curv\0\0\0\0\0\x03\x0d\x40", &points[..]].concat();
    let large = icc::cleaned(&profile_of(&[(b"kTRC", table)])).unwrap();
    let cut = |length: usize| {
        let count = u8::try_from(large.len().div_ceil(length)).unwrap();
        let pieces = (1..=count).zip(large.chunks(length));
        with(
            &pieces
                .flat_map(|(number, data)| piece(number, count, data))
                .collect::<Vec<_>>(),
        )
    };
    let fewest = cut(65_519);
    for pieces in [cut(2_000), cut(65_518), fewest.clone()] {
        assert_eq!(*Picture::parse(&pieces).unwrap().bytes(), fewest);
    }
}

#[test]
fn what_browsers_do_not_go_by_is_left_out() {
    for nothing in [
        segment(0xfe, PLANTED),
        segment(0xed, PLANTED),
        segment(0xcc, &[0, 0]),
        segment(0xdc, &[0, 8]),
        segment(0xf7, PLANTED),
        segment(0xde, PLANTED),
        segment(0xdf, &[0]),
        vec![0],
        b"stray bytes".to_vec(),
        vec![0xff, 0],
        vec![0xff, 0, 0xff, 0],
        vec![0xff, 0x02],
        vec![0xff, 0xe1, 0, 0],
        vec![0xff, 0xfe, 0, 1],
        vec![0xff, 0xff, 0xff, 0xd0],
        vec![0xff, 0x01],
    ] {
        let kept = Picture::parse(&with(&nothing)).unwrap();
        assert_eq!(*kept.bytes(), picture("small.jpg"), "{nothing:x?}");
        let [tables, scan, end] = parts();
        let before_the_end = [&tables[..], &scan, &nothing, &end].concat().into();
        let kept = Picture::parse(&before_the_end).unwrap();
        let may_be_pixels = !matches!(nothing[..], [0xff, 0xc0..=0xfe, ..]);
        assert!(
            may_be_pixels || *kept.bytes() == picture("small.jpg"),
            "{nothing:x?}"
        );
    }
}

/// As Chromium and Firefox do; where nothing follows the last scan, both leave out its last rows.
#[test]
fn the_end_marker_is_put_where_it_is_missing_behind_what_ends_the_last_scan() {
    let [tables, scan, _] = parts();
    let comment = segment(0xfe, PLANTED);
    for after in [
        comment.clone(),
        comment[..6].to_vec(),
        [&comment, &b"stray bytes"[..]].concat(),
        [&comment, &[0xff][..]].concat(),
        segment(0xe1, PLANTED),
    ] {
        let bytes = [&tables[..], &scan, &after].concat().into();
        let kept = Picture::parse(&bytes).unwrap();
        assert_eq!(*kept.bytes(), picture("small.jpg"), "{after:x?}");
    }
    for after in [
        &[][..],
        &[0xff],
        &[0xff, 0xc4, 0],
        &segment(0xdd, &[0, 8]),
        &scan[..9],
    ] {
        let bytes = [&tables[..], &scan, after].concat();
        assert_eq!(malformed(bytes), "it is cut short", "{after:x?}");
    }
    // An image that is nowhere is none.
    let without = [&tables[..], &comment].concat();
    assert_eq!(malformed(without), "it is cut short");
}

/// A picture with the markers `from` renamed to `to`, all or the one of this `number` alone.
fn renamed(name: &str, from: u8, to: u8, number: Option<usize>) -> Vec<u8> {
    let mut bytes = picture(name).to_vec();
    let markers: Vec<_> = memchr::memmem::find_iter(&bytes, &[0xff, from]).collect();
    let markers = number.map_or(&markers[..], |number| &markers[number..=number]);
    assert!(!markers.is_empty());
    for marker in markers {
        bytes[marker + 1] = to;
    }
    bytes
}

/// As in libjpeg, by which browsers show nothing then.
#[test]
fn a_scan_without_its_tables_is_refused() {
    const COMMENT: u8 = 0xfe;
    for bytes in [
        renamed("small.jpg", 0xdb, COMMENT, None),
        renamed("small.jpg", 0xdb, COMMENT, Some(1)),
        renamed("progressive.jpg", 0xc4, COMMENT, None),
        renamed("progressive.jpg", 0xc4, COMMENT, Some(0)),
    ] {
        assert_eq!(malformed(bytes), "a scan header is wrong");
    }
    // Motion JPEG has none of those that are standard.
    Picture::parse(&renamed("small.jpg", 0xc4, COMMENT, None).into()).unwrap();
    // No table of this number is standard.
    let [tables, mut scan, end] = parts();
    scan[6] = 0x22;
    let bytes = [&tables[..], &scan, &end].concat();
    assert_eq!(malformed(bytes), "a scan header is wrong");
}

#[test]
fn a_progressive_scan_that_there_cannot_be_is_refused() {
    let sequential = renamed("small.jpg", 0xc0, 0xc2, None);
    assert_eq!(malformed(sequential), "a scan header is wrong");
    let progressive = picture("progressive.jpg");
    let mut of_the_rest = 0;
    for scan in memchr::memmem::find_iter(&progressive, &[0xff, 0xda]) {
        let length = usize::from(progressive[scan + 3]);
        // The bits of a coefficient come from the highest to the lowest, one each time.
        for wrong in [0x0e, 0x33] {
            let mut bytes = progressive.to_vec();
            bytes[scan + 1 + length] = wrong;
            assert_eq!(malformed(bytes), "a scan header is wrong");
        }
        // All but the first coefficient are of one component.
        let [_, _, of, components @ .., first, _, _] = &progressive[scan + 2..scan + 2 + length]
        else {
            panic!("no scan header");
        };
        if *first == 0 {
            continue;
        }
        of_the_rest += 1;
        assert_eq!(*of, 1);
        let other = if components[0] == 1 { 2 } else { 1 };
        let mut bytes = progressive.to_vec();
        bytes.splice(scan + 3..scan + 5, [10, 2]);
        let both = [components, &[other, components[1]]].concat();
        bytes.splice(scan + 5..scan + 7, both);
        assert_eq!(malformed(bytes), "a scan header is wrong");
    }
    assert!(of_the_rest > 0);
}

#[test]
fn a_scan_has_components_of_the_frame_once_and_in_its_order() {
    let [tables, scan, end] = parts();
    let named = |tables: &[u8], names: [u8; 3]| {
        let mut scan = scan.clone();
        for (number, name) in names.into_iter().enumerate() {
            scan[5 + 2 * number] = name;
        }
        [tables, &scan, &end].concat()
    };
    Picture::parse(&named(&tables, [1, 2, 3]).into()).unwrap();
    for wrong in [[1, 1, 3], [1, 3, 3], [3, 1, 2], [1, 2, 4]] {
        assert_eq!(malformed(named(&tables, wrong)), "a scan header is wrong");
    }
    // Several may have the same name.
    let frame = memchr::memmem::find(&tables, &[0xff, 0xc0]).unwrap();
    let mut same = tables.clone();
    for number in 0..3 {
        same[frame + 10 + 3 * number] = 1;
    }
    Picture::parse(&named(&same, [1; 3]).into()).unwrap();
}

#[test]
fn a_scan_of_several_components_has_at_most_ten_blocks_in_a_unit() {
    let [tables, scan, end] = parts();
    let frame = memchr::memmem::find(&tables, &[0xff, 0xc0]).unwrap();
    let sampled = |sampling: [u8; 3]| {
        let mut tables = tables.clone();
        for (number, sampling) in sampling.into_iter().enumerate() {
            tables[frame + 11 + 3 * number] = sampling;
        }
        [&tables[..], &scan, &end].concat()
    };
    Picture::parse(&sampled([0x42, 0x11, 0x11]).into()).unwrap();
    let larger = sampled([0x42, 0x21, 0x11]);
    assert_eq!(malformed(larger), "a scan header is wrong");
}

#[test]
fn what_a_browser_could_not_read_is_refused() {
    let [tables, scan, end] = parts();
    let frame = memchr::memmem::find(&tables, &[0xff, 0xc0]).unwrap();
    let header = |at: usize, value: u8| {
        let mut tables = tables.clone();
        tables[frame + at] = value;
        [&tables[..], &scan, &end].concat()
    };
    let scan_header = |at: usize, value: u8| {
        let mut scan = scan.clone();
        scan[at] = value;
        [&tables[..], &scan, &end].concat()
    };
    let unknown = "it is of a kind that browsers do not show";
    Picture::parse(&with(&segment(0xc4, &huffman(0x13, &[1, 1], 255)))).unwrap();
    for (bytes, why) in [
        (header(1, 0xc3), unknown),
        (header(1, 0xc9), unknown),
        (header(4, 12), unknown),
        (header(9, 2), unknown), // neither gray nor in colour
        (header(9, 4), "its frame header has a wrong length"),
        (header(11, 0x51), "its frame header is wrong"),
        (header(12, 4), "its frame header is wrong"),
        (header(6, 0), "it has no size"), // its height, which a later marker would say
        (scan_header(4, 0), "a scan header is wrong"),
        (scan_header(5, 9), "a scan header is wrong"),
        (scan_header(6, 0x40), "a scan header is wrong"),
        (with(&segment(0xdb, &[4; 65])).into(), "a table is wrong"),
        (with(&segment(0xdb, &[0; 64])).into(), "it is cut short"),
        (with(&segment(0xc4, &[0x20; 18])).into(), "a table is wrong"),
        (with(&segment(0xc4, &[0x01; 17])).into(), "it is cut short"),
        // Codes of ones alone, and more bits of a first coefficient than there are.
        (
            with(&segment(0xc4, &huffman(0x11, &[2], 0))).into(),
            "a table is wrong",
        ),
        (
            with(&segment(0xc4, &huffman(0x10, &[1, 2], 0))).into(),
            "a table is wrong",
        ),
        (
            with(&segment(0xc4, &huffman(0x00, &[0, 1], 16))).into(),
            "a table is wrong",
        ),
        (
            with(&segment(0xdd, &[0; 3])).into(),
            "its restart interval is wrong",
        ),
        (
            with(&[0xff, 0xd8]).into(),
            "it has a marker in the wrong place",
        ),
        (with(&[0xff, 0xdb, 0, 1]).into(), "a segment has no length"),
        ([&tables[..], &end].concat(), "it has no image"),
        (
            [&tables[..2], &scan, &end].concat(),
            "its image comes before its size",
        ),
        (
            with(&tables[frame..frame + 19]).into(),
            "it has several frames",
        ),
    ] {
        assert_eq!(malformed(bytes), why);
    }
}

#[test]
fn scans_and_segments_have_limits() {
    let [tables, scan, end] = parts();
    let scans = |count| Bytes::from([&tables[..], &scan.repeat(count), &end].concat());
    assert!(Picture::parse(&scans(100)).is_ok());
    let refusal = Picture::parse(&scans(101)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);

    let comments = |count| with(&segment(0xfe, b"").repeat(count));
    assert!(Picture::parse(&comments(9_980)).is_ok());
    let refusal = Picture::parse(&comments(10_000)).unwrap_err();
    assert_eq!(refusal, InvalidPicture::TooManyParts);
    // What has no segment is nothing to a decoder.
    let kept = Picture::parse(&with(&[0xff, 0xd0].repeat(20_000))).unwrap();
    assert_eq!(*kept.bytes(), picture("small.jpg"));
}
