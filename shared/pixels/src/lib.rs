//! Pictures in the size in which they are looked at: pure functions from a picture's bytes to the bytes of its smaller
//! versions. No I/O, no clock, no threads; whoever calls bounds memory and time from outside as well.
//!
//! In reading order: [`Original`] is what there is to call; [`raster`](crate) holds pixels and what their numbers
//! mean; `jpeg`, `png`, `gif` and `webp` decode, each the bytes that `domain` keeps of a picture; `shrink` makes fewer
//! pixels of many, `colour` makes sRGB of the few, `turn` sets them upright, `preview` writes a JPEG of them.
//!
//! # The crates that decode
//!
//! What decodes bytes of strangers is safe Rust that is kept: `zune-jpeg`, `png`, `gif` and `image-webp` are what the
//! crate `image` decodes with, fuzzed with it, and each had releases within the last year. `jpeg-decoder`, which could
//! shrink while it decodes, is in maintenance for the sake of `zune-jpeg`, and slower in all. `fast_image_resize` is
//! the fastest Lanczos in Rust and chooses SIMD when it runs; `moxcms` is the one colour management in pure Rust that
//! reads tables and CMYK (`qcms` is Firefox's and reads matrices alone, `lcms2` is C that would see profiles of
//! strangers); `jpeg-encoder` writes baseline JPEG with SIMD. Of WebP and its encoder see `webp_encoder`.
//!
//! # What is known of them
//!
//! - `zune-jpeg` guesses the colours of a JPEG otherwise than libjpeg, which browsers use: it knows neither JFIF nor
//!   Adobe's rarer marks. `jpeg` decides by libjpeg's rules and tells it.
//! - It stops at bytes between segments; `domain` has taken those out. Of a sequential JPEG whose components come
//!   one after the other, and of any whose luminance is coarser than another component, it makes stripes (0.5.15,
//!   compared with libjpeg in 5,000 combinations of sampling, scans and restarts); `jpeg` refuses these.
//! - `png` (0.18.1) panics at a palette of more than 256 colours; `domain` refuses such a one.
//! - `image-webp` makes the canvas of an animation opaque where the file says nothing of transparency, and fails where
//!   the file announces a transparency that it does not have; `webp` hands it the first image as a file of its own.

mod colour;
mod gif;
mod jpeg;
mod original;
mod png;
mod preview;
mod raster;
mod shrink;
#[cfg(test)]
mod tests;
mod turn;
mod webp;

pub use original::{Original, Refused, SmallVersion};
pub use raster::Undecodable;
