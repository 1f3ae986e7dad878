//! ICC profiles (ICC.1). One is kept as it is, with the names and texts that belong to it; what only
//! pretends to be one is not. No profile is larger than the largest picture.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use super::Picture;
use super::reader::{Reader, index};

/// Whether a profile of `length` bytes begins so: its header is whole and knows its size (7.2). Like
/// browsers this minds no padding after it.
pub(super) fn is_profile(beginning: &[u8], length: usize) -> bool {
    const HEADER: usize = 128;
    const TAG_COUNT: usize = 4;
    let mut header = Reader::new(beginning);
    let Ok(size) = header.u32_be() else {
        return false;
    };
    beginning.get(36..40) == Some(b"acsp")
        && index(size) <= length
        && index(size) >= HEADER + TAG_COUNT
}

/// Whether the data of an `iCCP` chunk (PNG, 11.3.2.3) is a profile: a name, the one method of compression,
/// and a zlib stream that ends with the chunk. It is inflated a little at a time and never far.
pub(super) fn is_compressed_profile(data: &[u8]) -> bool {
    let Some(name) = data.iter().position(|byte| *byte == 0) else {
        return false;
    };
    let (1..=79, Some([0, compressed @ ..])) = (name, data.get(name + 1..)) else {
        return false;
    };
    let mut decoder = ZlibDecoder::new(compressed);
    let mut buffer = [0; 8 * 1024];
    let mut beginning = Vec::new();
    let mut length = 0;
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                if beginning.len() < 40 {
                    beginning.extend_from_slice(&buffer[..read]);
                }
                length += read;
            }
            Err(_) => return false,
        }
        if length > Picture::LIMIT {
            return false;
        }
    }
    decoder.into_inner().is_empty() && is_profile(&beginning, length)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn profile(size: u32) -> Vec<u8> {
        let mut profile = vec![0; index(size)];
        profile[..4].copy_from_slice(&size.to_be_bytes());
        profile[36..40].copy_from_slice(b"acsp");
        profile
    }

    fn chunk(profile: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(b"name\0\0".to_vec(), Compression::fast());
        encoder.write_all(profile).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_profile_knows_its_size() {
        let right = profile(132);
        assert!(is_profile(&right, 132) && is_profile(&right, 135));
        assert!(!is_profile(&right, 131));
        assert!(!is_profile(&right[..39], 132));
        assert!(!is_profile(&profile(131), 131));
        assert!(!is_profile(b"", 0));
    }

    #[test]
    fn a_compressed_profile_is_inflated_to_its_end_and_no_further_than_the_limit() {
        let right = chunk(&profile(5_000));
        assert!(is_compressed_profile(&right));
        for end in 0..right.len() {
            assert!(!is_compressed_profile(&right[..end]), "{end}");
        }
        let mut longer = right.clone();
        longer.push(0);
        assert!(!is_compressed_profile(&longer));
        let mut damaged = right;
        *damaged.last_mut().unwrap() ^= 1; // the checksum
        assert!(!is_compressed_profile(&damaged));

        let largest = u32::try_from(Picture::LIMIT).unwrap();
        assert!(is_compressed_profile(&chunk(&profile(largest))));
        assert!(!is_compressed_profile(&chunk(&profile(largest + 1))));
    }
}
