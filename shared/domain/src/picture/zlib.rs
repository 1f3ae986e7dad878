//! Zlib streams (RFC 1950), followed to their end.

use flate2::{Decompress, FlushDecompress, Status};

use super::reader::Malformed;

const WRONG_START: Malformed = Malformed("its image is not compressed as it must be");
const DAMAGED: Malformed = Malformed("its image is damaged");

/// How many bytes come before the data (2.2).
pub(super) const START: usize = 2;

/// A stream up to the checksum at its end, which is not part of what is followed here.
pub(super) struct Stream {
    data: Decompress,
    buffer: Vec<u8>,
    is_over: bool,
}

impl Stream {
    pub fn new() -> Self {
        Self {
            data: Decompress::new(false),
            buffer: vec![0; 32 * 1024],
            is_over: false,
        }
    }

    /// Whether the stream's end was met.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Follows the stream and says how many of these bytes belong to it: all, unless its end is among them. What they
    /// inflate to, also right before damage, is given to `take`, which says whether to go on.
    pub fn follow(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<usize, Malformed> {
        let Some([method, flags]) = bytes.first_chunk() else {
            return Ok(bytes.len());
        };
        let is_deflate = method & 0xf == 8 && method >> 4 <= 7;
        let has_dictionary = flags & 0x20 != 0;
        if !is_deflate || has_dictionary || u16::from_be_bytes([*method, *flags]) % 31 != 0 {
            return Err(WRONG_START);
        }
        let mut used = START;
        while !self.is_over {
            let (before, out) = (self.data.total_in(), self.data.total_out());
            let rest = &bytes[used..];
            let status = self
                .data
                .decompress(rest, &mut self.buffer, FlushDecompress::None);
            let [read, written] =
                [self.data.total_in() - before, self.data.total_out() - out].map(length);
            used += read;
            let wants_more = take(&self.buffer[..written]);
            self.is_over = status.map_err(|_| DAMAGED)? == Status::StreamEnd;
            if !wants_more || (read == 0 && written == 0) {
                break;
            }
        }
        Ok(used)
    }
}

/// The length of one piece, which is in memory, as an index.
fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
