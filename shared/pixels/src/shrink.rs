//! Fewer pixels of many: Lanczos with three lobes, in the numbers as they are stored, as browsers and other libraries
//! shrink. Every version is made of the original: one made of another would save a twentieth of the time and
//! blur twice.

use fast_image_resize::images::TypedImage;
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use crate::raster::{Channels, Raster, Undecodable};

/// A picture whose colours are multiplied by how opaque they are, so that what is invisible has no weight. Gray is
/// written as three equal colours: for each number of channels the resizer brings hundreds of functions.
pub(crate) struct Shrinkable {
    raster: Raster,
    /// The channels of the picture itself.
    channels: Channels,
}

impl Shrinkable {
    pub fn new(raster: Raster) -> Self {
        let channels = raster.channels;
        let mut raster = raster.with_gray_as_rgb();
        if channels.has_alpha() {
            // The colours are multiplied in place, since the picture may be large. That can only fail for wrong sides.
            let image =
                TypedImage::<U8x4>::from_buffer(raster.width, raster.height, &mut raster.bytes);
            let _ = image.map(|mut image| MulDiv::new().multiply_alpha_inplace_typed(&mut image));
        }
        Self { raster, channels }
    }

    /// The picture shrunk to these sides, its colours no longer multiplied.
    pub fn shrink(&mut self, width: u32, height: u32) -> Result<Raster, Undecodable> {
        let mut shrunk = Raster::empty(width, height, self.raster.channels);
        match self.raster.channels.count() {
            3 => resized::<U8x3>(&mut self.raster, &mut shrunk),
            _ => resized::<U8x4>(&mut self.raster, &mut shrunk),
        }?;
        Ok(match self.channels {
            Channels::Gray => shrunk.mapped(Channels::Gray, |[gray, ..]: [u8; 3]| [gray]),
            Channels::GrayAlpha => shrunk
                .mapped(Channels::GrayAlpha, |[gray, .., alpha]: [u8; 4]| {
                    [gray, alpha]
                }),
            _ => shrunk,
        })
    }
}

/// Resizes `from` into `to`. `from` is not changed: it is mutable so that source and target are of one type, which
/// compiles half as many functions as two types would.
fn resized<P: PixelTrait>(from: &mut Raster, to: &mut Raster) -> Result<(), Undecodable> {
    let has_alpha = to.channels.has_alpha();
    let source = TypedImage::<P>::from_buffer(from.width, from.height, &mut from.bytes)
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
