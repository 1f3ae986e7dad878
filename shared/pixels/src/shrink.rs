//! Fewer pixels of many: Lanczos with three lobes, in the numbers as they are stored, as browsers and other libraries
//! shrink. Every version is made of the original: one made of another would save a twentieth of the time and
//! blur twice.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x2, U8x3, U8x4};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use crate::raster::{Channels, Raster, Undecodable};

/// A picture whose colours are multiplied by how opaque they are, so that what is invisible has no weight.
pub(crate) struct Shrinkable(Raster);

impl Shrinkable {
    pub fn new(mut raster: Raster) -> Self {
        let (width, height) = (raster.width, raster.height);
        // In place, since such a picture may be large. That fails for sides alone that are not the picture's.
        let _ = match raster.channels {
            Channels::GrayAlpha => multiplied::<U8x2>(&mut raster.bytes, width, height),
            Channels::Rgba => multiplied::<U8x4>(&mut raster.bytes, width, height),
            _ => Some(()),
        };
        Self(raster)
    }

    /// The picture with these sides, its colours not multiplied any more.
    pub fn shrink(&self, width: u32, height: u32) -> Result<Raster, Undecodable> {
        let mut shrunk = Raster::empty(width, height, self.0.channels);
        match self.0.channels.count() {
            1 => resized::<U8>(&self.0, &mut shrunk),
            2 => resized::<U8x2>(&self.0, &mut shrunk),
            3 => resized::<U8x3>(&self.0, &mut shrunk),
            _ => resized::<U8x4>(&self.0, &mut shrunk),
        }?;
        Ok(shrunk)
    }
}

fn multiplied<P: PixelTrait>(bytes: &mut [u8], width: u32, height: u32) -> Option<()> {
    let mut image = TypedImage::<P>::from_buffer(width, height, bytes).ok()?;
    MulDiv::new().multiply_alpha_inplace_typed(&mut image).ok()
}

fn resized<P: PixelTrait>(from: &Raster, to: &mut Raster) -> Result<(), Undecodable> {
    let has_alpha = to.channels.has_alpha();
    let source = TypedImageRef::<P>::from_buffer(from.width, from.height, &from.bytes)
        .map_err(Undecodable::damaged)?;
    let mut target = TypedImage::<P>::from_buffer(to.width, to.height, &mut to.bytes)
        .map_err(Undecodable::damaged)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(Undecodable::damaged)?;
    if has_alpha {
        MulDiv::new()
            .divide_alpha_inplace_typed(&mut target)
            .map_err(Undecodable::damaged)?;
    }
    Ok(())
}
