//! The one thing that Corkboard reads and writes of EXIF: how a picture is turned when it is displayed.

use super::reader::{Malformed, Reader, index};

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// How a picture is displayed (EXIF 2.32, table 6): 1 as it is stored, 2 to 8 mirrored or turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(u8);

impl Orientation {
    /// The first row is at the top, the first column at the left.
    pub const AS_STORED: Self = Self(1);

    /// What a TIFF structure says. As in browsers, the first right value counts, and EXIF that cannot be
    /// read turns nothing.
    pub(super) fn read(tiff: &[u8]) -> Self {
        orientation(tiff).unwrap_or(Self::AS_STORED)
    }

    /// Its number, from 1 to 8.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether width and height are exchanged.
    pub fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// A TIFF structure that says this and nothing else.
    pub(super) fn block(self) -> [u8; 26] {
        let mut block = *b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";
        block[19] = self.0;
        block
    }
}

fn orientation(tiff: &[u8]) -> Result<Orientation, Malformed> {
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
    let u32_at = |reader: &mut Reader<'_>| {
        if little_endian {
            reader.u32_le()
        } else {
            reader.u32_be()
        }
    };
    if u16_at(&mut reader)? != 42 {
        return Err(Malformed("it has unknown EXIF"));
    }
    let mut directory = Reader::new(tiff);
    directory.take(index(u32_at(&mut reader)?))?;
    for _ in 0..u16_at(&mut directory)? {
        let (tag, kind) = (u16_at(&mut directory)?, u16_at(&mut directory)?);
        let count = u32_at(&mut directory)?;
        let value = u16_at(&mut directory)?;
        directory.take(2)?;
        if let (ORIENTATION, SHORT, 1, 1..=8) = (tag, kind, count, value) {
            return Ok(Orientation(value.to_be_bytes()[1]));
        }
    }
    Ok(Orientation::AS_STORED)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A big-endian directory of tags with type, count and value.
    fn tiff(tags: &[(u16, u16, u32, u16)]) -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
        tiff.extend(u16::try_from(tags.len()).unwrap().to_be_bytes());
        for (tag, kind, count, value) in tags {
            tiff.extend(tag.to_be_bytes());
            tiff.extend(kind.to_be_bytes());
            tiff.extend(count.to_be_bytes());
            tiff.extend(value.to_be_bytes());
            tiff.extend([0; 2]);
        }
        tiff
    }

    #[test]
    fn both_byte_orders_are_read() {
        let big = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
        let little = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        assert_eq!(Orientation::read(big), Orientation(6));
        assert_eq!(Orientation::read(little), Orientation(6));
    }

    #[test]
    fn unreadable_exif_turns_nothing() {
        let whole = tiff(&[(ORIENTATION, SHORT, 1, 6)]);
        for end in 0..whole.len() {
            let read = Orientation::read(&whole[..end]);
            assert_eq!(read, Orientation::AS_STORED, "{end}");
        }
        let far = b"MM\0\x2a\xff\xff\xff\xff\0\x01";
        assert_eq!(Orientation::read(far), Orientation::AS_STORED);
    }

    /// As Chromium does, seen with each of these.
    #[test]
    fn the_first_right_value_counts() {
        for (tags, expected) in [
            (&[(ORIENTATION, SHORT, 1, 0)][..], 1),
            (&[(ORIENTATION, SHORT, 1, 9)], 1),
            (&[(ORIENTATION, SHORT, 0, 6)], 1),
            (&[(ORIENTATION, SHORT, 2, 6)], 1),
            (&[(ORIENTATION, 1, 1, 0x0600)], 1),
            (&[(ORIENTATION, 4, 1, 6)], 1),
            (&[(ORIENTATION + 1, SHORT, 1, 6)], 1),
            (&[(ORIENTATION, SHORT, 1, 9), (ORIENTATION, SHORT, 1, 6)], 6),
            (&[(ORIENTATION, SHORT, 1, 1), (ORIENTATION, SHORT, 1, 6)], 1),
            (&[(0x0100, SHORT, 1, 9), (ORIENTATION, SHORT, 1, 8)], 8),
        ] {
            assert_eq!(Orientation::read(&tiff(tags)).0, expected, "{tags:?}");
        }
    }

    #[test]
    fn a_block_says_what_it_was_made_from() {
        for value in 1..=8 {
            assert_eq!(Orientation::read(&Orientation(value).block()).0, value);
        }
    }
}
