//! PNG (W3C, third edition): a signature and chunks with checksums.

use std::ops::Range;

use bytes::Bytes;

use super::exif::Orientation;
use super::icc;
use super::kept::Kept;
use super::reader::{CUT_SHORT, Malformed, Reader, index};
use super::{Allowance, FRAMES, InvalidPicture, PARTS, Walked};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Keeps the header, the palette, the image, the animation, and the first chunk of each kind that decides how
/// they look (where it stands and is as long as it must be). Of EXIF browsers go by the first block, and only
/// if it comes before the image.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    reader.take(SIGNATURE.len())?;
    let mut walk = Walk::begin(&chunk(&mut reader)?)?;
    let mut kept = Kept::of(bytes);
    kept.keep(0..reader.position());
    let mut parts = Allowance(PARTS);
    loop {
        parts.take()?;
        let chunk = chunk(&mut reader)?;
        let is_end = &chunk.kind == b"IEND";
        match walk.step(&chunk)? {
            Step::Keep => kept.keep(chunk.place),
            Step::Drop => {}
            Step::Turned(orientation) => kept.add(&exif(orientation)),
        }
        if is_end {
            break;
        }
    }
    let orientation = walk.orientation.unwrap_or(Orientation::AS_STORED);
    Ok(Walked::new((walk.width, walk.height), orientation, kept))
}

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    /// With its length and checksum.
    place: Range<usize>,
}

fn chunk<'a>(reader: &mut Reader<'a>) -> Result<Chunk<'a>, Malformed> {
    let start = reader.position();
    let length = index(reader.u32_be()?);
    let mut checked = Reader::new(reader.rest());
    let kind: [u8; 4] = reader.array()?;
    let data = reader.take(length)?;
    let checksum = crc32fast::hash(checked.take(4 + length)?);
    if reader.u32_be()? != checksum {
        return Err(Malformed("a checksum is wrong"));
    }
    if !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(Malformed("it has an unknown part"));
    }
    Ok(Chunk {
        kind,
        data,
        place: start..reader.position(),
    })
}

/// A chunk that says how the picture is turned, and nothing else.
fn exif(orientation: Orientation) -> Vec<u8> {
    let data = [b"eXIf", &orientation.block()[..]].concat();
    let checksum = crc32fast::hash(&data).to_be_bytes();
    [&[0, 0, 0, 26], &data[..], &checksum].concat()
}

/// What becomes of a chunk.
enum Step {
    Keep,
    Drop,
    Turned(Orientation),
}

#[derive(PartialEq, Eq)]
enum Image {
    Ahead,
    Now,
    Over,
}

struct Walk {
    width: u32,
    height: u32,
    colour: u8,
    colours: Option<usize>,
    image: Image,
    stream: StreamStart,
    orientation: Option<Orientation>,
    animation: Option<Animation>,
    seen: Vec<[u8; 4]>,
}

impl Walk {
    fn begin(header: &Chunk<'_>) -> Result<Self, Malformed> {
        if &header.kind != b"IHDR" || header.data.len() != 13 {
            return Err(Malformed("its header is missing"));
        }
        let mut header = Reader::new(header.data);
        let (width, height) = (header.u32_be()?, header.u32_be()?);
        if width == 0 || height == 0 {
            return Err(Malformed("it has no size"));
        }
        let (depth, colour) = (header.u8()?, header.u8()?);
        let known = match colour {
            0 => matches!(depth, 1 | 2 | 4 | 8 | 16),
            3 => matches!(depth, 1 | 2 | 4 | 8),
            2 | 4 | 6 => matches!(depth, 8 | 16),
            _ => false,
        };
        let [compression, filter, interlace] = header.array()?;
        if !known || compression != 0 || filter != 0 || interlace > 1 {
            return Err(Malformed("its header is wrong"));
        }
        Ok(Self {
            width,
            height,
            colour,
            colours: None,
            image: Image::Ahead,
            stream: StreamStart::default(),
            orientation: None,
            animation: None,
            seen: Vec::new(),
        })
    }

