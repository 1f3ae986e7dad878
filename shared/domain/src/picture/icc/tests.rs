use super::super::tests::{PLANTED, contains, gamma, profile_of};
use super::*;

/// An element of this type.
fn element(kind: [u8; 4], numbers: &[u8]) -> Vec<u8> {
    [&kind, &[0; 4], numbers].concat()
}

fn tags(profile: &[u8]) -> Vec<String> {
    let count = u32::from_be_bytes(profile[128..132].try_into().unwrap());
    let tags = profile[132..].chunks(12).take(index(count));
    tags.map(|tag| String::from_utf8_lossy(&tag[..4]).into_owned())
        .collect()
}

fn number(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_be_bytes()
}

/// One element of each kind that computes colour, with something that does not belong to it at its end.
fn everything() -> Vec<(&'static [u8; 4], Vec<u8>)> {
    let planted = |kind, numbers: &[u8]| element(kind, &[numbers, PLANTED].concat());
    let curve = gamma(2);
    let function = element(
        *b"para",
        &[
            0, 3, b'p', b'l', 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
        ],
    );
    let mut bytes = vec![3, 3, 2, b'p'];
    bytes.extend([7; 36]);
    let mut words = bytes.clone();
    bytes.extend([8; 3 * 256 + 8 * 3 + 3 * 256]);
    words.extend([0, 2, 0, 4]);
    words.extend([9; 2 * (3 * 2 + 8 * 3 + 3 * 4)]);
    // Its parts in another order than the board's, with gaps in between.
    let mut stages = vec![3, 3, b'p', b'l'];
    let [b, matrix, m, clut, a] = [32, 300, 100, 400, 200];
    for place in [b, matrix, m, clut, a] {
        stages.extend(number(place));
    }
    let mut put = |place: usize, data: &[u8]| {
        stages.resize(stages.len().max(place - 8 + data.len()), b'p');
        stages[place - 8..][..data.len()].copy_from_slice(data);
    };
    let padded = |curve: &[u8]| {
        [
            curve,
            &b"pla"[..curve.len().next_multiple_of(4) - curve.len()],
        ]
        .concat()
    };
    let curves = padded(&curve).repeat(3);
    put(b, &curves);
    put(m, &padded(&function).repeat(3)[..96]);
    put(a, &curves);
    put(matrix, &[6; 48]);
    let mut grid = vec![2; 3];
    grid.extend(b"plantedplant");
    grid.extend([b'p', 1, b'p', b'l', b'a']);
    grid.extend([5; 8 * 3]);
    put(clut, &grid);
    vec![
        (b"wtpt", planted(*b"XYZ ", &[1; 12])),
        (b"chad", planted(*b"sf32", &[2; 36])),
        (b"rXYZ", planted(*b"XYZ ", &[3; 12])),
        (b"rTRC", [&curve[..], PLANTED].concat()),
        (b"gTRC", [&function[..], PLANTED].concat()),
        (b"cicp", planted(*b"cicp", &[12, 13, 0, 1])),
        (b"A2B0", planted(*b"mft1", &bytes)),
        (b"A2B1", planted(*b"mft2", &words)),
        (b"A2B2", planted(*b"mAB ", &stages)),
    ]
}

#[test]
fn what_computes_colour_stays_and_all_else_goes() {
    let mut sent = everything();
    for other in [
        b"dmnd", b"dmdd", b"vcgt", b"mmod", b"ndin", b"dscm", b"calt", b"targ", b"view", b"tech",
        b"gamt", b"pre0", b"D2B0", b"D2B3", b"B2D0", b"B2D3",
    ] {
        sent.push((other, element(*b"text", PLANTED)));
    }
    sent.push((b"desc", element(*b"desc", PLANTED)));
    sent.push((b"cprt", element(*b"text", PLANTED)));
    // Of floating point numbers browsers know none.
    let stages = [
        &b"\0\x03\0\x03\0\0\0\x01\0\0\0\x18\0\0\0\x10matf\0\0\0\0"[..],
        PLANTED,
    ]
    .concat();
    sent.push((b"D2B1", element(*b"mpet", &stages)));
    sent.push((b"A2B0", element(*b"mpet", &stages)));
    // A tag that is in the list, but no numbers.
    sent.push((b"bTRC", element(*b"text", PLANTED)));
    let mut profile = profile_of(&sent);
    let header = profile.clone();
    for unneeded in [4..8, 10..12, 24..36, 40..64, 80..128] {
        profile[unneeded].fill(b'p');
    }
    let kept = cleaned(&profile).unwrap();
    let expected = [
        "desc", "cprt", "wtpt", "chad", "rXYZ", "rTRC", "gTRC", "cicp", "A2B0", "A2B1", "A2B2",
    ];
    assert_eq!(tags(&kept), expected);
    assert!(!contains(&kept, b"pl"));
    assert_eq!(kept[4..128], header[4..128]);
    for (tag, sent) in everything() {
        let kept = find(&kept, *tag).unwrap();
        assert_eq!(kept[..4], sent[..4]);
        if !matches!(tag, b"A2B2" | b"A2B0" | b"A2B1" | b"gTRC") {
            assert_eq!(*kept, sent[..kept.len()], "{tag:?}");
        }
    }
    assert_eq!(cleaned(&kept).unwrap(), kept);
}

