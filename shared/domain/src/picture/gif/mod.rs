//! GIF (89a specification): a logical screen, then blocks of sub-blocks up to the trailer.

mod lzw;

use std::ops::Range;

use bytes::Bytes;

use super::exif::Orientation;
use super::kept::Kept;
use super::reader::{CUT_SHORT, Malformed, Reader};
use super::{Allowance, FRAMES, InvalidPicture, Picture, Walked, limited, parts};

/// Where the screen says its sides, and a frame.
const SCREEN_SIDES: usize = 6;
const FRAME_SIDES: usize = 5;
const TRAILER: &[u8] = b"\x3b";

/// Keeps the screen, the frames with their graphic controls, and how often they are repeated; other
/// extensions (comments, XMP, a profile that browsers do not read) go. As in browsers the picture ends behind
/// its last whole frame, whether the trailer, something unknown or nothing follows.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    let mut kept = Kept::of(bytes);
    let mut parts = parts(bytes.len());
    let mut frames_left = Allowance(FRAMES);
    reader.take(SCREEN_SIDES)?;
    let mut screen = [reader.u16_le()?, reader.u16_le()?];
    let flags = reader.u8()?;
    reader.take(2)?; // background colour, aspect ratio
    skip_colour_table(&mut reader, flags)?;
    kept.keep(0..reader.position());
    let mut control = None;
    let mut frames = 0;
    loop {
        parts.take()?;
        match block(&mut reader) {
            Ok(Block::Frame(frame)) => {
                frames_left.take()?;
                frames += 1;
                if frames == 1 {
                    screen = frame.begin(screen)?;
                    let [width, height] = screen.map(u32::from);
                    limited(width, height, Picture::MEGAPIXELS)?;
                }
                if let Some(control) = control.take() {
                    kept.add(&graphic_control(control));
                }
                frame.keep(screen, bytes, &mut kept)?;
            }
            Ok(Block::Control(found)) => control = Some(found),
            Ok(Block::Repeats(times)) => kept.add(&repetition(times)),
            Ok(Block::Other) => {}
            Ok(Block::End) | Err(Cut::BetweenFrames) if frames > 0 => break,
            Ok(Block::End) => return Err(Malformed("it has no image").into()),
            Err(Cut::BetweenFrames) => return Err(CUT_SHORT.into()),
            Err(Cut::InFrame(why)) => return Err(why.into()),
        }
    }
    kept.add(TRAILER);
    kept.replace(SCREEN_SIDES, &screen.map(u16::to_le_bytes).concat());
    let size = (screen[0].into(), screen[1].into());
    Ok(Walked {
        is_animated: frames > 1,
        ..Walked::new(size, Orientation::AS_STORED, kept)
    })
}

enum Block {
    Frame(Frame),
    /// How long the next frame is shown, and how it is drawn.
    Control([u8; 4]),
    /// How often the frames are repeated; 0 is without end.
    Repeats([u8; 2]),
    Other,
    /// The trailer, or what no decoder goes past.
    End,
}

/// Where the bytes are cut short.
enum Cut {
    BetweenFrames,
    InFrame(Malformed),
}

fn block(reader: &mut Reader<'_>) -> Result<Block, Cut> {
    let start = reader.position();
    match reader.u8().map_err(|_| Cut::BetweenFrames)? {
        0x2c => {
            let descriptor = reader.array().map_err(|_| Cut::BetweenFrames)?;
            let frame = Frame::read(start, descriptor, reader).map_err(Cut::InFrame)?;
            Ok(Block::Frame(frame))
        }
        0x21 => extension(reader).map_err(|_| Cut::BetweenFrames),
        _ => Ok(Block::End),
    }
}

struct Frame {
    /// The frame's bytes, from the beginning of its descriptor and its colour table to the end of its sub-blocks.
    place: Range<usize>,
    /// Where its sub-blocks begin.
    data: usize,
    /// From the left, from the top.
    start: [u16; 2],
    sides: [u16; 2],
    /// How many bits a colour has (LZW's minimum code size).
    bits: u8,
}