    fn step(&mut self, chunk: &Chunk<'_>) -> Result<Step, InvalidPicture> {
        let data = chunk.data;
        if self.image == Image::Now && &chunk.kind != b"IDAT" {
            self.image = Image::Over;
        }
        Ok(match &chunk.kind {
            b"IHDR" => return Err(Malformed("it has several headers").into()),
            b"PLTE" => self.palette(data)?,
            b"IDAT" => self.image(data)?,
            b"IEND" => self.end(data)?,
            b"acTL" => self.animate(data)?,
            b"fcTL" => {
                let size = (self.width, self.height);
                match &mut self.animation {
                    Some(animation) => animation.control(data, size, &self.image)?,
                    None => Step::Drop,
                }
            }
            b"fdAT" => match &mut self.animation {
                Some(animation) => animation.data(data, &self.image)?,
                None => Step::Drop,
            },
            b"eXIf" if self.image == Image::Ahead && self.orientation.is_none() => {
                let orientation = Orientation::read(data);
                self.orientation = Some(orientation);
                if orientation == Orientation::AS_STORED {
                    Step::Drop
                } else {
                    Step::Turned(orientation)
                }
            }
            [b'A'..=b'Z', ..] => return Err(Malformed("it has an unknown part").into()),
            kind => self.other(*kind, data),
        })
    }

    fn palette(&mut self, data: &[u8]) -> Result<Step, Malformed> {
        let colours = data.len() / 3;
        if self.image != Image::Ahead
            || self.colours.is_some()
            || !data.len().is_multiple_of(3)
            || !(1..=256).contains(&colours)
        {
            return Err(Malformed("its palette is wrong"));
        }
        self.colours = Some(colours);
        Ok(match self.colour {
            2 | 3 | 6 => Step::Keep,
            _ => Step::Drop,
        })
    }

    fn image(&mut self, data: &[u8]) -> Result<Step, Malformed> {
        match self.image {
            Image::Ahead if self.colour == 3 && self.colours.is_none() => {
                return Err(Malformed("its palette is missing"));
            }
            Image::Ahead => {
                if let Some(animation) = &mut self.animation {
                    animation.frame = Frame::None;
                }
            }
            Image::Now => {}
            Image::Over => return Err(Malformed("its image is in several places")),
        }
        self.image = Image::Now;
        self.stream.check(data)?;
        Ok(Step::Keep)
    }

    fn animate(&mut self, data: &[u8]) -> Result<Step, InvalidPicture> {
        let mut reader = Reader::new(data);
        let frames = index(reader.u32_be().unwrap_or(0));
        // In any other place or shape it does not make an animation of the picture.
        if self.image != Image::Ahead || self.animation.is_some() || data.len() != 8 || frames == 0
        {
            return Ok(Step::Drop);
        }
        Allowance(FRAMES).take_many(frames)?;
        self.animation = Some(Animation::of(frames));
        Ok(Step::Keep)
    }

    /// A chunk that only says how the image looks. It is ahead of the image, or nobody minds it.
    fn other(&mut self, kind: [u8; 4], data: &[u8]) -> Step {
        if self.image != Image::Ahead || self.seen.contains(&kind) {
            return Step::Drop;
        }
        let colours = self.colours.unwrap_or(0);
        let is_right = match &kind {
            b"gAMA" | b"cICP" => data.len() == 4,
            b"cHRM" => data.len() == 32,
            b"sRGB" => data.len() == 1,
            b"mDCV" => data.len() == 24,
            b"cLLI" => data.len() == 8,
            b"pHYs" => data.len() == 9,
            b"iCCP" => icc::is_compressed_profile(data),
            b"sBIT" => match self.colour {
                0 => data.len() == 1,
                4 => data.len() == 2,
                6 => data.len() == 4,
                _ => data.len() == 3,
            },
            b"bKGD" => match self.colour {
                3 => data.len() == 1,
                2 | 6 => data.len() == 6,
                _ => data.len() == 2,
            },
            b"tRNS" => match self.colour {
                0 => data.len() == 2,
                2 => data.len() == 6,
                3 => (1..=colours).contains(&data.len()),
                _ => false,
            },
            _ => return Step::Drop,
        };
        // Also one that is not right: a second profile is not inflated.
        self.seen.push(kind);
        if is_right { Step::Keep } else { Step::Drop }
    }

