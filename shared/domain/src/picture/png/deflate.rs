//! Deflate streams (RFC 1951), followed code by code to where the last byte that is needed comes out of them.
//! Nothing is inflated, so that the time this takes depends on the stream's length alone.

/// The place in a stream where all bytes but `rest` came out, with the end of the block that it is in.
pub(super) struct Place {
    /// Where the block begins, in bits as all places here: its first bit says whether it is the last block.
    block: usize,
    end: usize,
    /// How many bytes are still missing where the next code would add more than are needed.
    rest: usize,
    kind: Kind,
}

enum Kind {
    /// A stored block, and how many of its bytes are needed.
    Stored(u16),
    /// The code that ends the block, and how many bits it has.
    Coded(usize, usize),
}

/// A code stands for no more bytes than this.
pub(super) const LONGEST: usize = 258;

/// The place in a stream where `length` bytes came out of it; `None` if fewer do.
pub(super) fn find(stream: &[u8], length: u64) -> Option<Place> {
    let mut bits = Bits {
        bytes: stream,
        at: 0,
    };
    let mut left = length;
    loop {
        let block = bits.at;
        let is_last = bits.take(1)? == 1;
        let codes = match bits.take(2)? {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                let stored = bits.take(16)?;
                bits.take(16)?; // the same, inverted
                let kept = left.min(u64::try_from(stored).ok()?);
                left -= kept;
                if left == 0 {
                    let kept = u16::try_from(kept).ok()?;
                    return Some(Place {
                        block,
                        end: bits.at + 8 * usize::from(kept),
                        rest: 0,
                        kind: Kind::Stored(kept),
                    });
                }
                bits.at += 8 * stored;
                None
            }
            1 => Some([Code::fixed_symbols(), Code::new(&[5; 30])]),
            2 => Some(dynamic(&mut bits)?),
            _ => return None,
        };
        if let Some([symbols, distances]) = codes {
            loop {
                let before = bits.at;
                let symbol = symbols.next(&mut bits)?;
                if symbol == END {
                    break;
                }
                let more = u64::try_from(bytes_of(symbol, &distances, &mut bits)?).ok()?;
                let rest = if more > left { left } else { 0 };
                left = left.saturating_sub(more);
                if left == 0 {
                    let (code, width) = symbols.of(END)?;
                    return Some(Place {
                        block,
                        end: if rest == 0 { bits.at } else { before },
                        rest: usize::try_from(rest).ok()?,
                        kind: Kind::Coded(code, width),
                    });
                }
            }
        }
        if is_last {
            return None;
        }
    }
}

impl Place {
    /// How many bytes of the stream there are up to this place.
    pub fn bytes(&self) -> usize {
        self.end.div_ceil(8)
    }

    /// The stream up to this place, and ended there. `last` are the last bytes that come out of it: [`LONGEST`] bytes,
    /// or all.
    pub fn ended(&self, stream: &[u8], last: &[u8]) -> Option<Vec<u8>> {
        let mut ended = stream.get(..self.bytes())?.to_vec();
        let is_last = ended.get_mut(self.block / 8)?;
        let bit = 1 << (self.block % 8);
        match self.kind {
            Kind::Stored(kept) => {
                *is_last |= bit;
                let length = ended.len() - usize::from(kept) - 4;
                let lengths = [kept.to_le_bytes(), (!kept).to_le_bytes()].concat();
                ended.get_mut(length..length + 4)?.copy_from_slice(&lengths);
            }
            Kind::Coded(code, width) => {
                *is_last &= !bit;
                let mut at = self.end;
                for shift in (0..width).rev() {
                    set(&mut ended, &mut at, code >> shift & 1 == 1);
                }
                // The header of one more block, the last one, in which the missing bytes are stored.
                for bit in [true, false, false] {
                    set(&mut ended, &mut at, bit);
                }
                let rest = last.get(last.len().checked_sub(self.rest)?..)?;
                let length = u16::try_from(rest.len()).ok()?;
                ended.extend(length.to_le_bytes());
                ended.extend((!length).to_le_bytes());
                ended.extend(rest);
            }
        }
        Some(ended)
    }
}

