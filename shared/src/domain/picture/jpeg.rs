//! JPEG (ITU-T T.81, annex B): marker segments, and entropy-coded data after each start of scan.

use std::collections::BTreeMap;

use bytes::Bytes;
use memchr::memchr;

use super::exif::Orientation;
use super::icc;
use super::kept::Kept;
use super::reader::{CUT_SHORT, Malformed, Reader};
use super::{Allowance, InvalidPicture, PARTS, SCANS, Walked};

const JFIF: &[u8] = b"JFIF\0";
const ADOBE: &[u8] = b"Adobe";
const ICC: &[u8] = b"ICC_PROFILE\0";
const EXIF: &[u8] = b"Exif\0";

/// Markers by their second byte (table B.1).
const EOI: u8 = 0xd9;
const SOI: u8 = 0xd8;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;

/// Keeps the tables, the frame and its scans, and of the application segments JFIF, Adobe's and a whole ICC
/// profile: what browsers go by. Of EXIF they go by the first block before the first scan.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    let mut kept = Kept::of(bytes);
    reader.take(2)?; // SOI
    kept.keep(0..2);
    let mut parts = Allowance(PARTS);
    let mut scans = Allowance(SCANS);
    let mut frame: Option<Frame<'_>> = None;
    let mut scanned = false;
    let mut orientation = None;
    let mut profile = None;
    loop {
        parts.take()?;
        let before = reader.clone();
        let marker = next_marker(&mut reader)?;
        let start = reader.position() - 2;
        if marker == EOI {
            kept.keep(start..reader.position());
            break;
        }
        if stands_alone(marker)? {
            continue;
        }
        let segment = segment(&mut reader)?;
        match marker {
            // Start of frame: baseline, extended, progressive.
            0xc0..=0xc2 => {
                if frame.replace(Frame::parse(segment)?).is_some() {
                    return Err(Malformed("it has several frames").into());
                }
            }
            0xc4 => check_huffman_tables(segment)?,
            0xdb => check_quantization_tables(segment)?,
            0xdd if segment.len() == 2 => {} // restart interval
            0xdd => return Err(Malformed("its restart interval is wrong").into()),
            SOS => {
                let frame = frame
                    .as_ref()
                    .ok_or(Malformed("its image comes before its size"))?;
                frame.check_scan(segment)?;
                scans.take()?;
                scanned = true;
                skip_entropy_coded(&mut reader)?;
            }
            // Lossless, hierarchical, arithmetic.
            0xc3 | 0xc5..=0xcb | 0xcd..=0xcf | 0xde | 0xdf => {
                return Err(Malformed("it is of a kind that browsers do not show").into());
            }
            APP0 if !scanned && segment.len() >= 14 && segment.starts_with(JFIF) => {
                kept.add(&without_thumbnail(segment));
                continue;
            }
            APP1 if !scanned && orientation.is_none() && segment.starts_with(EXIF) => {
                // After the name comes a byte that pads it.
                let found = Orientation::read(segment.get(EXIF.len() + 1..).unwrap_or_default());
                orientation = Some(found);
                if found != Orientation::AS_STORED {
                    kept.add(&[&[0xff, APP1, 0, 34][..], EXIF, &[0], &found.block()].concat());
                }
                continue;
            }
            APP2 if !scanned && segment.starts_with(ICC) => {
                let is_whole = match profile {
                    Some(known) => known,
                    None => *profile.insert(carries_profile(before)?),
                };
                if !is_whole {
                    continue;
                }
            }
            APP14 if !scanned && segment.len() >= 12 && segment.starts_with(ADOBE) => {
                kept.add(&[&[0xff, APP14, 0, 14], &segment[..12]].concat());
                continue;
            }
            // Arithmetic conditioning and a number of lines, which browsers do not go by; all other
            // application segments, and comments.
            0xcc | 0xdc | 0xe0..=0xef | 0xfe => continue,
            _ => return Err(Malformed("it has an unknown marker").into()),
        }
        kept.keep(start..reader.position());
    }
    match frame {
        Some(frame) if scanned => Ok(Walked::new(
            (frame.width, frame.height),
            orientation.unwrap_or(Orientation::AS_STORED),
            kept,
        )),
        _ => Err(Malformed("it has no image").into()),
    }
}

/// Whether a marker has no segment: TEM and the restarts, which have no meaning here.
fn stands_alone(marker: u8) -> Result<bool, Malformed> {
    match marker {
        0x00 | SOI => Err(Malformed("it has a marker in the wrong place")),
        _ => Ok(matches!(marker, 0x01 | 0xd0..=0xd7)),
    }
}

/// The marker's second byte; any number of fill bytes may come before it.
fn next_marker(reader: &mut Reader<'_>) -> Result<u8, Malformed> {
    if reader.u8()? != 0xff {
        return Err(Malformed("a marker is missing"));
    }
    loop {
        match reader.u8()? {
            0xff => {}
            marker => return Ok(marker),
        }
    }
}

fn segment<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let length = usize::from(reader.u16_be()?);
    reader.take(
        length
            .checked_sub(2)
            .ok_or(Malformed("a segment has no length"))?,
    )
}

