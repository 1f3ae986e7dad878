//! The compression of a GIF's frames (89a specification, appendix F), followed to know where they end. No
//! pixel is made.

/// No code has more bits than this.
const BITS: u32 = 12;

/// Follows the sub-blocks of a frame of `pixels` pixels, whose colours have `bits` bits (1 to 8), to the last pixel.
/// Returns where the sub-block with the last pixel begins, and the sub-blocks that are to stand from there, which end
/// behind that pixel. `None` if pixels are missing.
pub(super) fn ended(sub_blocks: &[u8], bits: u8, pixels: u64) -> Option<(usize, Vec<u8>)> {
    let mut codes = Codes::new(bits.into());
    let mut left = pixels;
    let (mut waiting, mut count) = (0_u32, 0);
    let mut block = 0;
    while let Some(length @ 1..) = sub_blocks.get(block) {
        let start = block + 1;
        let end = start + usize::from(*length);
        for (at, byte) in (start..end).zip(sub_blocks.get(start..end)?) {
            waiting |= u32::from(*byte) << count;
            count += 8;
            while count >= codes.width {
                let code = waiting & ((1 << codes.width) - 1);
                waiting >>= codes.width;
                count -= codes.width;
                match codes.next(code) {
                    Code::Clear => {}
                    Code::Pixels(pixels) => left = left.saturating_sub(pixels.into()),
                    Code::End | Code::Unknown => return None,
                }
                if left == 0 {
                    // Of this byte, the bits that still wait (fewer than 8) are not used: the end code takes their
                    // place.
                    let used = 8 - count;
                    let last = u32::from(*byte) & ((1 << used) - 1) | codes.end() << used;
                    let length = (used + codes.width).div_ceil(8);
                    let last = last.to_le_bytes().into_iter().zip(0..length);
                    let mut data = sub_blocks.get(start..at)?.to_vec();
                    data.extend(last.map(|(byte, _)| byte));
                    return Some((block, chain(&data)));
                }
            }
        }
        block = end;
    }
    None
}

/// Sub-blocks, each as long as it can be, and the empty one that ends them.
fn chain(data: &[u8]) -> Vec<u8> {
    let mut chain = Vec::with_capacity(data.len() + 3);
    for block in data.chunks(u8::MAX.into()) {
        chain.extend(u8::try_from(block.len()));
        chain.extend(block);
    }
    chain.push(0);
    chain
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
    /// How many bits the next code has.
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
        // There is a code for each colour, one to clear, and one to end.
        self.lengths.resize((1 << self.bits) + 2, 1);
        self.width = self.bits + 1;
        self.before = None;
    }

    fn end(&self) -> u32 {
        self.clear + 1
    }

    fn next(&mut self, code: u32) -> Code {
        if code == self.clear {
            self.clear();
            return Code::Clear;
        }
        if code == self.end() {
            return Code::End;
        }
        // The next new code stands for the pixels of the code before, and one more.
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