impl Frame {
    fn read(start: usize, descriptor: [u8; 9], reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let [l, left, t, top, w, width, h, height, flags] = descriptor;
        skip_colour_table(reader, flags)?;
        let bits = reader.u8()?;
        // With more bits than a colour has, neither browser shows the frame.
        if !(1..=8).contains(&bits) {
            return Err(Malformed("a frame is not compressed as it must be"));
        }
        let data = reader.position();
        while !sub_block(reader)?.is_empty() {}
        Ok(Self {
            place: start..reader.position(),
            data,
            start: [[l, left], [t, top]].map(u16::from_le_bytes),
            sides: [[w, width], [h, height]].map(u16::from_le_bytes),
            bits,
        })
    }

    /// The screen of a picture that begins with this frame: so large that all of the frame is seen.
    fn begin(&self, screen: [u16; 2]) -> Result<[u16; 2], Malformed> {
        let screen = [0, 1].map(|side| {
            let end = self.start[side].saturating_add(self.sides[side]);
            screen[side].max(end)
        });
        if screen.contains(&0) {
            return Err(Malformed("it has no size"));
        }
        Ok(screen)
    }

    /// Keeps the frame up to its last pixel. A frame without sides is as large as the screen; one that has no pixels,
    /// either, is kept for the time that it takes.
    fn keep(&self, screen: [u16; 2], bytes: &[u8], kept: &mut Kept<'_>) -> Result<(), Malformed> {
        let at = kept.len();
        let is_unsized = self.sides.contains(&0);
        let sides = if is_unsized { screen } else { self.sides };
        let [width, height] = sides.map(u64::from);
        let data = bytes.get(self.data..self.place.end).unwrap_or_default();
        match lzw::ended(data, self.bits, width * height) {
            Some((block, rest)) => {
                kept.keep(self.place.start..self.data + block);
                kept.add(&rest);
                kept.replace(at + FRAME_SIDES, &sides.map(u16::to_le_bytes).concat());
            }
            None if is_unsized => {
                kept.keep(self.place.start..self.data);
                kept.add(&[0]);
            }
            None => return Err(Malformed("a frame is damaged")),
        }
        Ok(())
    }
}

fn extension(reader: &mut Reader<'_>) -> Result<Block, Malformed> {
    let label = reader.u8()?;
    let first = sub_block(reader)?;
    let mut repeats = None;
    let mut next = first;
    while !next.is_empty() {
        next = sub_block(reader)?;
        if let [1, low, high, ..] = next {
            repeats = Some([*low, *high]);
        }
    }
    Ok(match (label, first) {
        (0xf9, []) => Block::Other,
        // As in browsers, the first four bytes count where there are more, and the picture ends where there are fewer.
        (0xf9, first) => first
            .first_chunk()
            .map_or(Block::End, |control| Block::Control(*control)),
        (0xff, b"NETSCAPE2.0" | b"ANIMEXTS1.0") => repeats.map_or(Block::Other, Block::Repeats),
        _ => Block::Other,
    })
}

/// A graphic control, and nothing else in its extension.
fn graphic_control(control: [u8; 4]) -> [u8; 8] {
    let mut extension = *b"\x21\xf9\x04\0\0\0\0\0";
    extension[3..7].copy_from_slice(&control);
    extension
}

/// The extension that repeats the frames, and nothing else in it.
fn repetition(times: [u8; 2]) -> [u8; 19] {
    let mut extension = *b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    extension[16..18].copy_from_slice(&times);
    extension
}

fn skip_colour_table(reader: &mut Reader<'_>, flags: u8) -> Result<(), Malformed> {
    if flags & 0x80 != 0 {
        reader.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

/// The next sub-block of a chain, which an empty sub-block ends.
fn sub_block<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let length = reader.u8()?;
    reader.take(length.into())
}