/// A JFIF segment (ITU-T T.871) that says it has no thumbnail.
fn without_thumbnail(segment: &[u8]) -> [u8; 18] {
    let mut fresh = [0; 18];
    fresh[..4].copy_from_slice(&[0xff, APP0, 0, 16]);
    fresh[4..16].copy_from_slice(&segment[..12]);
    fresh
}

/// Whether the segments from here to the first scan carry one whole profile (ICC.1, B.4): numbered from 1
/// and in any order, as many as each of them says. Otherwise browsers take none of them.
fn carries_profile(mut reader: Reader<'_>) -> Result<bool, Malformed> {
    let mut pieces = BTreeMap::new();
    let mut stated = None;
    loop {
        let marker = next_marker(&mut reader)?;
        if matches!(marker, SOS | EOI) {
            break;
        }
        if stands_alone(marker)? {
            continue;
        }
        let segment = segment(&mut reader)?;
        if marker == APP2
            && let Some(piece) = segment.strip_prefix(ICC)
        {
            let [number, count, data @ ..] = piece else {
                return Ok(false);
            };
            let differs = *stated.get_or_insert(*count) != *count;
            if differs || pieces.insert(*number, data).is_some() {
                return Ok(false);
            }
        }
    }
    let is_complete = pieces.keys().copied().eq(1..=stated.unwrap_or(0));
    let length = pieces.values().map(|piece| piece.len()).sum();
    let first = pieces.get(&1).copied().unwrap_or_default();
    Ok(is_complete && icc::is_profile(first, length))
}

/// A frame header (B.2.2).
struct Frame<'a> {
    width: u32,
    height: u32,
    /// Identifier, sampling and quantization table of each.
    components: &'a [[u8; 3]],
}

impl<'a> Frame<'a> {
    fn parse(segment: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(segment);
        let precision = reader.u8()?;
        let height = reader.u16_be()?;
        let width = reader.u16_be()?;
        let count = reader.u8()?;
        if width == 0 || height == 0 || count == 0 {
            return Err(Malformed("it has no size"));
        }
        if precision != 8 || count > 4 {
            return Err(Malformed("it is of a kind that browsers do not show"));
        }
        let (components, rest) = reader.rest().as_chunks();
        if components.len() != usize::from(count) || !rest.is_empty() {
            return Err(Malformed("its frame header has a wrong length"));
        }
        let is_right = |[_, sampling, table]: &[u8; 3]| {
            matches!(sampling >> 4, 1..=4) && matches!(sampling & 0xf, 1..=4) && *table < 4
        };
        if !components.iter().all(is_right) {
            return Err(Malformed("its frame header is wrong"));
        }
        Ok(Self {
            width: width.into(),
            height: height.into(),
            components,
        })
    }

    /// A scan header (B.2.3): its components are the frame's, and then come three bytes.
    fn check_scan(&self, segment: &[u8]) -> Result<(), Malformed> {
        const WRONG: Malformed = Malformed("a scan header is wrong");
        let mut reader = Reader::new(segment);
        let count = reader.u8()?;
        if !(1..=4).contains(&count) || reader.rest().len() != 2 * usize::from(count) + 3 {
            return Err(WRONG);
        }
        for _ in 0..count {
            let [component, tables] = reader.array()?;
            let is_known = self.components.iter().any(|[id, ..]| *id == component);
            if !is_known || tables >> 4 > 3 || tables & 0xf > 3 {
                return Err(WRONG);
            }
        }
        let [first, last, _] = reader.array()?;
        if first > last || last > 63 {
            return Err(WRONG);
        }
        Ok(())
    }
}

/// Quantization tables (B.2.4.1): 64 values each, of one or two bytes.
fn check_quantization_tables(segment: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(segment);
    while !reader.rest().is_empty() {
        match reader.u8()? {
            0x00..=0x03 => reader.take(64)?,
            0x10..=0x13 => reader.take(128)?,
            _ => return Err(Malformed("a table is wrong")),
        };
    }
    Ok(())
}

/// Huffman tables (B.2.4.2): how many codes there are of each length, then their values.
fn check_huffman_tables(segment: &[u8]) -> Result<(), Malformed> {
    const WRONG: Malformed = Malformed("a table is wrong");
    let mut reader = Reader::new(segment);
    while !reader.rest().is_empty() {
        if !matches!(reader.u8()?, 0x00..=0x03 | 0x10..=0x13) {
            return Err(WRONG);
        }
        let counts: [u8; 16] = reader.array()?;
        let codes = counts.map(usize::from).iter().sum();
        if codes > 256 {
            return Err(WRONG);
        }
        reader.take(codes)?;
    }
    Ok(())
}

/// Up to the next marker that is neither a stuffed zero nor a restart.
fn skip_entropy_coded(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let rest = reader.rest();
    let mut at = 0;
    loop {
        let ahead = rest.get(at..).unwrap_or_default();
        at += memchr(0xff, ahead).ok_or(CUT_SHORT)?;
        match rest.get(at + 1).ok_or(CUT_SHORT)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return reader.take(at).map(|_| ()),
        }
    }
}
