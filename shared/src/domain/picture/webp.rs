//! WebP (RFC 9649): a RIFF container with a simple (VP8, VP8L) or an extended (VP8X) picture.

use super::Measured;
use super::exif;
use super::reader::{CUT_SHORT, Malformed, Reader, index};

pub(super) fn measure(bytes: &[u8]) -> Result<Measured, Malformed> {
    let mut file = Reader::new(bytes);
    file.take(4)?; // "RIFF"
    let length = index(file.u32_le()?);
    let start = file.position();
    let mut reader = Reader::new(file.take(length)?);
    reader.take(4)?; // "WEBP"

    let mut size = None;
    let mut image = false;
    let mut turned = false;
    while !reader.rest().is_empty() {
        let kind: [u8; 4] = reader.array()?;
        let length = index(reader.u32_le()?);
        let data = reader.take(length)?;
        if length % 2 == 1 {
            reader.take(1)?; // chunks are padded to even lengths
        }
        let first = size.is_none();
        match &kind {
            b"VP8X" if first => size = Some(extended(data)?),
            b"VP8 " | b"VP8L" => {
                let measured = if &kind == b"VP8L" {
                    lossless(data)?
                } else {
                    lossy(data)?
                };
                if image || *size.get_or_insert(measured) != measured {
                    return Err(Malformed("its image is not of its size"));
                }
                image = true;
            }
            _ if first => return Err(Malformed("its header is missing")),
            b"ANMF" => {
                frame_within(data, size)?;
                image = true;
            }
            b"EXIF" => turned = exif::swaps_sides(data.strip_prefix(b"Exif\0\0").unwrap_or(data)),
            _ => {}
        }
    }
    if !image {
        return Err(Malformed("it has no image"));
    }
    Ok(Measured::new(
        size.ok_or(CUT_SHORT)?,
        turned,
        start + length,
    ))
}

/// A frame of an animation: half of where it stands, then its sides less one.
fn frame_within(data: &[u8], canvas: Option<(u32, u32)>) -> Result<(), Malformed> {
    let mut reader = Reader::new(data);
    let (left, top) = (2 * reader.u24_le()?, 2 * reader.u24_le()?);
    let (width, height) = (reader.u24_le()? + 1, reader.u24_le()? + 1);
    if canvas.is_none_or(|canvas| left + width > canvas.0 || top + height > canvas.1) {
        return Err(Malformed("a frame is larger than the picture"));
    }
    Ok(())
}

/// VP8X: flags, then the canvas less one.
fn extended(data: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(data);
    reader.take(4)?;
    Ok((reader.u24_le()? + 1, reader.u24_le()? + 1))
}

/// VP8 (RFC 6386, 9.1): a key frame's tag and start code, then 14 bits a side.
fn lossy(data: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(data);
    let tag: [u8; 3] = reader.array()?;
    if tag[0] & 1 != 0 || reader.array()? != [0x9d, 0x01, 0x2a] {
        return Err(Malformed("it does not begin with a key frame"));
    }
    let (width, height) = (reader.u16_le()? & 0x3fff, reader.u16_le()? & 0x3fff);
    if width == 0 || height == 0 {
        return Err(Malformed("it has no size"));
    }
    Ok((width.into(), height.into()))
}

/// VP8L: a signature, then 14 bits a side, each less one.
fn lossless(data: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(data);
    if reader.u8()? != 0x2f {
        return Err(Malformed("it does not begin with an image"));
    }
    let bits = reader.u32_le()?;
    Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
}
