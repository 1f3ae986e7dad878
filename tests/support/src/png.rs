//! PNGs, made for the occasion.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A PNG of this size and bit depth, grey, with these rows, each with its filter's byte before it.
pub fn grey(
    width: u32,
    height: u32,
    depth: u8,
    rows: impl IntoIterator<Item = Vec<u8>>,
) -> Vec<u8> {
    let mut compressed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in rows {
        compressed.write_all(&row).unwrap();
    }
    let [columns, lines] = [width, height].map(u32::to_be_bytes);
    let header = [&columns, &lines, &[depth, 0, 0, 0, 0][..]].concat();
    let image = compressed.finish().unwrap();
    let signature = b"\x89PNG\r\n\x1a\n".to_vec();
    let chunks = [(b"IHDR", &header[..]), (b"IDAT", &image), (b"IEND", &[])];
    let chunks = chunks.map(|(kind, data)| chunk(kind, data));
    [&[signature], &chunks[..]].concat().concat()
}

/// A PNG of some `kib` KiB that looks like nothing, another for each `seed`.
pub fn noise(kib: u32, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut row = |_| {
        let pixels = (0..1024).map(|_| {
            // Xorshift, whose state may be any number but zero.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        });
        std::iter::once(0).chain(pixels).collect()
    };
    let rows: Vec<_> = (0..kib).map(&mut row).collect();
    grey(1024, kib, 8, rows)
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let checksum = crc32fast::hash(&[kind, data].concat()).to_be_bytes();
    [&length, kind, data, &checksum].concat()
}
