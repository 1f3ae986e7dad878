//! Pictures that are stored on their side, or mirrored (EXIF 2.32, tag 0x0112).

use domain::Orientation;

use crate::raster::{Raster, index};

/// The picture as it is displayed.
pub(crate) fn upright(raster: Raster, orientation: Orientation) -> Raster {
    if orientation == Orientation::AS_STORED {
        return raster;
    }
    let (columns, rows) = (index(raster.width), index(raster.height));
    let (width, height) = if orientation.swaps_sides() {
        (raster.height, raster.width)
    } else {
        (raster.width, raster.height)
    };
    let bytes_a_pixel = raster.channels.count();
    let mut bytes = Vec::with_capacity(raster.bytes.len());
    for y in 0..index(height) {
        for x in 0..index(width) {
            let (column, row) = match orientation.number() {
                2 => (columns - 1 - x, y),
                3 => (columns - 1 - x, rows - 1 - y),
                4 => (x, rows - 1 - y),
                5 => (y, x),
                6 => (y, rows - 1 - x),
                7 => (columns - 1 - y, rows - 1 - x),
                8 => (columns - 1 - y, x),
                _ => (x, y),
            };
            let at = (row * columns + column) * bytes_a_pixel;
            bytes.extend_from_slice(raster.bytes.get(at..at + bytes_a_pixel).unwrap_or_default());
        }
    }
    Raster {
        width,
        height,
        channels: raster.channels,
        bytes,
    }
}
