//! PNG, by `png`, to eight bits a channel. Of an animation the frame that browsers show first, on the canvas.

use std::io::Cursor;

use png::{ColorType, Decoder, Info, Limits, Transformations};

use crate::raster::{Channels, Colours, Decoded, Raster, Undecodable, other_sides};

/// What the decoder may keep besides the pixels: the rows that it filters, a profile.
const MEMORY: usize = 64 << 20;

/// Decodes what `domain` keeps of a PNG with these sides.
pub(crate) fn decode(bytes: &[u8], sides: (u32, u32)) -> Result<Decoded, Undecodable> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MEMORY });
    // Palettes become colours, transparency of any kind becomes a channel, and of 16 bits the first eight are kept.
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(Undecodable::damaged)?;
    let info = reader.info();
    if (info.width, info.height) != sides {
        return Err(other_sides());
    }
    let colours = colours(info);
    // Where no frame's control stands before the picture's pixels, the picture is no frame of its animation.
    let is_hidden = info.animation_control.is_some() && info.frame_control.is_none();
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale => Channels::Gray,
        ColorType::GrayscaleAlpha => Channels::GrayAlpha,
        ColorType::Rgb => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(Undecodable::damaged("its palette was not expanded")),
    };
    let mut place = (0, 0);
    let mut raster = Raster::empty(sides.0, sides.1, channels);
    if is_hidden {
        let frame = reader.next_frame_info().map_err(Undecodable::damaged)?;
        place = (frame.x_offset, frame.y_offset);
    }
    let found = reader
        .next_frame(&mut raster.bytes)
        .map_err(Undecodable::damaged)?;
    raster.bytes.truncate(found.buffer_size());
    (raster.width, raster.height) = (found.width, found.height);
    let raster = raster.on_canvas(sides, place).ok_or_else(other_sides)?;
    Ok(Decoded { raster, colours })
}

/// In which colours a PNG is, as browsers decide it: code points count before a profile, a profile before sRGB, and a
/// power only together with primaries.
fn colours(info: &Info<'_>) -> Colours {
    if let Some(points) = &info.coding_independent_code_points {
        return Colours::CodePoints {
            primaries: points.color_primaries,
            transfer: points.transfer_function,
        };
    }
    if let Some(profile) = &info.icc_profile {
        return Colours::Profile(profile.to_vec());
    }
    match (info.srgb, info.gama_chunk, info.chrm_chunk) {
        (None, Some(power), Some(places)) => {
            let place =
                |(x, y): (png::ScaledFloat, png::ScaledFloat)| (x.into_value(), y.into_value());
            Colours::Gamma {
                white: place(places.white),
                primaries: [places.red, places.green, places.blue].map(place),
                power: power.into_value(),
            }
        }
        _ => Colours::Srgb,
    }
}
