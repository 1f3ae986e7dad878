//! WebP (RFC 9649): a RIFF container with a simple (VP8, VP8L) or an extended (VP8X) picture.

use std::mem::replace;
use std::ops::Range;

use bytes::Bytes;

use super::exif::Orientation;
use super::icc;
use super::kept::Kept;
use super::reader::{Malformed, Reader, index};
use super::{Allowance, FRAMES, InvalidPicture, Walked, parts};

/// What an extended picture says it has (2.7.1).
const ANIMATION: u8 = 0x02;
const ALPHA: u8 = 0x10;
const PROFILE: u8 = 0x20;

/// Where the lengths and those flags stand.
const LENGTH_AT: usize = 4;
const FLAGS_AT: usize = 20;
/// The length of a chunk comes after its name; then comes its data.
const HEADER: usize = 8;

/// How long the chunk is that begins an animation: its background, and how often it is repeated.
const BACKGROUND: usize = 6;

const SEVERAL_IMAGES: Malformed = Malformed("it has several images");

/// Keeps the image or the frames, and the first profile if the header announces one; then corrects what the
/// header says. No browser turns a picture by its EXIF, so that goes altogether.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut start = Reader::new(bytes);
    start.take(4)?; // "RIFF"
    let length = index(start.u32_le()?);
    let riff = Reader::new(bytes).take(LENGTH_AT + 4 + length)?;
    let mut reader = Reader::new(riff);
    reader.take(12)?;
    let mut kept = Kept::of(bytes);
    kept.keep(0..reader.position());

    let first = chunk(&mut reader)?;
    let walked = if &first.kind == b"VP8X" {
        extended(&first, reader, kept)?
    } else {
        let size = image(&first)?.ok_or(Malformed("its header is missing"))?;
        kept.keep(first.place);
        // What else there is does not belong to a simple picture.
        (size, kept, 1)
    };
    let (size, mut kept, images) = walked;
    let length = u32::try_from(kept.len() - LENGTH_AT - 4).unwrap_or(u32::MAX);
    kept.replace(LENGTH_AT, &length.to_le_bytes());
    Ok(Walked {
        is_animated: images > 1,
        ..Walked::new(size, Orientation::AS_STORED, kept)
    })
}

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// Where the chunk stands, with its header and padding.
    place: Range<usize>,
}

fn chunk<'a>(reader: &mut Reader<'a>) -> Result<Chunk<'a>, Malformed> {
    let start = reader.position();
    let kind = reader.array()?;
    let length = index(reader.u32_le()?);
    let data = reader.take(length)?;
    if length % 2 == 1 {
        reader.take(1)?; // chunks are padded to even lengths
    }
    Ok(Chunk {
        kind,
        data,
        place: start..reader.position(),
    })
}

/// The picture's size, what is kept of it, and how many images it has.
fn extended<'a>(
    header: &Chunk<'_>,
    mut reader: Reader<'_>,
    mut kept: Kept<'a>,
) -> Result<((u32, u32), Kept<'a>, usize), InvalidPicture> {
    let mut fields = Reader::new(header.data);
    let flags = fields.u8()?;
    fields.take(3)?; // reserved
    let size = (fields.u24_le()? + 1, fields.u24_le()? + 1);
    if !fields.rest().is_empty() {
        return Err(Malformed("its header is wrong").into());
    }
    let is_animation = flags & ANIMATION != 0;
    kept.keep(header.place.clone());

    let mut parts = parts(reader.rest().len());
    let mut frames = Allowance(FRAMES);
    let mut profile = None;
    let mut background = false;
    let mut transparency = false;
    let mut images = 0;
    while !reader.rest().is_empty() {
        parts.take()?;
        let chunk = chunk(&mut reader)?;
        match &chunk.kind {
            b"VP8X" => return Err(Malformed("it has several headers").into()),
            b"VP8 " | b"VP8L" if is_animation => return Err(SEVERAL_IMAGES.into()),
            b"VP8 " | b"VP8L" => {
                if image(&chunk)? != Some(size) {
                    return Err(Malformed("its image is not of its size").into());
                }
                images += 1;
                if images > 1 {
                    return Err(SEVERAL_IMAGES.into());
                }
            }
            b"ALPH" if !is_animation && images == 0 && !replace(&mut transparency, true) => {}
            b"ANIM"
                if is_animation
                    && chunk.data.len() >= BACKGROUND
                    && !replace(&mut background, true) =>
            {
                kept.add(&written(*b"ANIM", &chunk.data[..BACKGROUND]));
                continue;
            }
            b"ANMF" if is_animation => {
                if !background {
                    return Err(Malformed("its animation has no beginning").into());
                }
                frames.take()?;
                images += usize::from(keep_frame(&chunk, size, &mut kept)?);
                continue;
            }
            b"ICCP" if flags & PROFILE != 0 && profile.is_none() => {
                let cleaned = icc::cleaned(chunk.data);
                if let Some(cleaned) = &cleaned {
                    kept.add(&written(*b"ICCP", cleaned));
                }
                profile = Some(cleaned.is_some());
                continue;
            }
            _ => continue,
        }
        kept.keep(chunk.place);
    }
    if images == 0 {
        return Err(Malformed("it has no image").into());
    }
    let flags = flags & (ANIMATION | ALPHA) | if profile == Some(true) { PROFILE } else { 0 };
    kept.replace(FLAGS_AT, &[flags, 0, 0, 0]);
    Ok((size, kept, images))
}

