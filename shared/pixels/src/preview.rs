//! A JPEG of a picture that was shrunk.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::raster::{Channels, Raster, Undecodable};

/// The quality of the JPEG, from 0 to 100, as most cameras and services choose it.
const QUALITY: u8 = 80;

/// The picture on white, as a baseline JPEG with the usual Huffman tables: with tables of its own, which would save a
/// twentieth, the encoder writes the components one after the other, and not everybody reads that.
pub(crate) fn jpeg(raster: Raster) -> Result<Vec<u8>, Undecodable> {
    let raster = on_white(raster);
    let [Ok(width), Ok(height)] = [raster.width, raster.height].map(u16::try_from) else {
        return Err(Undecodable::Unencodable("it is too large".to_owned()));
    };
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(&raster.bytes, width, height, ColorType::Rgb)
        .map_err(|error| Undecodable::Unencodable(error.to_string()))?;
    Ok(jpeg)
}

/// The picture on white, without transparency.
fn on_white(raster: Raster) -> Raster {
    if raster.channels != Channels::Rgba {
        return raster;
    }
    let mut bytes = Vec::with_capacity(raster.bytes.len() / 4 * 3);
    for [colours @ .., alpha] in raster.bytes.as_chunks::<4>().0 {
        let [alpha, behind] = [*alpha, u8::MAX - alpha].map(u32::from);
        bytes.extend(colours.map(|colour| {
            let sum = u32::from(colour) * alpha + 255 * behind;
            u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
        }));
    }
    Raster {
        channels: Channels::Rgb,
        bytes,
        ..raster
    }
}
