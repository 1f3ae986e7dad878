//! Lossy WebP of pixels, by libwebp (`libwebp-sys`).
//!
//! This is the one crate of the workspace in which `unsafe` is allowed, and all that it lets libwebp see is rows of
//! pixels that were decoded, shrunk and measured in safe Rust: never a byte that somebody sent. It knows no picture
//! format but the one that it writes.
//!
//! Why libwebp: the one lossy WebP encoder in pure Rust that is kept (zenwebp) is AGPL, and that of `image-webp` is
//! lossless. Why `libwebp-sys`: it carries libwebp's own sources, follows its releases, and has bindings that were
//! made once and are the same for everybody; `webp` is a wrapper around it that encodes what it copied and panics
//! where memory is short, and `libwebp-sys2` has not followed. Built without features: SSE2 belongs to every x86-64 and
//! NEON to every aarch64, both are chosen by libwebp when it starts, and no thread is ever started. The features
//! `sse41` and `avx2` would compile all of libwebp for processors that have them, so that others end by SIGILL, and
//! encode no faster (61 ms with and without for 1,280 × 960 pixels; AVX2 serves lossless WebP alone).

mod ffi;

use thiserror::Error;

/// More pixels a side than this a WebP cannot have.
pub const SIDE: u32 = 16_383;

/// Rows of 8-bit pixels from top to bottom, each from left to right, with nothing between the rows.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    /// Red, green, blue.
    Rgb(&'a [u8]),
    /// Red, green, blue, and how opaque; the colours are not multiplied by that.
    Rgba(&'a [u8]),
}

impl Pixels<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Rgb(bytes) | Self::Rgba(bytes) => bytes,
        }
    }

    fn bytes_a_pixel(&self) -> usize {
        match self {
            Self::Rgb(_) => 3,
            Self::Rgba(_) => 4,
        }
    }
}

/// Why pixels were not encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A side of no pixels, or of more than [`SIDE`].
    #[error("a WebP has from 1 to {SIDE} pixels a side, not {width} x {height}")]
    Sides {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The pixels are more or fewer than the sides say.
    #[error("{expected} bytes of pixels were to be encoded, and there are {found}")]
    Length {
        /// In bytes.
        expected: usize,
        /// In bytes.
        found: usize,
    },
    /// There was no memory for it.
    #[error("there is too little memory to encode a WebP")]
    OutOfMemory,
    /// libwebp gave up; the number is its `WebPEncodingError`.
    #[error("libwebp could not encode: its error {0}")]
    Failed(u32),
}

/// Encodes pixels with a quality from 0 to 100 (more is taken for 100), as `cwebp -q` does with its other options
/// untouched: method 4, one pass, and the transparency, where there is any, without loss.
///
/// # Errors
/// Where the sides are none of a WebP's, where there are not as many pixels as they say, and where memory is short.
pub fn encode(
    pixels: Pixels<'_>,
    width: u32,
    height: u32,
    quality: u8,
) -> Result<Vec<u8>, EncodeError> {
    let sides = EncodeError::Sides { width, height };
    if !(1..=SIDE).contains(&width) || !(1..=SIDE).contains(&height) {
        return Err(sides);
    }
    let [columns, rows] = [width, height].map(|side| usize::try_from(side).unwrap_or(usize::MAX));
    let expected = columns
        .checked_mul(rows)
        .and_then(|count| count.checked_mul(pixels.bytes_a_pixel()))
        .ok_or(sides)?;
    let found = pixels.bytes().len();
    if found != expected {
        return Err(EncodeError::Length { expected, found });
    }
    ffi::encode(pixels, columns, rows, f32::from(quality.min(100)))
}

#[cfg(test)]
mod tests;
