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
    let mut turned = false;
    let mut image = false;
    loop {
        let (kind, data) = chunk(&mut reader)?;
        match &kind {
            b"IHDR" => return Err(Malformed("it has several headers")),
            b"IDAT" => image = true,
            b"eXIf" => turned = exif::swaps_sides(data),
            b"IEND" if !image => return Err(Malformed("it has no image")),
            b"IEND" => break,
            _ => {}
        }
    }
    let (width, height) = if turned {
        (height, width)
    } else {
        (width, height)
    };
    Ok(Measured {
        width,
        height,
        end: reader.position(),
    })
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
