//! The elements of a profile (ICC.1:2022, clause 10): of those that hold numbers the numbers, and of texts only
//! our own.

use std::ops::Range;

use super::super::reader::index;

/// Every element begins with its type and four bytes that mean nothing.
const START: usize = 8;

/// The element with nothing but its numbers; `None` if it is of another type or shorter than it must be.
pub(super) fn numbers(element: &[u8]) -> Option<Vec<u8>> {
    match element.get(..4)? {
        b"XYZ " => part(element, START..START + 12),
        b"sf32" => part(element, START..START + 36),
        b"cicp" => part(element, START..START + 4),
        b"curv" | b"para" => curve(element),
        b"mft1" | b"mft2" => table(element),
        b"mAB " | b"mBA " => stages(element),
        _ => None,
    }
}

/// The type of an element, and a part of it.
fn part(element: &[u8], kept: Range<usize>) -> Option<Vec<u8>> {
    let mut numbers = vec![0; START];
    numbers[..4].copy_from_slice(element.get(..4)?);
    numbers.extend(element.get(kept)?);
    Some(numbers)
}

fn u16_at(element: &[u8], at: usize) -> Option<usize> {
    let bytes = element.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(bytes).into())
}

fn u32_at(element: &[u8], at: usize) -> Option<usize> {
    let bytes = element.get(at..at + 4)?.try_into().ok()?;
    Some(index(u32::from_be_bytes(bytes)))
}

/// A curve by points (10.6) or by a function (10.18).
fn curve(element: &[u8]) -> Option<Vec<u8>> {
    if element.starts_with(b"curv") {
        let points = u32_at(element, START)?;
        return part(element, START..points.checked_mul(2)?.checked_add(12)?);
    }
    let parameters = *[1, 3, 4, 5, 7].get(u16_at(element, START)?)?;
    let mut numbers = part(element, START..12 + 4 * parameters)?;
    numbers[START + 2..12].fill(0);
    Some(numbers)
}

/// Curves, a matrix and a table of one or two bytes a number (10.10, 10.11).
fn table(element: &[u8]) -> Option<Vec<u8>> {
    let [inputs, outputs, grid] = channels(element)?;
    let (width, start) = if element.starts_with(b"mft1") {
        (1, 48)
    } else {
        (2, 52)
    };
    let [before, after] = if width == 1 {
        [256; 2]
    } else {
        [u16_at(element, 48)?, u16_at(element, 50)?]
    };
    let points = grid.checked_pow(u32::try_from(inputs).ok()?)?;
    let numbers = points
        .checked_mul(outputs)?
        .checked_add(before * inputs + after * outputs)?;
    let mut numbers = part(element, START..start + numbers.checked_mul(width)?)?;
    numbers[START + 3] = 0;
    Some(numbers)
}

/// How many channels go in, how many come out, and the byte after these two.
fn channels(element: &[u8]) -> Option<[usize; 3]> {
    let channels: [u8; 3] = element.get(START..START + 3)?.try_into().ok()?;
    Some(channels.map(usize::from))
}

/// Stages of curves, a matrix and a table (10.12, 10.13), one behind the other.
fn stages(element: &[u8]) -> Option<Vec<u8>> {
    const STAGES: usize = 12;
    let [inputs, outputs, _] = channels(element)?;
    // `mAB ` leads from the device to the space in which profiles meet, `mBA ` back: `here` is the device's side.
    let (here, there) = if element.starts_with(b"mAB ") {
        (inputs, outputs)
    } else {
        (outputs, inputs)
    };
    let mut numbers = part(element, START..START + 2)?;
    numbers.resize(32, 0);
    for stage in 0..5 {
        let field = STAGES + 4 * stage;
        let start = u32_at(element, field)?;
        if start == 0 {
            continue;
        }
        let data = element.get(start..)?;
        let data = match stage {
            0 | 2 => curves(data, there)?,
            1 => data.get(..48)?.to_vec(),
            3 => grid(data, inputs, outputs)?,
            _ => curves(data, here)?,
        };
        let place = u32::try_from(numbers.len()).ok()?.to_be_bytes();
        numbers[field..field + 4].copy_from_slice(&place);
        append(&mut numbers, &data, element)?;
    }
    Some(numbers)
}

/// Appends a part of the element, padded. Some share their parts, which are written each for itself here; that
/// is not an invitation to write one part any number of times.
fn append(numbers: &mut Vec<u8>, data: &[u8], element: &[u8]) -> Option<()> {
    numbers.extend(data);
    numbers.resize(numbers.len().next_multiple_of(4), 0);
    (numbers.len() <= 2 * element.len() + 64).then_some(())
}

/// Reads `count` curves, each of which begins at a multiple of four bytes.
fn curves(mut data: &[u8], count: usize) -> Option<Vec<u8>> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        let curve = curve(data)?;
        let end = curve.len().next_multiple_of(4);
        numbers.extend(curve);
        numbers.resize(numbers.len().next_multiple_of(4), 0);
        data = data.get(end..).unwrap_or_default();
    }
    Some(numbers)
}

/// A table with its own number of points for each input.
fn grid(data: &[u8], inputs: usize, outputs: usize) -> Option<Vec<u8>> {
    const HEADER: usize = 20;
    let mut points = 1_usize;
    for grid in data.get(..16)?.get(..inputs)? {
        points = points.checked_mul((*grid).into())?;
    }
    let width = *data.get(16)?;
    if !(1..=2).contains(&width) {
        return None;
    }
    let length = points.checked_mul(outputs)?.checked_mul(width.into())?;
    let mut numbers = data.get(..length.checked_add(HEADER)?)?.to_vec();
    numbers[inputs..16].fill(0);
    numbers[17..HEADER].fill(0);
    Some(numbers)
}

/// A text of ours in one language (10.15).
fn localized(text: &str) -> Vec<u8> {
    let characters: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let length = u32::try_from(characters.len()).unwrap_or(0).to_be_bytes();
    let start = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS";
    [&start[..], &length, &[0, 0, 0, 28], &characters].concat()
}

/// The text that names a profile; before version 4 with two more ways to write it, which are left empty.
pub(super) fn description(text: &str, is_old: bool) -> Vec<u8> {
    if !is_old {
        return localized(text);
    }
    let length = u32::try_from(text.len() + 1).unwrap_or(0).to_be_bytes();
    [
        b"desc\0\0\0\0",
        &length[..],
        text.as_bytes(),
        &[0; 1 + 8 + 3 + 67],
    ]
    .concat()
}

/// The text that says whose a profile is.
pub(super) fn copyright(text: &str, is_old: bool) -> Vec<u8> {
    if is_old {
        [b"text\0\0\0\0", text.as_bytes(), b"\0"].concat()
    } else {
        localized(text)
    }
}
