//! JPEG (ITU-T T.81, annex B): marker segments, and entropy-coded data after each start of scan.

use super::Measured;
use super::exif;
use super::reader::{CUT_SHORT, Malformed, Reader};

const EXIF: &[u8] = b"Exif\0\0";

pub(super) fn measure(bytes: &[u8]) -> Result<Measured, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.take(2)?; // SOI
    let mut size = None;
    let mut scanned = false;
    let mut turned = None;
    loop {
        match next_marker(&mut reader)? {
            0xd9 if scanned => break,
            0xd9 => return Err(Malformed("it has no image")),
            0x01 | 0xd0..=0xd7 => {} // TEM, RST: markers without a segment
            0x00 | 0xd8 => return Err(Malformed("it has a marker in the wrong place")),
            marker => {
                let segment = segment(&mut reader)?;
                match marker {
                    // Start of frame: baseline, extended, progressive.
                    0xc0..=0xc2 => {
                        let first = size.replace(frame_size(segment)?).is_none();
                        first
                            .then_some(())
                            .ok_or(Malformed("it has several frames"))?;
                    }
                    // A browser goes by the first.
                    0xe1 => {
                        if let (None, Some(tiff)) = (turned, segment.strip_prefix(EXIF)) {
                            turned = Some(exif::swaps_sides(tiff));
                        }
                    }
                    0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                        return Err(Malformed("it is of a kind that browsers do not show"));
                    }
                    0xda => {
                        if size.is_none() {
                            return Err(Malformed("its image comes before its size"));
                        }
                        scanned = true;
                        skip_entropy_coded(&mut reader)?;
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(Measured::new(
        size.ok_or(Malformed("it has no size"))?,
        turned == Some(true),
        reader.position(),
    ))
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

fn frame_size(segment: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(segment);
    reader.u8()?; // sample precision
    let height = reader.u16_be()?;
    let width = reader.u16_be()?;
    let components = reader.u8()?;
    if width == 0 || height == 0 || components == 0 {
        return Err(Malformed("it has no size"));
    }
    if reader.rest().len() != 3 * usize::from(components) {
        return Err(Malformed("its frame header has a wrong length"));
    }
    Ok((width.into(), height.into()))
}

/// Up to the next marker that is neither a stuffed zero nor a restart.
fn skip_entropy_coded(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let rest = reader.rest();
    let mut at = 0;
    loop {
        at += rest
            .get(at..)
            .and_then(|rest| rest.iter().position(|byte| *byte == 0xff))
            .ok_or(CUT_SHORT)?;
        match rest.get(at + 1).ok_or(CUT_SHORT)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return reader.take(at).map(|_| ()),
        }
    }
}
