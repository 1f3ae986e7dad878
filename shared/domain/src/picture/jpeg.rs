//! JPEG (ITU-T T.81, annex B): marker segments, and entropy-coded data after each start of scan.

use std::collections::BTreeMap;

use bytes::Bytes;
use memchr::memchr;

use super::exif::Orientation;
use super::icc;
use super::kept::Kept;
use super::reader::{CUT_SHORT, Malformed, Reader};
use super::{Allowance, InvalidPicture, SCANS, Walked, parts};

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
const APP15: u8 = 0xef;

/// Keeps the tables, the frame and its scans, and of the application segments JFIF, Adobe's and a whole ICC
/// profile: what browsers go by. Of EXIF they go by the first block before the first scan. What else is
/// between segments goes, too.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    let mut kept = Kept::of(bytes);
    reader.take(2)?; // SOI
    kept.keep(0..2);
    let mut parts = parts(bytes.len());
    let mut scans_left = Allowance(SCANS);
    let mut frame: Option<Frame<'_>> = None;
    let mut scans = 0;
    let mut tables = Tables::default();
    let mut ends_with_scan = false;
    let mut application = Application::default();
    loop {
        let before = reader.clone();
        let marker = match next_marker(&mut reader) {
            // Browsers show all of a picture only where a marker follows its last scan and so tells them that the scan
            // is over.
            Err(_) if ends_with_scan => {
                kept.add(&[0xff, EOI]);
                break;
            }
            found => found?,
        };
        let start = reader.position() - 2;
        if marker == EOI {
            kept.keep(start..reader.position());
            break;
        }
        if stands_alone(marker)? {
            continue;
        }
        parts.take()?;
        let segment = segment(&mut reader, marker)?;
        match marker {
            // Start of frame: baseline, extended, progressive.
            0xc0..=0xc2 => {
                if frame.replace(Frame::parse(marker, segment)?).is_some() {
                    return Err(Malformed("it has several frames").into());
                }
            }
            0xc4 => tables.huffman |= huffman_tables(segment)?,
            0xdb => tables.quantization |= quantization_tables(segment)?,
            0xdd if segment.len() == 2 => {} // restart interval
            0xdd => return Err(Malformed("its restart interval is wrong").into()),
            SOS => {
                let frame = frame
                    .as_ref()
                    .ok_or(Malformed("its image comes before its size"))?;
                frame.check_scan(segment, &tables)?;
                scans_left.take()?;
                scans += 1;
                skip_entropy_coded(&mut reader)?;
            }
            // Lossless, hierarchical, arithmetic.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Err(Malformed("it is of a kind that browsers do not show").into());
            }
            APP0..=APP15 if scans == 0 => {
                application.keep(marker, segment, before, &mut kept)?;
                continue;
            }
            // What browsers do not go by: later application segments, comments, arithmetic conditioning, a number
            // of lines, and what is reserved or belongs to hierarchical pictures.
            _ => continue,
        }
        kept.keep(start..reader.position());
        // Tables are for a scan that follows.
        ends_with_scan = marker == SOS;
    }
    match frame {
        Some(frame) if scans > 0 => Ok(Walked {
            scans,
            ..Walked::new(
                (frame.width, frame.height),
                application.orientation.unwrap_or(Orientation::AS_STORED),
                kept,
            )
        }),
        _ => Err(Malformed("it has no image").into()),
    }
}

/// What the application segments before the first scan say of the picture.
#[derive(Default)]
struct Application {
    orientation: Option<Orientation>,
    is_profiled: bool,
}