#[test]
fn two_profiles_that_compute_the_same_are_the_same() {
    let one = profile_of(&[(b"kTRC", gamma(2)), (b"wtpt", element(*b"XYZ ", &[1; 12]))]);
    let other = profile_of(&[
        (b"mmod", element(*b"mmod", PLANTED)),
        (b"wtpt", element(*b"XYZ ", &[1; 12])),
        (b"kTRC", gamma(2)),
        (b"kTRC", gamma(3)),
    ]);
    assert_eq!(cleaned(&one), cleaned(&other));
    let three = cleaned(&profile_of(&[
        (b"rTRC", gamma(2)),
        (b"gTRC", gamma(2)),
        (b"bTRC", gamma(2)),
    ]))
    .unwrap();
    assert_eq!(three.windows(4).filter(|bytes| bytes == b"curv").count(), 1);
}

#[test]
fn an_intent_that_there_is_not_is_the_first() {
    for (intent, kept) in [(0, 0), (3, 3), (4, 0)] {
        let mut profile = profile_of(&[(b"kTRC", gamma(2))]);
        profile[67] = intent;
        assert_eq!(cleaned(&profile).unwrap()[67], kept);
    }
}

#[test]
fn the_texts_are_of_the_profiles_version() {
    let mut profile = profile_of(&[(b"kTRC", gamma(2))]);
    let old = cleaned(&profile).unwrap();
    profile[8] = 4;
    let new = cleaned(&profile).unwrap();
    for (tag, kinds) in [(b"desc", [b"desc", b"mluc"]), (b"cprt", [b"text", b"mluc"])] {
        assert!(find(&old, *tag).unwrap().starts_with(kinds[0]));
        assert!(find(&new, *tag).unwrap().starts_with(kinds[1]));
    }
}

#[test]
fn what_only_pretends_to_be_a_profile_is_none() {
    let right = profile_of(&[(b"kTRC", gamma(2))]);
    assert!(cleaned(&right).is_some());
    assert_eq!(cleaned(&[&right[..], PLANTED].concat()), cleaned(&right));
    for end in 0..right.len() {
        assert_eq!(cleaned(&right[..end]), None, "{end}");
    }
    assert_eq!(cleaned(&profile_of(&[])), None);
    assert_eq!(
        cleaned(&profile_of(&[(b"wtpt", element(*b"XYZ ", &[1; 12]))])),
        None
    );
    let mut unsigned = right;
    unsigned[36] = b'b';
    assert_eq!(cleaned(&unsigned), None);
}

#[test]
fn an_element_is_as_long_as_it_must_be_or_none() {
    for (tag, whole) in everything() {
        let kept = element::numbers(&whole).unwrap();
        for end in 0..whole.len() - PLANTED.len() {
            assert_eq!(element::numbers(&whole[..end]), None, "{tag:?} {end}");
        }
        assert_eq!(element::numbers(&kept).unwrap(), kept, "{tag:?}");
    }
}

#[test]
fn parts_that_overlap_do_not_come_out_many_times() {
    // Each tag has the same table but for its first byte.
    let mut profile = profile_of(&COLOUR.map(|tag| (tag, Vec::new())));
    let start = profile.len();
    let points = 1_000_000;
    for tag in 0..COLOUR.len() {
        let place = 132 + 12 * tag + 4;
        profile[place..place + 4].copy_from_slice(&number(start + 12 * tag));
        profile[place + 4..place + 8].copy_from_slice(&number(12 + 2 * points));
        profile.extend(b"curv\0\0\0\0");
        profile.extend(number(points));
    }
    profile.resize(start + 12 * COLOUR.len() + 2 * points, 0);
    let size = number(profile.len());
    profile[..4].copy_from_slice(&size);
    assert_eq!(cleaned(&profile), None);
}
