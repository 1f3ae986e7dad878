//! The compressed stream of an image, in one chunk or many. Its pixels are not looked at, but that all of them
//! are there, and that nothing follows them.

use simd_adler32::Adler32;

use super::super::reader::{CUT_SHORT, Malformed};
use super::super::zlib::{START, Stream};
use super::chunk::Chunk;
use super::deflate::{self, LONGEST};

/// How many bytes all images of a picture may have inflated: more than the largest still picture has, and no more
/// than a function can inflate in a few seconds. What an animation has beyond is followed without inflating it.
const INFLATED: u64 = 512 << 20;
/// How many bytes there may be from the last pixel to the end of such a stream: the codes that end it, and its
/// checksum.
const ENDING: usize = 20;

const DAMAGED: Malformed = Malformed("its image is damaged");

pub(super) struct Image<'a> {
    /// How many bytes the image's pixels have before compression.
    length: u64,
    chunks: Vec<(Chunk<'a>, &'a [u8])>,
}

/// What is to be kept of an image.
pub(super) enum Ended<'a> {
    /// The chunks as they were received, each with the part of its data that belongs to the stream.
    AsReceived(Vec<(Chunk<'a>, &'a [u8])>),
    /// A new stream, for one chunk.
    Anew(Vec<u8>),
}

impl<'a> Image<'a> {
    /// An image whose pixels have `length` bytes before compression.
    pub fn new(length: u64) -> Self {
        Self {
            length,
            chunks: Vec::new(),
        }
    }

    /// Adds a chunk, with the part of its data that belongs to the stream.
    pub fn add(&mut self, chunk: Chunk<'a>, data: &'a [u8]) {
        self.chunks.push((chunk, data));
    }

    /// Follows the stream to its last pixel. `inflated` counts the bytes of all images of a picture.
    pub fn end(self, inflated: &mut u64) -> Result<Ended<'a>, Malformed> {
        let parts: Vec<&[u8]> = self.chunks.iter().map(|(_, data)| *data).collect();
        let anew = match parts[..] {
            [whole] => ended(whole, self.length, inflated),
            _ => ended(&parts.concat(), self.length, inflated),
        };
        Ok(anew?.map_or(Ended::AsReceived(self.chunks), Ended::Anew))
    }
}

/// The stream with its end and checksum right behind its last pixel, if they are not there.
fn ended(stream: &[u8], length: u64, inflated: &mut u64) -> Result<Option<Vec<u8>>, Malformed> {
    let mut missing = length;
    let mut checksum = Adler32::new();
    let mut last = Vec::new();
    let mut is_longer = false;
    let mut followed = Stream::new();
    let end = followed.follow(stream, |piece| {
        let needed = usize::try_from(missing).map_or(piece.len(), |most| most.min(piece.len()));
        is_longer = needed < piece.len();
        let piece = &piece[..needed];
        checksum.write(piece);
        last.extend_from_slice(&piece[needed.saturating_sub(LONGEST)..]);
        last.drain(..last.len().saturating_sub(LONGEST));
        let needed = u64::try_from(needed).unwrap_or(u64::MAX);
        missing -= needed;
        *inflated += needed;
        !is_longer && *inflated <= INFLATED
    });
    if *inflated > INFLATED {
        return without_inflating(stream, length).map(|()| None);
    }
    let checksum = checksum.finish().to_be_bytes();
    match end {
        Err(why) if missing > 0 => Err(why),
        _ if missing > 0 => Err(CUT_SHORT),
        Ok(end) if followed.is_over() && !is_longer => {
            let (kept, rest) = stream.split_at(end);
            Ok((rest != checksum).then(|| [kept, &checksum].concat()))
        }
        _ => {
            let (start, data) = stream.split_at(START);
            let cut = deflate::find(data, length).and_then(|place| place.ended(data, &last));
            Ok(Some([start, &cut.ok_or(DAMAGED)?, &checksum].concat()))
        }
    }
}

/// What is behind the last pixel cannot be left out without the checksum of them all.
fn without_inflating(stream: &[u8], length: u64) -> Result<(), Malformed> {
    let data = stream.get(START..).unwrap_or_default();
    let place = deflate::find(data, length).ok_or(DAMAGED)?;
    if data.len() > place.bytes() + ENDING {
        return Err(Malformed("a frame has more than its pixels"));
    }
    Ok(())
}
