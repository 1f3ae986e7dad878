//! The compression of a GIF's frames (89a specification, appendix F), followed to know where they end. No
//! pixel is made.

/// No code has more bits than this.
const BITS: u32 = 12;

/// Whether a frame has its pixels.
pub(super) enum Pixels {
    Missing,
    Whole,
    /// All of them, up to the code that ends them: in the sub-block that begins there, so many bytes.
    WholeWithin {
        block: usize,
        length: u8,
    },
}

/// Follows the sub-blocks of a frame of so many pixels, whose colours have so many bits.
pub(super) fn follow(sub_blocks: &[u8], bits: u8, pixels: u64) -> Pixels {
    if !(1..=8).contains(&bits) {
        // What browsers make of it they do by themselves.
        return Pixels::Whole;
    }
    let mut codes = Codes::new(bits.into());
    let mut left = pixels;
    let (mut waiting, mut count) = (0_u32, 0);
    let mut block = 0;
    while let Some(length @ 1..) = sub_blocks.get(block) {
        let start = block + 1;
        let end = start + usize::from(*length);
        for (used, byte) in (1..=u8::MAX).zip(sub_blocks.get(start..end).unwrap_or_default()) {
            waiting |= u32::from(*byte) << count;
            count += 8;
            while count >= codes.width {
                let code = waiting & ((1 << codes.width) - 1);
                waiting >>= codes.width;
                count -= codes.width;
                match codes.next(code) {
                    Code::Clear => {}
                    Code::Pixels(_) if left == 0 => return Pixels::Whole,
                    Code::Pixels(pixels) => left = left.saturating_sub(pixels.into()),
                    Code::End if left == 0 => {
                        return Pixels::WholeWithin {
                            block,
                            length: used,
                        };
                    }
                    Code::End | Code::Unknown if left > 0 => return Pixels::Missing,
                    Code::End | Code::Unknown => return Pixels::Whole,
                }
            }
        }
        block = end;
    }
    if left == 0 {
        Pixels::Whole
    } else {
        Pixels::Missing
    }
}

enum Code {
    Clear,
    End,
    Pixels(u16),
    Unknown,
}

/// How many pixels each code stands for.
struct Codes {
    clear: u32,
    /// Of the next code.
    width: u32,
    lengths: Vec<u16>,
    /// How many pixels the code before stood for.
    before: Option<u16>,
    bits: u32,
}

impl Codes {
    fn new(bits: u32) -> Self {
        let mut codes = Self {
            clear: 1 << bits,
            width: 0,
            lengths: Vec::with_capacity(1 << BITS),
            before: None,
            bits,
        };
        codes.clear();
        codes
    }

    fn clear(&mut self) {
        self.lengths.clear();
        // A code for each colour, to clear, to end.
        self.lengths.resize((1 << self.bits) + 2, 1);
        self.width = self.bits + 1;
        self.before = None;
    }

    fn next(&mut self, code: u32) -> Code {
        if code == self.clear {
            self.clear();
            return Code::Clear;
        }
        if code == self.clear + 1 {
            return Code::End;
        }
        // A new code stands for what the code before does, and one pixel more.
        let new = self.before.map(|before| before.saturating_add(1));
        let known = usize::try_from(code).ok().and_then(|code| {
            let is_new = code == self.lengths.len();
            self.lengths.get(code).copied().or(new.filter(|_| is_new))
        });
        let Some(pixels) = known else {
            return Code::Unknown;
        };
        if let Some(new) = new
            && self.lengths.len() < 1 << BITS
        {
            self.lengths.push(new);
            if self.lengths.len() == 1 << self.width && self.width < BITS {
                self.width += 1;
            }
        }
        self.before = Some(pixels);
        Code::Pixels(pixels)
    }
}
