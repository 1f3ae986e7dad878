//! GIF, by `gif`: its first frame, on the screen.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use crate::raster::{Channels, Colours, Decoded, Raster, Undecodable, index, other_sides};

/// Decodes what `domain` keeps of a GIF with these sides. Browsers do not go by a profile in a GIF.
pub(crate) fn decode(bytes: &[u8], sides: (u32, u32)) -> Result<Decoded, Undecodable> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // A frame is within the screen, and has a byte a pixel.
    let pixels = u64::from(sides.0) * u64::from(sides.1);
    options.set_memory_limit(
        NonZeroU64::new(pixels).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes),
    );
    let mut decoder = options.read_info(bytes).map_err(Undecodable::damaged)?;
    if (u32::from(decoder.width()), u32::from(decoder.height())) != sides {
        return Err(other_sides());
    }
    let palette = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder
        .read_next_frame()
        .map_err(Undecodable::damaged)?
        .ok_or_else(|| Undecodable::damaged("it has no frame"))?;
    let palette = frame
        .palette
        .as_deref()
        .or(palette.as_deref())
        .unwrap_or_default();
    let (width, height) = (u32::from(frame.width), u32::from(frame.height));
    let mut raster = Raster {
        width,
        height,
        channels: Channels::Rgb,
        bytes: Vec::new(),
    };
    if let Some(transparent) = frame.transparent {
        raster.channels = Channels::Rgba;
        coloured(&mut raster, &frame.buffer, |number| {
            let [red, green, blue] = colour(palette, number)?;
            (number != transparent).then_some([red, green, blue, u8::MAX])
        });
    } else {
        coloured(&mut raster, &frame.buffer, |number| colour(palette, number));
    }
    let place = (u32::from(frame.left), u32::from(frame.top));
    let raster = raster.on_canvas(sides, place).ok_or_else(other_sides)?;
    Ok(Decoded {
        raster,
        colours: Colours::Srgb,
    })
}

/// A number that has no colour is black, or where there is alpha, nothing.
fn coloured<const N: usize>(
    raster: &mut Raster,
    numbers: &[u8],
    colour: impl Fn(u8) -> Option<[u8; N]>,
) {
    let mut table = [[0; N]; 256];
    for (number, entry) in (0..=u8::MAX).zip(&mut table) {
        *entry = colour(number).unwrap_or([0; N]);
    }
    let pixels = index(raster.width) * index(raster.height);
    raster.bytes.reserve_exact(pixels * N);
    for number in numbers.iter().take(pixels) {
        raster.bytes.extend_from_slice(&table[usize::from(*number)]);
    }
    raster.bytes.resize(pixels * N, 0);
}

fn colour(palette: &[u8], number: u8) -> Option<[u8; 3]> {
    palette.as_chunks().0.get(usize::from(number)).copied()
}
