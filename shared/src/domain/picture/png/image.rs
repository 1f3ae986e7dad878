//! The compressed stream of an image, in one chunk or many. Its pixels are not looked at, but that all of them
//! are there, and that nothing follows them.

use simd_adler32::Adler32;

use super::super::reader::{CUT_SHORT, Malformed};
use super::super::zlib::Stream;

/// How many bytes all images of a picture may have inflated before the rest is taken as it is: more than the
/// largest still picture has, and no more than a function can inflate in a few seconds.
pub(super) const INFLATED: u64 = 512 << 20;

pub(super) struct Image {
    stream: Stream,
    /// Bytes that are still to come out of it.
    missing: u64,
    checksum: Adler32,
    state: State,
}

enum State {
    Inside,
    /// All bytes came out; of its checksum these are still to come.
    Checksum(Vec<u8>),
    Over,
    /// Where it ends cannot be found out.
    Unknown,
}

impl Image {
    /// Of pixels that have so many bytes before compression.
    pub fn new(length: u64) -> Self {
        Self {
            stream: Stream::new(),
            missing: length,
            checksum: Adler32::new(),
            state: State::Inside,
        }
    }

    /// Follows the stream through the next bytes, and says what is to be kept of them, if not all.
    pub fn follow(
        &mut self,
        bytes: &[u8],
        inflated: &mut u64,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        let mut used = 0;
        if let State::Inside = self.state {
            used = self.inflate(bytes, inflated)?;
        }
        let rest = &bytes[used..];
        let checksum = match &mut self.state {
            State::Inside | State::Unknown => return Ok(None),
            State::Over => return Ok(Some(Vec::new())),
            State::Checksum(checksum) => checksum,
        };
        if checksum.starts_with(rest) {
            // Not all of it is here.
            checksum.drain(..rest.len());
            if checksum.is_empty() {
                self.state = State::Over;
            }
            return Ok(None);
        }
        // Something follows it, or takes its place.
        let ended = [&bytes[..used], &checksum[..]].concat();
        self.state = State::Over;
        Ok(Some(ended))
    }

    fn inflate(&mut self, bytes: &[u8], inflated: &mut u64) -> Result<usize, Malformed> {
        let (missing, checksum) = (&mut self.missing, &mut self.checksum);
        let followed = self.stream.follow(bytes, |piece| {
            checksum.write(piece);
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            *missing = missing.saturating_sub(length);
            *inflated += length;
            *inflated <= INFLATED
        });
        if *inflated > INFLATED || (followed.is_err() && *missing == 0) {
            self.state = State::Unknown;
            return Ok(bytes.len());
        }
        let used = followed?;
        if self.stream.is_over() {
            if *missing > 0 {
                return Err(CUT_SHORT);
            }
            let checksum = self.checksum.finish().to_be_bytes();
            self.state = State::Checksum(checksum.to_vec());
        }
        Ok(used)
    }

    /// What is missing at the end of it.
    pub fn end(&mut self) -> Result<Vec<u8>, Malformed> {
        match &mut self.state {
            State::Inside if self.missing > 0 => Err(CUT_SHORT),
            State::Checksum(checksum) => {
                let rest = std::mem::take(checksum);
                self.state = State::Over;
                Ok(rest)
            }
            _ => Ok(Vec::new()),
        }
    }
}
