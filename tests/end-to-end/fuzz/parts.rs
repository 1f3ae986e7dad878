//! What a picture is made of. Written apart from the board's own walk, to judge it: of the board's pictures it
//! expects every part to be one that may be kept, up to the last byte.

use domain::Format;

/// A part: what it is, and its bytes.
pub type Part<'a> = (String, &'a [u8]);

/// The parts of a picture, as far as it can be read; the rest is the last one, without a name.
pub fn of(format: Format, bytes: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (name, length) = match (at, format) {
            (0, Format::Jpeg) => ("SOI".into(), 2),
            (0, Format::Png) => ("signature".into(), 8),
            (0, Format::WebP) => ("RIFF".into(), 12),
            (0, Format::Gif) => ("screen".into(), 13 + table(bytes.get(10))),
            (_, Format::Jpeg) => jpeg(rest),
            (_, Format::Png) => chunk(rest, 0..4, 4..8, u32::from_be_bytes, 12, 1),
            (_, Format::WebP) => chunk(rest, 4..8, 0..4, u32::from_le_bytes, 8, 2),
            (_, Format::Gif) => gif(rest).unwrap_or_default(),
        };
        let known = length > 0 && length <= rest.len();
        let length = if known { length } else { rest.len() };
        parts.push((if known { name } else { String::new() }, &rest[..length]));
        at += length;
    }
    parts
}

fn chunk(
    rest: &[u8],
    length: std::ops::Range<usize>,
    kind: std::ops::Range<usize>,
    number: fn([u8; 4]) -> u32,
    around: usize,
    even: usize,
) -> (String, usize) {
    let (Some(length), Some(kind)) = (rest.get(length), rest.get(kind)) else {
        return Default::default();
    };
    let length = number(length.try_into().unwrap()) as usize;
    let name = String::from_utf8_lossy(kind).into_owned();
    (name, length.next_multiple_of(even).saturating_add(around))
}

fn jpeg(rest: &[u8]) -> (String, usize) {
    match *rest {
        [0xff, 0xd9, ..] => ("EOI".into(), 2),
        [0xff, marker, high, low, ..] if marker >= 0xc0 && marker != 0xff => {
            let header = 2 + usize::from(high) * 256 + usize::from(low);
            let mut end = header;
            if marker == 0xda {
                let more = |at: usize| {
                    rest.get(at + 1).is_some_and(|next| {
                        rest[at] != 0xff || matches!(next, 0..=0xbf | 0xd0..=0xd7 | 0xff)
                    })
                };
                while more(end) {
                    end += if rest[end] == 0xff && rest[end + 1] != 0xff {
                        2
                    } else {
                        1
                    };
                }
            }
            (format!("{marker:02X}"), end)
        }
        _ => Default::default(),
    }
}

/// How long a colour table is, by the flags that say so.
fn table(flags: Option<&u8>) -> usize {
    flags.map_or(0, |flags| {
        if flags & 0x80 == 0 {
            0
        } else {
            3 << ((flags & 7) + 1)
        }
    })
}

fn gif(rest: &[u8]) -> Option<(String, usize)> {
    let (name, mut end) = match rest {
        [0x3b, ..] => return Some(("trailer".into(), 1)),
        [0x2c, ..] => ("frame".to_owned(), 11 + table(rest.get(9))),
        [0x21, label, ..] => (format!("{label:02X}"), 2),
        _ => return None,
    };
    loop {
        let length = usize::from(*rest.get(end)?);
        end += 1 + length;
        if length == 0 {
            return Some((name, end));
        }
    }
}

/// The parts put together again, with lengths and checksums made right.
pub fn join(format: Format, parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut joined = Vec::new();
    for (name, bytes) in parts {
        let start = joined.len();
        joined.extend(bytes);
        let part = &mut joined[start..];
        if format == Format::Png && name != "signature" && part.len() >= 12 {
            let data = part.len() - 12;
            part[..4].copy_from_slice(&u32::try_from(data).unwrap().to_be_bytes());
            let checksum = crc32fast::hash(&part[4..8 + data]);
            part[8 + data..].copy_from_slice(&checksum.to_be_bytes());
        }
    }
    if format == Format::WebP && joined.len() >= 8 {
        let length = u32::try_from(joined.len() - 8).unwrap();
        joined[4..8].copy_from_slice(&length.to_le_bytes());
    }
    joined
}