    fn end(&self, data: &[u8]) -> Result<Step, Malformed> {
        if self.image == Image::Ahead {
            return Err(Malformed("it has no image"));
        }
        if !data.is_empty() {
            return Err(Malformed("its end is wrong"));
        }
        self.stream.check_end()?;
        self.animation.as_ref().map_or(Ok(()), Animation::end)?;
        Ok(Step::Keep)
    }
}

/// The first two bytes of compressed data (RFC 1950, 2.2), wherever they are cut. The checksum at its end is
/// one of the pixels, which are not read.
#[derive(Default)]
struct StreamStart(Vec<u8>);

impl StreamStart {
    fn check(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let missing = 2 - self.0.len();
        self.0.extend(data.iter().take(missing));
        let [method, flags] = self.0[..] else {
            return Ok(());
        };
        let is_deflate = method & 0xf == 8 && method >> 4 <= 7;
        let has_dictionary = flags & 0x20 != 0;
        if !is_deflate || has_dictionary || u16::from_be_bytes([method, flags]) % 31 != 0 {
            return Err(Malformed("its image is not compressed as it must be"));
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), Malformed> {
        (self.0.len() == 2).then_some(()).ok_or(CUT_SHORT)
    }
}

/// An animation, whose chunks are numbered through. Its first frame may be the image itself.
struct Animation {
    frames: usize,
    controls: usize,
    sequence: u32,
    frame: Frame,
}

enum Frame {
    /// None is begun, or the image is the frame.
    None,
    /// Its control was there.
    Announced,
    Begun(StreamStart),
}

impl Animation {
    fn of(frames: usize) -> Self {
        Self {
            frames,
            controls: 0,
            sequence: 0,
            frame: Frame::None,
        }
    }

    fn number(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        if reader.u32_be()? != self.sequence {
            return Err(Malformed("its frames are not in order"));
        }
        self.sequence += 1;
        Ok(())
    }

    /// A frame is part of the picture, and the image as a frame is all of it.
    fn control(
        &mut self,
        data: &[u8],
        (width, height): (u32, u32),
        image: &Image,
    ) -> Result<Step, Malformed> {
        let mut reader = Reader::new(data);
        self.number(&mut reader)?;
        let [columns, rows, left, top] = [
            reader.u32_be()?,
            reader.u32_be()?,
            reader.u32_be()?,
            reader.u32_be()?,
        ]
        .map(u64::from);
        let (width, height) = (width.into(), height.into());
        if left + columns > width || top + rows > height {
            return Err(Malformed("a frame is larger than the picture"));
        }
        reader.take(4)?; // delay
        let [disposal, blending] = reader.array()?;
        let is_whole = (columns, rows) == (width, height);
        if columns == 0
            || rows == 0
            || disposal > 2
            || blending > 1
            || !reader.rest().is_empty()
            || (*image == Image::Ahead && !is_whole)
        {
            return Err(Malformed("a frame is wrong"));
        }
        self.end_frame()?;
        self.frame = Frame::Announced;
        self.controls += 1;
        Ok(Step::Keep)
    }

    fn data(&mut self, data: &[u8], image: &Image) -> Result<Step, Malformed> {
        let mut reader = Reader::new(data);
        self.number(&mut reader)?;
        if *image == Image::Ahead || matches!(self.frame, Frame::None) {
            return Err(Malformed("its frames are not in order"));
        }
        if let Frame::Announced = self.frame {
            self.frame = Frame::Begun(StreamStart::default());
        }
        if let Frame::Begun(stream) = &mut self.frame {
            stream.check(reader.rest())?;
        }
        Ok(Step::Keep)
    }

    fn end_frame(&self) -> Result<(), Malformed> {
        match &self.frame {
            Frame::None => Ok(()),
            Frame::Announced => Err(Malformed("a frame is missing")),
            Frame::Begun(stream) => stream.check_end(),
        }
    }

    fn end(&self) -> Result<(), Malformed> {
        self.end_frame()?;
        if self.controls != self.frames {
            return Err(Malformed("a frame is missing"));
        }
        Ok(())
    }
}
