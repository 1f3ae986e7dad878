//! sRGB of whatever a picture's numbers mean. It is computed of the few pixels that are left, not of the many that
//! were there: a hundredth of a second instead of a tenth, and nobody sees a difference.

use std::sync::Arc;

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace,
    Layout, MatrixCoefficients, ToneReprCurve, TransferCharacteristics, Transform8BitExecutor,
    TransformOptions,
};

use crate::raster::{Channels, Colours, Raster};

/// Converts rasters of one kind of channels and colours to sRGB. As in browsers, a profile that cannot be computed
/// with, or that is for other channels, does not count.
pub(crate) struct ToSrgb(Option<Transform>);

struct Transform {
    takes: Channels,
    executor: Arc<Transform8BitExecutor>,
}

impl ToSrgb {
    pub fn new(channels: Channels, colours: &Colours) -> Self {
        Self(profile(colours).and_then(|profile| Transform::new(channels, &profile)))
    }

    /// [`Channels::Rgba`] where there is alpha, else [`Channels::Rgb`].
    pub fn convert(&self, raster: Raster) -> Raster {
        let raster = match raster.channels {
            Channels::YCbCr => raster.mapped(Channels::Rgb, rgb_of_ycbcr),
            Channels::InvertedYcck => raster.mapped(Channels::InvertedCmyk, cmyk_of_ycck),
            _ => raster,
        };
        let converted = self
            .0
            .as_ref()
            .and_then(|transform| transform.apply(&raster));
        converted.unwrap_or_else(|| as_rgb(raster))
    }
}

impl Transform {
    fn new(channels: Channels, profile: &ColorProfile) -> Option<Self> {
        let takes = match (profile.color_space, channels) {
            (DataColorSpace::Gray, Channels::Gray | Channels::GrayAlpha) => channels,
            (DataColorSpace::Rgb, Channels::Gray | Channels::Rgb | Channels::YCbCr) => {
                Channels::Rgb
            }
            (DataColorSpace::Rgb, Channels::GrayAlpha | Channels::Rgba) => Channels::Rgba,
            (DataColorSpace::Cmyk, Channels::InvertedCmyk | Channels::InvertedYcck) => {
                Channels::InvertedCmyk
            }
            _ => return None,
        };
        let (from, to) = match takes {
            Channels::Gray => (Layout::Gray, Layout::Rgb),
            Channels::GrayAlpha => (Layout::GrayAlpha, Layout::Rgba),
            Channels::Rgba => (Layout::Rgba, Layout::Rgba),
            Channels::InvertedCmyk => (Layout::Rgba, Layout::Rgb),
            _ => (Layout::Rgb, Layout::Rgb),
        };
        let srgb = ColorProfile::new_srgb();
        let executor = profile.create_transform_8bit(from, &srgb, to, TransformOptions::default());
        Some(Self {
            takes,
            executor: executor.ok()?,
        })
    }

    fn apply(&self, raster: &Raster) -> Option<Raster> {
        let taken = match self.takes {
            // A profile counts how much ink there is, not how much is missing.
            Channels::InvertedCmyk => {
                raster.mapped(raster.channels, |ink: [u8; 4]| ink.map(|it| !it))
            }
            Channels::Rgb | Channels::Rgba => as_rgb(raster.clone()),
            _ => raster.clone(),
        };
        let to = if raster.channels.has_alpha() {
            Channels::Rgba
        } else {
            Channels::Rgb
        };
        let mut converted = Raster::empty(raster.width, raster.height, to);
        self.executor
            .transform(&taken.bytes, &mut converted.bytes)
            .ok()?;
        Some(converted)
    }
}

fn profile(colours: &Colours) -> Option<ColorProfile> {
    match colours {
        Colours::Srgb => None,
        Colours::Profile(profile) => ColorProfile::new_from_slice(profile).ok(),
        Colours::CodePoints {
            primaries,
            transfer,
        } => of_code_points(*primaries, *transfer),
        Colours::Gamma {
            white,
            primaries,
            power,
        } => of_gamma(*white, *primaries, *power),
    }
}