/// A chunk of our own.
fn written(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    let padding = &[0][..data.len() % 2];
    [&kind[..], &length, data, padding].concat()
}

/// Keeps a frame of an animation (2.7.1.1): half of where it stands, its sides less one, how long and how it is
/// shown; then its image, of which unknown chunks go. Says whether there was one: browsers leave out a frame
/// without, and go by the image's sides.
fn keep_frame(
    frame: &Chunk<'_>,
    canvas: (u32, u32),
    kept: &mut Kept<'_>,
) -> Result<bool, Malformed> {
    const FIELDS: usize = 16;
    const SIDES: usize = 6;
    let mut reader = Reader::new(frame.data);
    let (left, top) = (2 * reader.u24_le()?, 2 * reader.u24_le()?);
    reader.take(10)?; // sides, duration, and how it is drawn
    let mut transparency = None;
    let mut found = None;
    while !reader.rest().is_empty() {
        let chunk = chunk(&mut reader)?;
        match &chunk.kind {
            b"ALPH" if found.is_none() && transparency.is_none() => {
                transparency = Some(chunk.place);
            }
            b"VP8 " | b"VP8L" => {
                let size = image(&chunk)?.unwrap_or(canvas);
                if found.replace((size, chunk.place)).is_some() {
                    return Err(SEVERAL_IMAGES);
                }
            }
            _ => {}
        }
    }
    let Some((size, place)) = found else {
        return Ok(false);
    };
    if left + size.0 > canvas.0 || top + size.1 > canvas.1 {
        return Err(Malformed("a frame is larger than the picture"));
    }
    let data = frame.place.start + HEADER;
    let at = kept.len();
    kept.keep(frame.place.start..data + FIELDS);
    for place in transparency.into_iter().chain([place]) {
        kept.keep(data + place.start..data + place.end);
    }
    let length = u32::try_from(kept.len() - at - HEADER).unwrap_or(u32::MAX);
    kept.replace(at + 4, &length.to_le_bytes());
    for (side, at) in [
        (size.0, at + HEADER + SIDES),
        (size.1, at + HEADER + SIDES + 3),
    ] {
        kept.replace(at, &(side - 1).to_le_bytes()[..3]);
    }
    Ok(true)
}

/// The size of an image, if the chunk is one.
fn image(chunk: &Chunk<'_>) -> Result<Option<(u32, u32)>, Malformed> {
    match &chunk.kind {
        b"VP8 " => lossy(chunk.data).map(Some),
        b"VP8L" => lossless(chunk.data).map(Some),
        _ => Ok(None),
    }
}

/// VP8 (RFC 6386, 9.1): a key frame's tag and start code, then 14 bits a side.
fn lossy(data: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(data);
    let tag = reader.u24_le()?;
    let is_key_frame = tag & 1 == 0 && reader.array()? == [0x9d, 0x01, 0x2a];
    let is_shown = (tag >> 1) & 7 <= 3 && tag & 0x10 != 0;
    if !is_key_frame || !is_shown || index(tag >> 5) > data.len() {
        return Err(Malformed("it does not begin with a key frame"));
    }
    let (width, height) = (reader.u16_le()? & 0x3fff, reader.u16_le()? & 0x3fff);
    if width == 0 || height == 0 {
        return Err(Malformed("it has no size"));
    }
    Ok((width.into(), height.into()))
}

/// VP8L: a signature, 14 bits a side, each less one, whether it is transparent, and the version, 0.
fn lossless(data: &[u8]) -> Result<(u32, u32), Malformed> {
    let mut reader = Reader::new(data);
    let signature = reader.u8()?;
    let bits = reader.u32_le()?;
    if signature != 0x2f || bits >> 29 != 0 {
        return Err(Malformed("it does not begin with an image"));
    }
    Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
}