impl Application {
    /// Keeps of a segment what browsers go by. The reader is `before` it: a profile goes on in further segments.
    fn keep(
        &mut self,
        marker: u8,
        segment: &[u8],
        before: Reader<'_>,
        kept: &mut Kept<'_>,
    ) -> Result<(), InvalidPicture> {
        match marker {
            APP0 if segment.len() >= 14 && segment.starts_with(JFIF) => {
                kept.add(&without_thumbnail(segment));
            }
            APP1 if self.orientation.is_none() && segment.starts_with(EXIF) => {
                // After the name comes a byte that pads it.
                let found = Orientation::read(segment.get(EXIF.len() + 1..).unwrap_or_default());
                self.orientation = Some(found);
                if found != Orientation::AS_STORED {
                    kept.add(&[&[0xff, APP1, 0, 34][..], EXIF, &[0], &found.block()].concat());
                }
            }
            APP2 if !self.is_profiled && segment.starts_with(ICC) => {
                self.is_profiled = true;
                for piece in profile(before)?.iter().flat_map(|whole| pieces(whole)) {
                    kept.add(&piece);
                }
            }
            APP14 if segment.len() >= 12 && segment.starts_with(ADOBE) => {
                kept.add(&[&[0xff, APP14, 0, 14], &segment[..12]].concat());
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a marker has no segment: TEM, the restarts, which have no meaning here, and what is reserved.
fn stands_alone(marker: u8) -> Result<bool, Malformed> {
    match marker {
        SOI => Err(Malformed("it has a marker in the wrong place")),
        _ => Ok(matches!(marker, 0x01..=0xbf | 0xd0..=0xd7)),
    }
}

/// The next marker's second byte. Browsers skip whatever comes before it, and zeros that are stuffed where
/// they need not be.
fn next_marker(reader: &mut Reader<'_>) -> Result<u8, Malformed> {
    loop {
        reader.take(memchr(0xff, reader.rest()).ok_or(CUT_SHORT)?)?;
        let fill = reader.rest().iter().take_while(|byte| **byte == 0xff);
        reader.take(fill.count())?;
        match reader.u8()? {
            0x00 => {}
            marker => return Ok(marker),
        }
    }
}

/// What belongs to a marker. Of an application segment or a comment that is what there is of it, and without a length
/// nothing.
fn segment<'a>(reader: &mut Reader<'a>, marker: u8) -> Result<&'a [u8], Malformed> {
    match (usize::from(reader.u16_be()?).checked_sub(2), marker) {
        (Some(length), 0xe0..=0xfe) => reader.take(length.min(reader.rest().len())),
        (Some(length), _) => reader.take(length),
        (None, 0xcc | 0xdc | 0xe0..=0xfe) => Ok(&[]),
        (None, _) => Err(Malformed("a segment has no length")),
    }
}

/// A JFIF segment (ITU-T T.871) that says it has no thumbnail.
fn without_thumbnail(segment: &[u8]) -> [u8; 18] {
    let mut fresh = [0; 18];
    fresh[..4].copy_from_slice(&[0xff, APP0, 0, 16]);
    fresh[4..16].copy_from_slice(&segment[..12]);
    fresh
}

/// The profile that the segments from here to the first scan carry (ICC.1, B.4), cleaned. As in Chromium its
/// pieces are numbered from 1 and come in any order, and with the last of them it is whole, whatever follows.
fn profile(mut reader: Reader<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    let mut pieces = BTreeMap::new();
    let mut stated = None;
    loop {
        let marker = next_marker(&mut reader)?;
        if matches!(marker, SOS | EOI) {
            return Ok(None);
        }
        if stands_alone(marker)? {
            continue;
        }
        let segment = segment(&mut reader, marker)?;
        let Some([number, count, data @ ..]) = segment.strip_prefix(ICC) else {
            continue;
        };
        if marker != APP2 || data.is_empty() {
            continue;
        }
        let all = *stated.get_or_insert(*count);
        let is_right = *count == all && (1..=all).contains(number);
        if !is_right || pieces.insert(*number, data).is_some() {
            return Ok(None);
        }
        if pieces.len() == usize::from(all) {
            let whole: Vec<&[u8]> = pieces.into_values().collect();
            return Ok(icc::cleaned(&whole.concat()));
        }
    }
}

/// The segments that carry a profile, each as long as it can be.
fn pieces(profile: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let data = profile.chunks(usize::from(u16::MAX) - 2 - ICC.len() - 2);
    let count = u8::try_from(data.len()).unwrap_or(0);
    (1..=count).zip(data).map(move |(number, data)| {
        let length = u16::try_from(2 + ICC.len() + 2 + data.len()).unwrap_or(0);
        let length = length.to_be_bytes();
        [&[0xff, APP2], &length, ICC, &[number, count], data].concat()
    })
}

/// The tables that there are so far.
#[derive(Default)]
struct Tables {
    /// A bit for each quantization table.
    quantization: u8,
    /// A bit for each Huffman table, as `huffman_table` says.
    huffman: u8,
}

/// The classes of Huffman tables: for the first coefficient, and for the others.
const DC: u8 = 0;
const AC: u8 = 1;

/// The bit of a Huffman table, of its class and its number in four bits each.
const fn huffman_table(class_and_number: u8) -> u8 {
    1 << (4 * (class_and_number >> 4) + (class_and_number & 3))
}

/// The standard's tables: the first two of each class.
const STANDARD: u8 = 0b11_0011;

/// A frame header (B.2.2).
struct Frame<'a> {
    is_progressive: bool,
    width: u32,
    height: u32,
    /// The identifier, the sampling and the quantization table of each component.
    components: &'a [[u8; 3]],
}

impl<'a> Frame<'a> {
    fn parse(marker: u8, segment: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(segment);
        let precision = reader.u8()?;
        let height = reader.u16_be()?;
        let width = reader.u16_be()?;
        let count = reader.u8()?;
        if width == 0 || height == 0 || count == 0 {
            return Err(Malformed("it has no size"));
        }
        if precision != 8 || !matches!(count, 1 | 3 | 4) {
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
            is_progressive: marker == 0xc2,
            width: width.into(),
            height: height.into(),
            components,
        })
    }