const ORIENTATION: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";

fn is_orientation(tiff: &[u8]) -> bool {
    let [rest @ .., _, 0, 0, 0, 0, 0, 0] = tiff else {
        return false;
    };
    rest == ORIENTATION && (2..=8).contains(&tiff[rest.len()])
}

/// Whether a profile has only tags of the board's list and fields of its header that compute something.
fn is_profile(profile: &[u8]) -> bool {
    let count = u32::from_be_bytes(profile[128..132].try_into().unwrap());
    let mut tags = profile[132..].chunks(12).take(count as usize);
    tags.all(|tag| {
        let text = matches!(&tag[..4], b"desc" | b"cprt");
        let one = matches!(&tag[..4], b"wtpt" | b"chad" | b"cicp");
        text || one || matches!(&tag[1..4], b"XYZ" | b"TRC") || matches!(tag[1..3], [b'2', _])
    }) && [4..8, 24..36, 40..64, 80..128]
        .map(|unneeded| profile[unneeded].iter().all(|byte| *byte == 0))
        == [true; 4]
}

/// Whether a part is one that the board may keep.
pub fn may_stay(format: Format, (name, bytes): &Part<'_>) -> bool {
    match (format, &name[..]) {
        (Format::Jpeg, "SOI" | "EOI" | "C0" | "C1" | "C2" | "C4" | "DA" | "DB" | "DD")
        | (
            Format::Png,
            "signature" | "IHDR" | "PLTE" | "IDAT" | "IEND" | "acTL" | "fcTL" | "fdAT",
        )
        | (Format::Gif, "screen" | "frame" | "trailer")
        | (Format::WebP, "RIFF" | "VP8 " | "VP8L" | "ALPH") => true,
        (Format::WebP, "ICCP") => is_profile(&bytes[8..]),
        (Format::Png, "iCCP") => bytes[8..17] == *b"profile\0\0",
        (Format::Jpeg, "E0") => {
            bytes.len() == 18 && bytes[4..9] == *b"JFIF\0" && bytes[16..] == [0, 0]
        }
        (Format::Jpeg, "E1") => bytes[4..10] == *b"Exif\0\0" && is_orientation(&bytes[10..]),
        (Format::Jpeg, "E2") => bytes[4..16] == *b"ICC_PROFILE\0",
        (Format::Jpeg, "EE") => bytes.len() == 16 && bytes[4..9] == *b"Adobe",
        (Format::Png, "cHRM") => bytes.len() == 12 + 32,
        (Format::Png, "gAMA" | "cICP") => bytes.len() == 12 + 4,
        (Format::Png, "sRGB") => bytes.len() == 12 + 1,
        (Format::Png, "mDCV") => bytes.len() == 12 + 24,
        (Format::Png, "cLLI") => bytes.len() == 12 + 8,
        (Format::Png, "pHYs") => bytes.len() == 12 + 9,
        (Format::Png, "sBIT") => bytes.len() <= 12 + 4,
        (Format::Png, "bKGD") => bytes.len() <= 12 + 6,
        (Format::Png, "tRNS") => bytes.len() <= 12 + 256,
        (Format::Png, "eXIf") => is_orientation(&bytes[8..bytes.len() - 4]),
        (Format::Gif, "F9") => bytes.len() == 8,
        (Format::Gif, "FF") => bytes.len() == 19 && bytes[3..14] == *b"NETSCAPE2.0",
        (Format::WebP, "VP8X") => {
            bytes.len() == 18 && bytes[8] & !0x32 == 0 && bytes[9..12] == [0; 3]
        }
        (Format::WebP, "ANIM") => bytes.len() == 8 + 6,
        (Format::WebP, "ANMF") => {
            let frame = [&[0; 12], &bytes[24..]].concat();
            let parts = of(format, &frame);
            parts
                .iter()
                .all(|(name, _)| matches!(&name[..], "RIFF" | "ALPH" | "VP8 " | "VP8L"))
        }
        _ => false,
    }
}
