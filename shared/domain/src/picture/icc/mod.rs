//! ICC profiles (ICC.1:2022). What is kept of one is a list: the tags by which colour is computed, and of
//! those the numbers. Its names, texts, dates and serial numbers, which are the same in every picture of one
//! camera or screen, go; the two texts that every profile must have are always the same.

mod element;
#[cfg(test)]
mod tests;

use super::Picture;
use super::reader::{Reader, index};

/// The tags (9.2) by which browsers compute colour, in the order in which they are written. `D2B0` and its kin
/// (10.16) say the same in floating point numbers: neither skcms (Chromium) nor qcms (Firefox) reads them.
const COLOUR: [&[u8; 4]; 16] = [
    b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"cicp",
    b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2",
];
/// Without one of these there is nothing to compute with.
const NEEDED: [&[u8; 4]; 6] = [b"rTRC", b"kTRC", b"cicp", b"A2B0", b"A2B1", b"A2B2"];
const DESCRIPTION: &str = "Colour profile";
const COPYRIGHT: &str = "Not stated";

pub(super) const HEADER: usize = 128;
/// The number of tags, and then each: what it is, where its element begins, and how long that is.
const TAG_COUNT: usize = 4;
const TAG: usize = 12;

/// The profile with what computes colour and nothing else; `None` if it is no profile. Like browsers this
/// minds nothing behind it.
pub(super) fn cleaned(profile: &[u8]) -> Option<Vec<u8>> {
    let size = stated_size(profile)?;
    let profile = profile.get(..size)?;
    let is_old = *profile.get(8)? < 4;
    let mut elements = vec![
        (b"desc", element::description(DESCRIPTION, is_old)),
        (b"cprt", element::copyright(COPYRIGHT, is_old)),
    ];
    let mut left = Picture::LIMIT;
    for tag in COLOUR {
        if let Some(numbers) = find(profile, *tag).and_then(element::numbers) {
            // Elements that overlap come out longer than they went in.
            left = left.checked_sub(numbers.len())?;
            elements.push((tag, numbers));
        }
    }
    if !elements.iter().any(|(tag, _)| NEEDED.contains(tag)) {
        return None;
    }
    written(&cleaned_header(profile)?, &elements)
}

/// How long a profile says that it is, if it begins as one (7.2).
pub(super) fn stated_size(beginning: &[u8]) -> Option<usize> {
    let size = index(Reader::new(beginning).u32_be().ok()?);
    let is_profile = beginning.get(36..40)? == b"acsp";
    (is_profile && (HEADER + TAG_COUNT..=Picture::LIMIT).contains(&size)).then_some(size)
}

/// The element of the first tag of this name.
fn find(profile: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let mut table = Reader::new(profile.get(HEADER..)?);
    for _ in 0..table.u32_be().ok()? {
        let name: [u8; 4] = table.array().ok()?;
        let (start, length) = (index(table.u32_be().ok()?), index(table.u32_be().ok()?));
        if name == tag {
            return profile.get(start..)?.get(..length);
        }
    }
    None
}

/// Version, class, colour spaces, rendering intent and illuminant; zeros for who made it with what, for which
/// device, when and where.
fn cleaned_header(profile: &[u8]) -> Option<[u8; HEADER]> {
    let mut header = [0; HEADER];
    for kept in [8..10, 12..24, 36..40, 68..80] {
        header
            .get_mut(kept.clone())?
            .copy_from_slice(profile.get(kept)?);
    }
    // One of four; with another Firefox would take the profile for none.
    if let [0, 0, 0, intent @ 0..=3] = *profile.get(64..68)? {
        header[67] = intent;
    }
    Some(header)
}

/// A profile of these elements, each of which stands there once.
fn written(header: &[u8; HEADER], elements: &[(&[u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let mut profile = header.to_vec();
    profile.extend(u32::try_from(elements.len()).ok()?.to_be_bytes());
    let mut end = HEADER + TAG_COUNT + TAG * elements.len();
    let mut places: Vec<(&[u8], usize)> = Vec::new();
    for (tag, element) in elements {
        let same = places.iter().find(|(other, _)| other == element);
        let start = same.map_or(end, |(_, start)| *start);
        if start == end {
            places.push((element, start));
            end += element.len().next_multiple_of(4);
        }
        profile.extend(**tag);
        profile.extend(u32::try_from(start).ok()?.to_be_bytes());
        profile.extend(u32::try_from(element.len()).ok()?.to_be_bytes());
    }
    for (element, start) in places {
        profile.resize(start, 0);
        profile.extend(element);
    }
    profile.resize(end, 0);
    let size = u32::try_from(end).ok()?.to_be_bytes();
    profile.get_mut(..4)?.copy_from_slice(&size);
    Some(profile)
}