/// The symbol that ends a block.
const END: u16 = 256;

/// Two codes that stand in the stream themselves (3.2.7), each by how long its codes are.
fn dynamic(bits: &mut Bits<'_>) -> Option<[Code; 2]> {
    const ORDER: [usize; 19] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    let (symbols, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let mut of_lengths = [0; 19];
    for place in ORDER.into_iter().take(bits.take(4)? + 4) {
        of_lengths[place] = u8::try_from(bits.take(3)?).ok()?;
    }
    let of_lengths = Code::new(&of_lengths);
    let mut lengths: Vec<u8> = Vec::with_capacity(symbols + distances);
    while lengths.len() < symbols + distances {
        let (length, times) = match of_lengths.next(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        lengths.resize(lengths.len() + times, length);
    }
    let (symbols, distances) = lengths.split_at(symbols);
    Some([symbols, distances].map(Code::new))
}

/// How many bytes a symbol stands for, which may be said by what follows it (3.2.5).
fn bytes_of(symbol: u16, distances: &Code, bits: &mut Bits<'_>) -> Option<usize> {
    let length = match usize::from(symbol) {
        0..=255 => return Some(1),
        symbol @ 257..=264 => symbol - 254,
        symbol @ 265..=284 => {
            let extra = (symbol - 261) / 4;
            3 + ((4 + (symbol - 265) % 4) << extra) + bits.take(extra)?
        }
        285 => LONGEST,
        _ => return None,
    };
    let distance = usize::from(distances.next(bits)?);
    bits.take((distance / 2).saturating_sub(1))?;
    Some(length)
}

/// Bits from the lowest of the first byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut taken = 0;
        for place in 0..count {
            let byte = usize::from(*self.bytes.get(self.at / 8)?);
            taken |= (byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(taken)
    }
}

/// Writes a bit over what is there, and nothing behind it.
fn set(bytes: &mut Vec<u8>, at: &mut usize, bit: bool) {
    bytes.truncate(*at / 8 + 1);
    bytes.resize(*at / 8 + 1, 0);
    if let Some(byte) = bytes.last_mut() {
        let mask = (1_u8 << (*at % 8)).wrapping_sub(1);
        *byte = (*byte & mask) | u8::from(bit) << (*at % 8);
    }
    *at += 1;
}

/// A Huffman code (3.2.2): how many codes there are of each length, and what they stand for in their order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<u16>,
}

impl Code {
    /// The code whose symbols have codes of these lengths, none longer than 15 bits.
    fn new(lengths: &[u8]) -> Self {
        let mut used: Vec<(u16, u8)> = (0..).zip(lengths.iter().copied()).collect();
        used.retain(|(_, length)| *length > 0);
        used.sort_by_key(|(_, length)| *length);
        let mut counts = [0; 16];
        for (_, length) in &used {
            counts[usize::from(length & 15)] += 1;
        }
        let symbols = used.into_iter().map(|(symbol, _)| symbol).collect();
        Self { counts, symbols }
    }

    /// The fixed code, which need not stand in the stream (3.2.6).
    fn fixed_symbols() -> Self {
        let lengths = [(8, 144), (9, 112), (7, 24), (8, 8)];
        Self::new(&lengths.map(|(length, times)| vec![length; times]).concat())
    }

    fn next(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first, mut before) = (0, 0, 0);
        for count in &self.counts[1..] {
            code = code << 1 | bits.take(1)?;
            if code < first + count {
                return self.symbols.get(before + code - first).copied();
            }
            before += count;
            first = (first + count) << 1;
        }
        None
    }

    /// The bits that stand for a symbol, and how many they are.
    fn of(&self, symbol: u16) -> Option<(usize, usize)> {
        let place = self.symbols.iter().position(|other| *other == symbol)?;
        let (mut first, mut before) = (0, 0);
        for (width, count) in self.counts.iter().enumerate().skip(1) {
            if place < before + count {
                return Some((first + place - before, width));
            }
            before += count;
            first = (first + count) << 1;
        }
        None
    }
}