    /// A scan header (B.2.3): its components are the frame's, whose tables are there, and then come three bytes. It is
    /// checked as libjpeg does, by which browsers show nothing of a picture with a scan that fails.
    fn check_scan(&self, segment: &[u8], tables: &Tables) -> Result<(), Malformed> {
        const WRONG: Malformed = Malformed("a scan header is wrong");
        /// How many blocks a scan of several components has at most in a unit (B.2.3).
        const MOST_BLOCKS: u8 = 10;
        let mut reader = Reader::new(segment);
        let count = reader.u8()?;
        if !(1..=4).contains(&count) || reader.rest().len() != 2 * usize::from(count) + 3 {
            return Err(WRONG);
        }
        let components = reader.take(2 * usize::from(count))?.as_chunks().0;
        let [first, last, approximation] = reader.array()?;
        let (before, now) = (approximation >> 4, approximation & 0xf);
        // Which coefficients a progressive scan has (G.1.1.1.1), and to which bit: the first of all components by itself,
        // the others of one. A sequential scan has all, and nobody minds what its header says of them.
        let is_right = match first {
            0 => last == 0,
            _ => (first..=63).contains(&last) && count == 1,
        } && (before == 0 || before == now + 1)
            && now <= 13;
        if self.is_progressive && !is_right {
            return Err(WRONG);
        }
        // Motion JPEG has no Huffman tables where they are the standard's (K.3), which libjpeg has for sequential pictures.
        let huffman = tables.huffman | if self.is_progressive { 0 } else { STANDARD };
        let has =
            |class: u8, table: u8| table < 4 && huffman & huffman_table(class << 4 | table) != 0;
        // A bit for each component of the frame that the scan has.
        let mut found = 0_u8;
        let mut blocks = 0;
        for (number, [id, selected]) in components.iter().enumerate() {
            // Components come in the frame's order, where several may have the same name.
            let mut named = self.components.iter().enumerate().skip(number);
            let (place, [_, sampling, quantization]) =
                named.find(|(_, [name, ..])| name == id).ok_or(WRONG)?;
            let (dc, ac) = (selected >> 4, selected & 0xf);
            let has_huffman = match (self.is_progressive, first, before) {
                (false, ..) => has(DC, dc) && has(AC, ac),
                (true, 0, 0) => has(DC, dc),
                // A further bit of the first coefficient is stored as it is.
                (true, 0, _) => true,
                (true, ..) => has(AC, ac),
            };
            let is_quantized = tables.quantization & (1 << quantization) != 0;
            if found & (1 << place) != 0 || !is_quantized || !has_huffman {
                return Err(WRONG);
            }
            found |= 1 << place;
            blocks += (sampling >> 4) * (sampling & 0xf);
        }
        if count > 1 && blocks > MOST_BLOCKS {
            return Err(WRONG);
        }
        Ok(())
    }
}

/// Quantization tables (B.2.4.1), 64 values each, of one or two bytes: a bit for each that is there.
fn quantization_tables(segment: &[u8]) -> Result<u8, Malformed> {
    let mut reader = Reader::new(segment);
    let mut tables = 0;
    while !reader.rest().is_empty() {
        let table = reader.u8()?;
        match table {
            0x00..=0x03 => reader.take(64)?,
            0x10..=0x13 => reader.take(128)?,
            _ => return Err(Malformed("a table is wrong")),
        };
        tables |= 1 << (table & 3);
    }
    Ok(tables)
}

/// Huffman tables (B.2.4.2): how many codes there are of each length, then their values. Answers a bit for each that is
/// there.
fn huffman_tables(segment: &[u8]) -> Result<u8, Malformed> {
    const WRONG: Malformed = Malformed("a table is wrong");
    let mut reader = Reader::new(segment);
    let mut tables = 0;
    while !reader.rest().is_empty() {
        let table = reader.u8()?;
        if !matches!(table, 0x00..=0x03 | 0x10..=0x13) {
            return Err(WRONG);
        }
        let counts: [u8; 16] = reader.array()?;
        // Codes are numbered through, one bit more for each length, and none is of ones alone (C.2).
        let mut codes = 0_u32;
        for (shorter, count) in counts.iter().enumerate() {
            codes = 2 * codes + u32::from(*count);
            if codes >= 2 << shorter {
                return Err(WRONG);
            }
        }
        let values = reader.take(counts.map(usize::from).iter().sum())?;
        // How many bits follow for the first coefficient.
        if values.len() > 256 || (table >> 4 == DC && values.iter().any(|bits| *bits > 15)) {
            return Err(WRONG);
        }
        tables |= huffman_table(table);
    }
    Ok(tables)
}

/// Up to the next marker that is neither a stuffed zero nor a restart. Where browsers meet one of the reserved
/// ones they go on with the next restart.
fn skip_entropy_coded(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let rest = reader.rest();
    let mut at = 0;
    loop {
        let ahead = rest.get(at..).unwrap_or_default();
        at += memchr(0xff, ahead).ok_or(CUT_SHORT)?;
        match rest.get(at + 1).ok_or(CUT_SHORT)? {
            0x00..=0xbf | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return reader.take(at).map(|_| ()),
        }
    }
}
