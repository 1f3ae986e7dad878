//! GIF (89a specification): a logical screen, then blocks of sub-blocks up to the trailer.

use bytes::Bytes;

use super::exif::Orientation;
use super::kept::Kept;
use super::reader::{Malformed, Reader};
use super::{Allowance, FRAMES, InvalidPicture, PARTS, Walked};

/// Keeps the screen, the frames with their graphic controls, and how often they are repeated; other
/// extensions (comments, XMP, a profile that browsers do not read) go.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    let mut kept = Kept::of(bytes);
    let mut parts = Allowance(PARTS);
    let mut frames = Allowance(FRAMES);
    reader.take(6)?;
    let (width, height) = (reader.u16_le()?, reader.u16_le()?);
    if width == 0 || height == 0 {
        return Err(Malformed("it has no size").into());
    }
    let flags = reader.u8()?;
    reader.take(2)?; // background colour, aspect ratio
    skip_colour_table(&mut reader, flags)?;
    kept.keep(0..reader.position());
    let mut image = false;
    loop {
        parts.take()?;
        let start = reader.position();
        match reader.u8()? {
            0x2c => {
                frames.take()?;
                skip_frame(&mut reader, width, height)?;
                image = true;
            }
            0x21 => match extension(&mut reader)? {
                Extension::Kept => {}
                Extension::Repeats(times) => {
                    kept.add(&repetition(times));
                    continue;
                }
                Extension::Other => continue,
            },
            0x3b if image => {
                kept.keep(start..reader.position());
                break;
            }
            0x3b => return Err(Malformed("it has no image").into()),
            _ => return Err(Malformed("it has an unknown block").into()),
        }
        kept.keep(start..reader.position());
    }
    let size = (width.into(), height.into());
    Ok(Walked::new(size, Orientation::AS_STORED, kept))
}

/// A frame is part of the screen; a browser would make the screen larger.
fn skip_frame(reader: &mut Reader<'_>, width: u16, height: u16) -> Result<(), Malformed> {
    let [left, top] = [reader.u16_le()?, reader.u16_le()?];
    let [columns, rows] = [reader.u16_le()?, reader.u16_le()?];
    let fits = |start: u16, length, side| start.checked_add(length).is_some_and(|end| end <= side);
    if !fits(left, columns, width) || !fits(top, rows, height) {
        return Err(Malformed("a frame is larger than the picture"));
    }
    if columns == 0 || rows == 0 {
        return Err(Malformed("a frame has no size"));
    }
    let flags = reader.u8()?;
    skip_colour_table(reader, flags)?;
    // LZW codes of more bits at first than a colour has.
    if !(1..=8).contains(&reader.u8()?) {
        return Err(Malformed("a frame is not compressed as it must be"));
    }
    while !sub_block(reader)?.is_empty() {}
    Ok(())
}

enum Extension {
    Kept,
    /// The frames, so many times; 0 is without end.
    Repeats([u8; 2]),
    Other,
}

fn extension(reader: &mut Reader<'_>) -> Result<Extension, Malformed> {
    let label = reader.u8()?;
    let first = sub_block(reader)?;
    let mut found = Extension::Other;
    if label == 0xf9 {
        if first.len() != 4 || !sub_block(reader)?.is_empty() {
            return Err(Malformed("a graphic control is wrong"));
        }
        return Ok(Extension::Kept);
    }
    let repeats = label == 0xff && matches!(first, b"NETSCAPE2.0" | b"ANIMEXTS1.0");
    let mut next = first;
    while !next.is_empty() {
        next = sub_block(reader)?;
        if let (true, [1, times @ ..]) = (repeats, next)
            && let Ok(times) = times.try_into()
        {
            found = Extension::Repeats(times);
        }
    }
    Ok(found)
}

/// The extension that repeats the frames, and nothing else in it.
fn repetition(times: [u8; 2]) -> [u8; 19] {
    let mut extension = *b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    extension[16..18].copy_from_slice(&times);
    extension
}

fn skip_colour_table(reader: &mut Reader<'_>, flags: u8) -> Result<(), Malformed> {
    if flags & 0x80 != 0 {
        reader.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

/// The next of a chain of blocks; an empty one ends it.
fn sub_block<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let length = reader.u8()?;
    reader.take(length.into())
}