fn of_code_points(primaries: u8, transfer: u8) -> Option<ColorProfile> {
    let transfer = TransferCharacteristics::try_from(transfer).ok()?;
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
        transfer_characteristics: transfer,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    if transfer == TransferCharacteristics::Smpte2084 {
        profile.cicp = None;
        let curve = Some(ToneReprCurve::Lut(perceptual_quantizer()));
        (profile.red_trc, profile.green_trc, profile.blue_trc) =
            (curve.clone(), curve.clone(), curve);
    }
    profile.red_trc.is_some().then_some(profile)
}

/// The curve of SMPTE ST 2084 up to the white of ordinary pictures, which has 203 cd/m² (ITU-R BT.2408); what is
/// brighter is white.
fn perceptual_quantizer() -> Vec<u16> {
    const STEPS: u16 = 4_096;
    const WHITE: f64 = 203.0 / 10_000.0;
    let (m1, m2) = (2_610.0 / 16_384.0, 2_523.0 / 32.0);
    let (c1, c2, c3) = (3_424.0 / 4_096.0, 2_413.0 / 128.0, 2_392.0 / 128.0);
    (0..STEPS)
        .map(|step| {
            let signal = f64::from(step) / f64::from(STEPS - 1);
            let root = signal.powf(1.0 / m2);
            let light = ((root - c1).max(0.0) / (c2 - c3 * root)).powf(1.0 / m1);
            whole((light / WHITE).min(1.0) * f64::from(u16::MAX))
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "such a cast rounds down, and takes what is out of range for the end that is nearest"
)]
fn whole(number: f64) -> u16 {
    (number + 0.5) as u16
}

fn of_gamma(white: (f32, f32), primaries: [(f32, f32); 3], power: f32) -> Option<ColorProfile> {
    /// The least area of the triangle that the primaries span in CIE xy; sRGB's has 0.11.
    const LEAST_AREA: f32 = 0.001;
    let [red, green, blue] = primaries;
    let area = (green.0 - red.0) * (blue.1 - red.1) - (blue.0 - red.0) * (green.1 - red.1);
    if area.abs() / 2.0 < LEAST_AREA || power <= 0.0 {
        return None;
    }
    let place = |(x, y): (f32, f32)| (y > 0.0).then(|| Chromaticity::new(x, y));
    let mut profile = ColorProfile::new_srgb();
    profile.update_rgb_colorimetry(
        place(white)?.to_xyyb(),
        ColorPrimaries {
            red: place(red)?,
            green: place(green)?,
            blue: place(blue)?,
        },
    );
    let curve = Some(ToneReprCurve::Parametric(vec![1.0 / power]));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    Some(profile)
}

/// The raster in RGB where there is no profile: gray as it is, and ink computed as browsers and Adobe's readers do.
fn as_rgb(raster: Raster) -> Raster {
    match raster.channels {
        Channels::InvertedCmyk => raster.mapped(Channels::Rgb, |[colours @ .., black]: [u8; 4]| {
            let product = |colour: u8| (u32::from(colour) * u32::from(black) + 127) / 255;
            colours.map(|colour: u8| u8::try_from(product(colour)).unwrap_or(u8::MAX))
        }),
        _ => raster.with_gray_as_rgb(),
    }
}

/// JFIF's equations (ITU-T T.871, 7), in 65,536ths.
fn rgb_of_ycbcr([luminance, blue, red]: [u8; 3]) -> [u8; 3] {
    let luminance = (i32::from(luminance) << 16) + (1 << 15);
    let [blue, red] = [blue, red].map(|difference| i32::from(difference) - 128);
    [
        luminance + 91_881 * red,
        luminance - 22_554 * blue - 46_802 * red,
        luminance + 116_130 * blue,
    ]
    .map(|sum| u8::try_from((sum >> 16).clamp(0, 255)).unwrap_or(u8::MAX))
}

/// Adobe computes YCbCr as if ink were light, but says of black how much is missing.
fn cmyk_of_ycck([luminance, blue, red, black]: [u8; 4]) -> [u8; 4] {
    let [cyan, magenta, yellow] = rgb_of_ycbcr([luminance, blue, red]);
    [!cyan, !magenta, !yellow, black]
}
