//! The one thing that Corkboard reads of EXIF: how a picture is turned when it is displayed.

use super::reader::{Malformed, Reader, index};

const ORIENTATION: u16 = 0x0112;

/// Whether the orientation in this TIFF structure swaps width and height (values 5 to 8). EXIF that cannot
/// be read turns nothing, as in browsers.
pub(super) fn swaps_sides(tiff: &[u8]) -> bool {
    orientation(tiff).is_ok_and(|value| (5..=8).contains(&value))
}

fn orientation(tiff: &[u8]) -> Result<u16, Malformed> {
    let mut reader = Reader::new(tiff);
    let little_endian = match &reader.array()? {
        b"II" => true,
        b"MM" => false,
        _ => return Err(Malformed("it has unknown EXIF")),
    };
    let u16_at = |reader: &mut Reader<'_>| {
        if little_endian {
            reader.u16_le()
        } else {
            reader.u16_be()
        }
    };
    if u16_at(&mut reader)? != 42 {
        return Err(Malformed("it has unknown EXIF"));
    }
    let offset = if little_endian {
        reader.u32_le()?
    } else {
        reader.u32_be()?
    };
    let mut directory = Reader::new(tiff);
    directory.take(index(offset))?;
    for _ in 0..u16_at(&mut directory)? {
        let tag = u16_at(&mut directory)?;
        directory.take(6)?; // type and count: a SHORT, once
        let value = u16_at(&mut directory)?;
        directory.take(2)?;
        if tag == ORIENTATION {
            return Ok(value);
        }
    }
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        let big = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        let little = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        assert_eq!((orientation(big), orientation(little)), (Ok(6), Ok(6)));
        assert!(swaps_sides(big) && swaps_sides(little));
    }

    #[test]
    fn unreadable_exif_turns_nothing() {
        let whole = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        for end in 0..whole.len() - 2 {
            assert!(!swaps_sides(&whole[..end]), "{end}");
        }
        assert!(!swaps_sides(b"MM\0\x2a\xff\xff\xff\xff\0\x01"));
    }
}
