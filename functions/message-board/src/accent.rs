//! The board's own colour: its nearest shades that can be read, on light grounds and on dark ones.

use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// The least contrast of text to what it stands on, by WCAG 2.2, 1.4.3.
const LEAST_CONTRAST: f64 = 4.5;
/// What words in the accent stand on, as style.css has it: the page, the surface, the eight papers.
const LIGHT_GROUNDS: [u32; 10] = [
    0xef_e6d6, 0xff_fdf8, 0xf9_e4da, 0xfa_e7cb, 0xf7_eec6, 0xe9_edd0, 0xdc_ebdd, 0xdf_e9ea,
    0xe9_e4ec, 0xf5_e0e2,
];
/// What words in the accent stand on in dark mode.
const DARK_GROUNDS: [u32; 10] = [
    0x14_110d, 0x28_2119, 0x3c_2821, 0x3a_2c1b, 0x36_3019, 0x2c_311e, 0x21_3129, 0x22_303a,
    0x30_2b3a, 0x3a_2731,
];
const BLACK: Colour = Colour([0; 3]);
const WHITE: Colour = Colour([255; 3]);
/// How finely a shade is looked for.
const STEPS: u32 = 256;

impl Colour {
    /// Parses `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok()?;
        is_hex.then(|| Self::of(number))
    }

    fn of(number: u32) -> Self {
        let [_, channels @ ..] = number.to_be_bytes();
        Self(channels)
    }

    /// Relative luminance by WCAG 2.2.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with `part` of [`STEPS`] of `other` in it.
    fn mixed(self, other: Self, part: u32) -> Self {
        let [red, green, blue] = [0, 1, 2].map(|channel| {
            let (one, two) = (u32::from(self.0[channel]), u32::from(other.0[channel]));
            let mixed = (one * (STEPS - part) + two * part + STEPS / 2) / STEPS;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        });
        Self([red, green, blue])
    }

    /// The first shade on the way to `end` that can be read on all of these.
    fn readable(self, end: Self, grounds: &[Self]) -> Self {
        let mut shades = (0..STEPS).map(|part| self.mixed(end, part));
        shades
            .find(|shade| {
                grounds
                    .iter()
                    .all(|ground| shade.contrast(*ground) >= LEAST_CONTRAST)
            })
            .unwrap_or(end)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The accent of one mode, and the colours that go with it, by the names of style.css.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shades {
    accent: Colour,
    /// Where the accent is pointed at or stands on its wash.
    strong: Colour,
    /// What stands on the accent.
    on: Colour,
    wash: Colour,
}

impl Shades {
    fn of(colour: Colour, end: Colour, grounds: [u32; 10]) -> Self {
        let grounds = grounds.map(Colour::of);
        let accent = colour.readable(end, &grounds);
        let wash = grounds[1].mixed(accent, STEPS / 8);
        Self {
            accent,
            strong: accent.mixed(end, STEPS / 4).readable(end, &[wash]),
            on: if end == BLACK { WHITE } else { grounds[0] },
            wash,
        }
    }
}

impl fmt::Display for Shades {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accent,
            strong,
            on,
            wash,
        } = self;
        write!(
            formatter,
            ":root{{--accent:{accent};--accent-strong:{strong};--on-accent:{on};--accent-wash:{wash}}}"
        )
    }
}

/// The board's colour, each as near to the one given as can be read on everything that it stands on: no colour can on
/// light and dark grounds alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Accent {
    /// On light grounds.
    #[schema(value_type = String, pattern = "^#[0-9a-f]{6}$")]
    light: Colour,
    /// On dark grounds.
    #[schema(value_type = String, pattern = "^#[0-9a-f]{6}$")]
    dark: Colour,
}

impl Accent {
    /// Parses `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let colour = Colour::parse(text)?;
        Some(Self {
            light: colour.readable(BLACK, &LIGHT_GROUNDS.map(Colour::of)),
            dark: colour.readable(WHITE, &DARK_GROUNDS.map(Colour::of)),
        })
    }

    fn shades(colour: Colour) -> [Shades; 2] {
        [
            Shades::of(colour, BLACK, LIGHT_GROUNDS),
            Shades::of(colour, WHITE, DARK_GROUNDS),
        ]
    }

    /// The custom properties that style.css has for its own accent, to stand behind those.
    pub fn style(&self) -> String {
        // A shade that can be read is its own nearest one.
        let ([light, _], [_, dark]) = (Self::shades(self.light), Self::shades(self.dark));
        format!("{light}\n@media (prefers-color-scheme: dark){{{dark}}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        let grey = Colour::of(0x76_7676).contrast(WHITE);
        assert!((grey - 4.54).abs() < 0.005, "{grey}");
    }

    #[test]
    fn a_shade_that_can_be_read_stays_as_it_is() {
        let accent = Accent::parse("#0F6B63").unwrap();
        assert_eq!(accent.light.to_string(), "#0f6b63");
        let accent = Accent::parse("#74d2c3").unwrap();
        assert_eq!(accent.dark.to_string(), "#74d2c3");
    }

    #[test]
    fn whatever_the_colour_all_that_is_made_of_it_can_be_read() {
        for number in (0..=0xff_ffff)
            .step_by(0x01_0f0d)
            .chain([0xff_ff00, 0xff_ffff])
        {
            let shades = Accent::shades(Colour::of(number));
            for (shades, grounds) in shades.iter().zip([LIGHT_GROUNDS, DARK_GROUNDS]) {
                let Shades {
                    accent,
                    strong,
                    on,
                    wash,
                } = *shades;
                let grounds = grounds.map(Colour::of);
                let pairs = grounds.map(|ground| (accent, ground));
                for (text, ground) in
                    pairs
                        .into_iter()
                        .chain([(on, accent), (on, strong), (strong, wash)])
                {
                    let contrast = text.contrast(ground);
                    assert!(contrast >= LEAST_CONTRAST, "{text} on {ground}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn the_style_says_both_modes() {
        let style = Accent::parse("#8a2be2").unwrap().style();
        assert!(style.starts_with(":root{--accent:#"), "{style}");
        assert_eq!(style.matches("--accent-wash:").count(), 2);
        assert!(style.contains("@media (prefers-color-scheme: dark){:root{--accent:#"));
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in [
            "",
            "teal",
            "#fff",
            "0f6b63",
            "#0f6b6g",
            "#0f6b6333",
            "#+f6b63",
            "#é0000",
        ] {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
    }
}
