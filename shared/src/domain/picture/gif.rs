//! GIF (89a specification): a logical screen, then blocks of sub-blocks up to the trailer.

use super::Measured;
use super::reader::{Malformed, Reader};

pub(super) fn measure(bytes: &[u8]) -> Result<Measured, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.take(6)?;
    let (width, height) = (reader.u16_le()?, reader.u16_le()?);
    if width == 0 || height == 0 {
        return Err(Malformed("it has no size"));
    }
    let flags = reader.u8()?;
    reader.take(2)?; // background colour, aspect ratio
    skip_colour_table(&mut reader, flags)?;
    let mut image = false;
    loop {
        match reader.u8()? {
            0x2c => {
                let [left, top] = [reader.u16_le()?, reader.u16_le()?];
                let [columns, rows] = [reader.u16_le()?, reader.u16_le()?];
                // A browser would make the screen larger.
                let fits = |start: u16, length, side| {
                    start.checked_add(length).is_some_and(|end| end <= side)
                };
                if !fits(left, columns, width) || !fits(top, rows, height) {
                    return Err(Malformed("a frame is larger than the picture"));
                }
                let flags = reader.u8()?;
                skip_colour_table(&mut reader, flags)?;
                reader.u8()?; // LZW minimum code size
                skip_sub_blocks(&mut reader)?;
                image = true;
            }
            0x21 => {
                reader.u8()?; // label
                skip_sub_blocks(&mut reader)?;
            }
            0x3b if image => break,
            0x3b => return Err(Malformed("it has no image")),
            _ => return Err(Malformed("it has an unknown block")),
        }
    }
    Ok(Measured {
        width: width.into(),
        height: height.into(),
        end: reader.position(),
    })
}

fn skip_colour_table(reader: &mut Reader<'_>, flags: u8) -> Result<(), Malformed> {
    if flags & 0x80 != 0 {
        reader.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

fn skip_sub_blocks(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    loop {
        match reader.u8()? {
            0 => return Ok(()),
            length => reader.take(length.into())?,
        };
    }
}
