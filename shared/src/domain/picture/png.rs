//! PNG (W3C, third edition): a signature and chunks with checksums.

use super::Measured;
use super::exif;
use super::reader::{Malformed, Reader, index};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) fn measure(bytes: &[u8]) -> Result<Measured, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.take(SIGNATURE.len())?;
    let (kind, header) = chunk(&mut reader)?;
    if &kind != b"IHDR" || header.len() != 13 {
        return Err(Malformed("its header is missing"));
    }
    let mut header = Reader::new(header);
    let (width, height) = (header.u32_be()?, header.u32_be()?);
    if width == 0 || height == 0 {
        return Err(Malformed("it has no size"));
    }
    let (depth, colour) = (header.u8()?, header.u8()?);
    let known = match colour {
        0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
        3 => matches!(depth, 1 | 2 | 4 | 8),
        2 | 4 | 6 => matches!(depth, 8 | 16),
        _ => false,
    };
    if !known || header.array()? > [0, 0, 1] {
        return Err(Malformed("its header is wrong"));
    }
    let mut turned = false;
    let mut palette = false;
    let mut image = false;
    loop {
        let (kind, data) = chunk(&mut reader)?;
        match &kind {
            b"IHDR" => return Err(Malformed("it has several headers")),
            b"PLTE" => palette = true,
            b"IDAT" if colour == 3 && !palette => return Err(Malformed("its palette is missing")),
            b"IDAT" => image = true,
            b"fcTL" => frame_within(data, width, height)?,
            b"eXIf" => turned = exif::swaps_sides(data),
            b"IEND" if !image => return Err(Malformed("it has no image")),
            b"IEND" if data.is_empty() => break,
            b"IEND" => return Err(Malformed("its end is wrong")),
            _ => {}
        }
    }
    Ok(Measured::new((width, height), turned, reader.position()))
}

/// A frame of an animation is part of the picture.
fn frame_within(data: &[u8], width: u32, height: u32) -> Result<(), Malformed> {
    let mut reader = Reader::new(data);
    reader.take(4)?; // sequence number
    let [columns, rows, left, top] = [
        reader.u32_be()?,
        reader.u32_be()?,
        reader.u32_be()?,
        reader.u32_be()?,
    ]
    .map(u64::from);
    if left + columns > width.into() || top + rows > height.into() {
        return Err(Malformed("a frame is larger than the picture"));
    }
    Ok(())
}

fn chunk<'a>(reader: &mut Reader<'a>) -> Result<([u8; 4], &'a [u8]), Malformed> {
    let length = index(reader.u32_be()?);
    let mut checked = Reader::new(reader.rest());
    let kind = reader.array()?;
    let data = reader.take(length)?;
    let checksum = crc32fast::hash(checked.take(4 + length)?);
    if reader.u32_be()? != checksum {
        return Err(Malformed("a checksum is wrong"));
    }
    Ok((kind, data))
}
