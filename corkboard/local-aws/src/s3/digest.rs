//! Digests as AWS writes them.

use std::fmt::Write;

use md5::{Digest, Md5};

/// The MD5 of bytes in lower-case hexadecimal, as an `ETag` has it.
pub fn md5_hex(data: &[u8]) -> String {
    hex(&Md5::digest(data))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
