//! PNG (W3C, third edition): a signature and chunks with checksums.

mod animation;
pub(super) mod chunk;
mod deflate;
mod image;
mod looks;

use bytes::Bytes;

use super::exif::Orientation;
use super::kept::Kept;
use super::reader::{CUT_SHORT, Malformed, Reader};
use super::{Allowance, InvalidPicture, Picture, Walked, icc, limited, parts};
use animation::Animation;

use chunk::{Chunk, END};
use image::{Ended, Image};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// How many chunks that say that they carry a profile are looked into.
const PROFILES: usize = 8;

/// A chunk that carries the profile, cleaned.
pub(super) fn profile_chunk(profile: &[u8]) -> Option<Vec<u8>> {
    let data = looks::profile(&icc::cleaned(profile)?)?;
    Some(chunk::written(*b"iCCP", &data))
}

/// Keeps the header, the palette, the image, the animation, and the first chunk of each kind that decides how
/// they look (where it stands and is as long as it must be). Of EXIF browsers go by the first block, and only
/// if it comes before the image. A chunk that only adds something counts only if its checksum is right, and
/// behind the image nothing is needed any more.
pub(super) fn walk(bytes: &Bytes) -> Result<Walked, InvalidPicture> {
    let mut reader = Reader::new(bytes);
    reader.take(SIGNATURE.len())?;
    let header = chunk::next(&mut reader)?.ok_or(CUT_SHORT)?;
    if !header.is_right {
        return Err(Malformed("a checksum is wrong").into());
    }
    let mut kept = Kept::of(bytes);
    kept.keep(0..reader.position());
    let header = Header::parse(&header)?;
    limited(header.width, header.height, Picture::MEGAPIXELS)?;
    let mut walk = Walk::begin(header, kept);
    let mut parts = parts(bytes.len());
    let mut last = *b"IHDR";
    loop {
        parts.take()?;
        let next = match chunk::next(&mut reader) {
            // Behind the image and the frames nothing is needed. Whether the image is whole shows when it ends.
            Err(_) if walk.progress != Progress::Ahead && last != *b"fdAT" => None,
            next => next?,
        };
        if next.as_ref().is_none_or(|chunk| &chunk.kind != b"IDAT") {
            walk.end_image()?;
        }
        match next {
            Some(chunk) if &chunk.kind != END => {
                last = chunk.kind;
                walk.step(chunk)?;
            }
            end => {
                walk.end(end.is_none())?;
                break;
            }
        }
    }
    let orientation = walk.orientation.unwrap_or(Orientation::AS_STORED);
    let size = (walk.header.width, walk.header.height);
    Ok(Walked {
        is_animated: walk.animation.as_ref().is_some_and(Animation::moves),
        scans: if walk.header.is_interlaced { 7 } else { 1 },
        ..Walked::new(size, orientation, walk.kept)
    })
}

struct Header {
    width: u32,
    height: u32,
    depth: u8,
    colour: u8,
    is_interlaced: bool,
}

impl Header {
    fn parse(chunk: &Chunk<'_>) -> Result<Self, Malformed> {
        if &chunk.kind != b"IHDR" || chunk.data.len() != 13 {
            return Err(Malformed("its header is missing"));
        }
        let mut header = Reader::new(chunk.data);
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
            depth,
            colour,
            is_interlaced: interlace == 1,
        })
    }

    /// How many bytes an image of this size has before compression: for each row one more than its pixels.
    fn length(&self, (width, height): (u32, u32)) -> u64 {
        // Adam7: first column and row of each pass, and how far apart they are.
        const PASSES: [[u32; 4]; 7] = [
            [0, 0, 8, 8],
            [4, 0, 8, 8],
            [0, 4, 4, 8],
            [2, 0, 4, 4],
            [0, 2, 2, 4],
            [1, 0, 2, 2],
            [0, 1, 1, 2],
        ];
        let samples = match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        };
        let bits = samples * u64::from(self.depth);
        let passes: &[[u32; 4]] = if self.is_interlaced {
            &PASSES
        } else {
            &[[0, 0, 1, 1]]
        };
        let lengths = passes.iter().map(|[left, top, across, down]| {
            let columns = u64::from(width.saturating_sub(*left).div_ceil(*across));
            let rows = u64::from(height.saturating_sub(*top).div_ceil(*down));
            if columns == 0 {
                0
            } else {
                rows.saturating_mul(1 + (columns * bits).div_ceil(8))
            }
        });
        lengths.fold(0, u64::saturating_add)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Ahead,
    Now,
    Over,
}

struct Walk<'a> {
    header: Header,
    kept: Kept<'a>,
    progress: Progress,
    image: Image<'a>,
    /// How many bytes came out of all images so far.
    inflated: u64,
    /// How many colours the palette has, where there was one.
    colours: Option<usize>,
    /// The palette and the chunks behind it, held back until every chunk that must be ahead of the palette was there.
    held: Vec<([u8; 4], Vec<u8>)>,
    animation: Option<Animation<'a>>,
    /// Controls of frames that came before the image.
    controls: Vec<Chunk<'a>>,
    orientation: Option<Orientation>,
    seen: Vec<[u8; 4]>,
    profiles: Allowance,
}

impl<'a> Walk<'a> {
    fn begin(header: Header, kept: Kept<'a>) -> Self {
        Self {
            image: Image::new(header.length((header.width, header.height))),
            header,
            kept,
            progress: Progress::Ahead,
            inflated: 0,
            colours: None,
            held: Vec::new(),
            animation: None,
            controls: Vec::new(),
            orientation: None,
            seen: Vec::new(),
            profiles: Allowance(PROFILES),
        }
    }

