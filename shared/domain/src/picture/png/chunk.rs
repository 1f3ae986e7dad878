//! The chunks that a PNG consists of.

use std::ops::Range;

use super::super::kept::Kept;
use super::super::reader::{Malformed, Reader, index};

pub(super) struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
    /// Whether its checksum is right.
    pub is_right: bool,
    /// Where the chunk stands, with its length and checksum.
    pub place: Range<usize>,
}

/// The next chunk; `None` if the bytes are over before the end of it.
pub(super) fn next<'a>(reader: &mut Reader<'a>) -> Result<Option<Chunk<'a>>, Malformed> {
    let start = reader.position();
    let length = index(reader.u32_be()?);
    let kind: [u8; 4] = reader.array()?;
    if &kind == END {
        // Of the end chunk it only matters that it is there: its checksum need not be.
        return Ok(Some(Chunk {
            kind,
            data: &[],
            is_right: true,
            place: start..reader.position(),
        }));
    }
    let Ok(data) = reader.take(length) else {
        return Ok(None);
    };
    let Ok(checksum) = reader.u32_be() else {
        return Ok(None);
    };
    Ok(Some(Chunk {
        kind,
        data,
        is_right: checksum == self::checksum(kind, data),
        place: start..reader.position(),
    }))
}

pub(super) const END: &[u8; 4] = b"IEND";

fn checksum(kind: [u8; 4], data: &[u8]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(data);
    checksum.finalize()
}

/// A chunk of our own.
pub(in super::super) fn written(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
    let checksum = checksum(kind, data).to_be_bytes();
    [&length, &kind[..], data, &checksum].concat()
}

impl Chunk<'_> {
    /// Whether the chunk is critical (5.4), so that a wrong checksum of it makes the picture malformed.
    pub fn is_critical(&self) -> bool {
        self.kind[0].is_ascii_uppercase()
    }

    /// Keeps it, with the right checksum.
    pub fn keep(&self, kept: &mut Kept<'_>) {
        if self.is_right {
            kept.keep(self.place.clone());
        } else {
            kept.add(&written(self.kind, self.data));
        }
    }

    /// Keeps it with these data instead of its own.
    pub fn keep_as(&self, data: &[u8], kept: &mut Kept<'_>) {
        if data == self.data {
            self.keep(kept);
        } else {
            kept.add(&written(self.kind, data));
        }
    }
}
