//! Animations (PNG, 4.9). Their chunks are numbered through; each frame is a control and then its image, in
//! chunks of its own unless it is the picture's.

use super::super::kept::Kept;
use super::super::reader::{CUT_SHORT, Malformed, Reader, index};
use super::super::{Allowance, FRAMES, InvalidPicture};
use super::Header;
use super::chunk::{self, Chunk};
use super::image::{Ended, Image};

const ORDER: Malformed = Malformed("its frames are not in order");
const WRONG: Malformed = Malformed("a frame is wrong");

pub(super) struct Animation<'a> {
    /// How many frames the `acTL` chunk says that there are.
    stated: usize,
    /// How often they are repeated.
    times: Vec<u8>,
    /// Where the `acTL` chunk begins among what is kept.
    stated_at: usize,
    frames: usize,
    allowance: Allowance,
    /// The number of the next chunk, as received and as kept.
    received: u32,
    kept: u32,
    /// A frame's control whose image is still to come, and the size of that image.
    control: Option<(Chunk<'a>, (u32, u32))>,
    image: Option<Image<'a>>,
    /// Whether there was a frame more than are stated: from there on, browsers ignore all frames.
    is_over: bool,
}

/// How many frames a chunk says that there are; `None` where it does not make an animation of the picture.
pub(super) fn stated_frames(data: &[u8]) -> Option<usize> {
    let frames = Reader::new(data).u32_be().ok()?;
    (data.len() == 8 && (1..1 << 31).contains(&frames)).then_some(index(frames))
}

impl<'a> Animation<'a> {
    /// The animation that an `acTL` chunk with this `data` begins, which says that there are `stated` frames.
    pub fn new(stated: usize, data: &[u8]) -> Self {
        Self {
            stated,
            times: data.get(4..).unwrap_or_default().to_vec(),
            stated_at: 0,
            frames: 0,
            allowance: Allowance(FRAMES),
            received: 0,
            kept: 0,
            control: None,
            image: None,
            is_over: false,
        }
    }

    /// Notes where the `acTL` chunk is kept.
    pub fn is_stated_at(&mut self, place: usize) {
        self.stated_at = place;
    }

    /// Whether all frames were begun.
    fn has_all(&self) -> bool {
        self.frames == self.stated
    }

    /// Whether it has more than one frame.
    pub fn moves(&self) -> bool {
        self.frames > 1
    }

    fn number(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        if reader.u32_be()? != self.received {
            return Err(ORDER);
        }
        self.received += 1;
        Ok(())
    }

    /// Keeps a chunk under the sequence number that it has among the kept ones.
    fn keep(&mut self, chunk: &Chunk<'_>, fields: &[u8], kept: &mut Kept<'_>) {
        let numbered = [&self.kept.to_be_bytes(), fields].concat();
        chunk.keep_as(&numbered, kept);
        self.kept += 1;
    }

    /// A control, which counts if an image comes before the next. A frame is part of the picture, and the
    /// picture's image as a frame is all of it.
    pub fn control(
        &mut self,
        chunk: Chunk<'a>,
        header: &Header,
        is_ahead: bool,
    ) -> Result<(), Malformed> {
        if self.has_all() {
            self.is_over = true;
            return Ok(());
        }
        let mut reader = Reader::new(chunk.data);
        self.number(&mut reader)?;
        let [columns, rows, left, top] = [
            reader.u32_be()?,
            reader.u32_be()?,
            reader.u32_be()?,
            reader.u32_be()?,
        ];
        let fits =
            |start: u32, length, side| start.checked_add(length).is_some_and(|end| end <= side);
        if !fits(left, columns, header.width) || !fits(top, rows, header.height) {
            return Err(Malformed("a frame is larger than the picture"));
        }
        reader.take(4)?; // delay
        let [disposal, blending] = reader.array()?;
        let size = (columns, rows);
        if columns == 0
            || rows == 0
            || disposal > 2
            || blending > 1
            || !reader.rest().is_empty()
            || (is_ahead && size != (header.width, header.height))
        {
            return Err(WRONG);
        }
        self.control = Some((chunk, size));
        Ok(())
    }

    /// Begins a frame with the control that came before, and says what size it has.
    fn begin(
        &mut self,
        kept: &mut Kept<'_>,
        inflated: &mut u64,
    ) -> Result<Option<(u32, u32)>, InvalidPicture> {
        let Some((control, size)) = self.control.take() else {
            return Ok(None);
        };
        self.end_image(kept, inflated)?;
        self.allowance.take()?;
        self.frames += 1;
        self.keep(&control, control.data.get(4..).unwrap_or_default(), kept);
        Ok(Some(size))
    }

    /// Notes that the picture's image begins, which is the first frame if there was a control.
    pub fn picture(
        &mut self,
        kept: &mut Kept<'_>,
        inflated: &mut u64,
    ) -> Result<(), InvalidPicture> {
        self.begin(kept, inflated).map(|_| ())
    }

    /// Takes data of a frame behind the picture's image.
    pub fn data(
        &mut self,
        chunk: Chunk<'a>,
        header: &Header,
        kept: &mut Kept<'_>,
        inflated: &mut u64,
    ) -> Result<(), InvalidPicture> {
        if self.is_over || (self.has_all() && self.image.is_none()) {
            return Ok(());
        }
        let mut reader = Reader::new(chunk.data);
        self.number(&mut reader)?;
        if let Some(size) = self.begin(kept, inflated)? {
            self.image = Some(Image::new(header.length(size)));
        }
        let image = self.image.as_mut().ok_or(ORDER)?;
        image.add(chunk, reader.rest());
        Ok(())
    }

    fn end_image(&mut self, kept: &mut Kept<'_>, inflated: &mut u64) -> Result<(), Malformed> {
        let Some(image) = self.image.take() else {
            return Ok(());
        };
        match image.end(inflated)? {
            Ended::AsReceived(chunks) => {
                for (chunk, data) in chunks {
                    self.keep(&chunk, data, kept);
                }
            }
            Ended::Anew(stream) => {
                let numbered = [&self.kept.to_be_bytes(), &stream[..]].concat();
                kept.add(&chunk::written(*b"fdAT", &numbered));
                self.kept += 1;
            }
        }
        Ok(())
    }

    /// Corrects how many frames there are said to be; where the bytes are cut short, there must be as many.
    pub fn end(
        &mut self,
        is_cut: bool,
        kept: &mut Kept<'_>,
        inflated: &mut u64,
    ) -> Result<(), Malformed> {
        self.end_image(kept, inflated)?;
        if is_cut && !self.has_all() {
            return Err(CUT_SHORT);
        }
        if self.frames == 0 {
            return Err(Malformed("a frame is missing"));
        }
        if !self.has_all() {
            let frames = u32::try_from(self.frames).unwrap_or(u32::MAX);
            let data = [&frames.to_be_bytes(), &self.times[..]].concat();
            kept.replace(self.stated_at, &chunk::written(*b"acTL", &data));
        }
        Ok(())
    }
}