    fn step(&mut self, chunk: Chunk<'a>) -> Result<(), InvalidPicture> {
        let is_ahead = self.progress == Progress::Ahead;
        if !chunk.is_right && chunk.is_critical() && self.progress != Progress::Over {
            return Err(Malformed("a checksum is wrong").into());
        }
        match &chunk.kind {
            b"IHDR" => return Err(Malformed("it has several headers").into()),
            b"PLTE" if is_ahead => self.palette(chunk.data)?,
            b"IDAT" if self.progress != Progress::Over => self.image(chunk)?,
            // Browsers go by frames whatever their checksums are.
            b"fcTL" if is_ahead => self.controls.push(chunk),
            b"fcTL" => {
                if let Some(animation) = &mut self.animation {
                    animation.control(chunk, &self.header, false)?;
                }
            }
            b"fdAT" => {
                if let Some(animation) = &mut self.animation {
                    animation.data(chunk, &self.header, &mut self.kept, &mut self.inflated)?;
                }
            }
            _ if !is_ahead => {}
            _ if chunk.is_critical() => return Err(Malformed("it has an unknown part").into()),
            kind if chunk.is_right => self.other(*kind, chunk.data),
            _ => {}
        }
        Ok(())
    }

    /// Keeps a chunk that only says how the image looks.
    fn put(&mut self, kind: [u8; 4], data: &[u8]) {
        let is_late = !self.held.is_empty() && !looks::is_ahead_of_palette(kind);
        let chunk = chunk::written(kind, data);
        if is_late || &kind == b"PLTE" {
            self.held.push((kind, chunk));
        } else {
            self.place(kind, &chunk);
        }
    }

    fn place(&mut self, kind: [u8; 4], chunk: &[u8]) {
        if &kind == b"acTL"
            && let Some(animation) = &mut self.animation
        {
            animation.is_stated_at(self.kept.len());
        }
        self.kept.add(chunk);
    }

    fn palette(&mut self, data: &[u8]) -> Result<(), Malformed> {
        let colours = data.len() / 3;
        let is_right = self.colours.is_none() && (1..=256).contains(&colours);
        match self.header.colour {
            // As in Chromium, a colour of fewer than three bytes at the end does not count.
            3 if is_right => {}
            3 => return Err(Malformed("its palette is wrong")),
            // In a picture in true colour the palette only suggests colours.
            2 | 6 if is_right && data.len().is_multiple_of(3) => {}
            _ => return Ok(()),
        }
        self.colours = Some(colours);
        self.put(*b"PLTE", &data[..3 * colours]);
        Ok(())
    }

    fn image(&mut self, chunk: Chunk<'a>) -> Result<(), InvalidPicture> {
        if self.progress == Progress::Ahead {
            if self.header.colour == 3 && self.colours.is_none() {
                return Err(Malformed("its palette is missing").into());
            }
            self.progress = Progress::Now;
            for (kind, chunk) in std::mem::take(&mut self.held) {
                self.place(kind, &chunk);
            }
            if let Some(animation) = &mut self.animation {
                for control in self.controls.drain(..) {
                    animation.control(control, &self.header, true)?;
                }
                animation.picture(&mut self.kept, &mut self.inflated)?;
            }
        }
        let data = chunk.data;
        self.image.add(chunk, data);
        Ok(())
    }

    /// Ends the image if it was begun, and keeps it.
    fn end_image(&mut self) -> Result<(), Malformed> {
        if self.progress == Progress::Now {
            self.progress = Progress::Over;
            let image = std::mem::replace(&mut self.image, Image::new(0));
            match image.end(&mut self.inflated)? {
                Ended::AsReceived(chunks) => {
                    for (chunk, _) in chunks {
                        chunk.keep(&mut self.kept);
                    }
                }
                Ended::Anew(stream) => self.kept.add(&chunk::written(*b"IDAT", &stream)),
            }
        }
        Ok(())
    }

    /// Takes a chunk that stands ahead of the image and only says how the image looks.
    fn other(&mut self, kind: [u8; 4], data: &[u8]) {
        if self.seen.contains(&kind) {
            return;
        }
        let counts = match &kind {
            b"acTL" => animation::stated_frames(data).map(|frames| {
                self.animation = Some(Animation::new(frames, data));
                data.into()
            }),
            b"eXIf" => {
                let orientation = Orientation::read(data);
                self.orientation = Some(orientation);
                self.seen.push(kind);
                (orientation != Orientation::AS_STORED).then(|| orientation.block().to_vec().into())
            }
            // No more than [`PROFILES`] profiles are inflated.
            b"iCCP" if self.profiles.take().is_ok() => looks::cleaned_profile(data),
            _ => looks::what_counts(kind, data, self.header.colour, self.colours),
        };
        if let Some(data) = counts {
            self.seen.push(kind);
            self.put(kind, &data);
        }
    }

    /// Ends the picture, where it says that it is over or where it is cut short.
    fn end(&mut self, is_cut: bool) -> Result<(), Malformed> {
        if self.progress == Progress::Ahead {
            return Err(if is_cut {
                CUT_SHORT
            } else {
                Malformed("it has no image")
            });
        }
        if let Some(animation) = &mut self.animation {
            animation.end(is_cut, &mut self.kept, &mut self.inflated)?;
        }
        self.kept.add(&chunk::written(*END, &[]));
        Ok(())
    }
}
