//! What is kept of a picture, put together front to back.

use std::ops::Range;

use bytes::Bytes;

/// Room for what is written anew, so that the one buffer need not grow.
const ADDED: usize = 64;

/// The kept parts. As long as they are the beginning of what was received, nothing is copied; from then on
/// they stand in one buffer.
pub(super) struct Kept<'a> {
    received: &'a Bytes,
    /// How much of the beginning is kept, while nothing is copied.
    end: usize,
    copied: Option<Vec<u8>>,
}

impl<'a> Kept<'a> {
    pub fn of(received: &'a Bytes) -> Self {
        Self {
            received,
            end: 0,
            copied: None,
        }
    }

    pub fn len(&self) -> usize {
        self.copied.as_ref().map_or(self.end, Vec::len)
    }

    /// Keeps a part as it was received.
    pub fn keep(&mut self, part: Range<usize>) {
        if self.copied.is_none() && part.start == self.end {
            self.end = part.end;
        } else {
            let received = self.received.get(part).unwrap_or_default();
            self.copy().extend_from_slice(received);
        }
    }

    /// Adds bytes of our own; where the same were received, they are kept.
    pub fn add(&mut self, bytes: &[u8]) {
        let next = self.received.get(self.end..).unwrap_or_default();
        if self.copied.is_none() && next.starts_with(bytes) {
            self.end += bytes.len();
        } else {
            self.copy().extend_from_slice(bytes);
        }
    }

    /// Writes over what is kept already.
    pub fn replace(&mut self, at: usize, bytes: &[u8]) {
        let place = at..at + bytes.len();
        let kept = self.copied.as_deref().unwrap_or(self.received);
        if kept.get(place.clone()) != Some(bytes)
            && let Some(place) = self.copy().get_mut(place)
        {
            place.copy_from_slice(bytes);
        }
    }

    pub fn into_bytes(self) -> Bytes {
        match self.copied {
            Some(copied) => copied.into(),
            None => self.received.slice(..self.end),
        }
    }

    fn copy(&mut self) -> &mut Vec<u8> {
        self.copied.get_or_insert_with(|| {
            let mut copied = Vec::with_capacity(self.received.len() + ADDED);
            copied.extend_from_slice(self.received.get(..self.end).unwrap_or_default());
            copied
        })
    }
}
