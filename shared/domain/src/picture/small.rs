//! In which smaller versions a picture is offered. Whoever makes one and whoever tells of it compute the same sides.

/// How many pixels wide they are, as displayed, the narrowest first.
pub const SMALL_WIDTHS: [u32; 3] = [640, 960, 1280];
/// How many pixels high the version for link previews is at most: X shows none that is higher.
/// <https://developer.x.com/en/docs/x-for-websites/cards/overview/summary-card-with-large-image>
const HIGHEST_PREVIEW: u32 = 4096;

/// How many pixels high the version of this width is of a picture with these sides, all as displayed: the picture's
/// proportion, rounded half up, and no less than 1. No picture is 0 pixels wide; of one that were, this is 1.
pub fn small_height(width: u32, height: u32, small_width: u32) -> u32 {
    let width = u128::from(width);
    let product = u128::from(height) * u128::from(small_width);
    let rounded = (2 * product + width).checked_div(2 * width).unwrap_or(1);
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// The width and height in pixels of the version for link previews of a picture with these sides, all as displayed: as
/// wide as the widest small version, where the picture is, and no higher than services show.
pub fn link_preview_size(width: u32, height: u32) -> (u32, u32) {
    let [.., widest] = SMALL_WIDTHS;
    let preview_width = widest.min(width);
    let preview_height = small_height(width, height, preview_width);
    if preview_height <= HIGHEST_PREVIEW {
        return (preview_width, preview_height);
    }
    // The other side keeps the proportion by the same rule.
    let preview_width = small_height(height, width, HIGHEST_PREVIEW);
    (preview_width, HIGHEST_PREVIEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_preview_is_no_wider_and_no_higher_than_services_show() {
        for (width, height, expected) in [
            (1_500, 1_000, (1_280, 853)),
            (90, 60, (90, 60)),
            (1_280, 4_096, (1_280, 4_096)),
            (1_280, 4_097, (1_280, 4_096)),
            (1_080, 12_000, (369, 4_096)),
            (1, 16_384, (1, 4_096)),
            (16_384, 1, (1_280, 1)),
        ] {
            assert_eq!(
                link_preview_size(width, height),
                expected,
                "{width} x {height}"
            );
        }
    }

    #[test]
    fn the_height_keeps_the_proportion_and_is_rounded() {
        for (width, height, small_width, expected) in [
            (1_280, 960, 640, 480),
            (4_000, 3_000, 1_280, 960),
            (3_000, 4_000, 640, 853),
            (1_281, 1_281, 1_280, 1_280),
            // 0.5 and what is just below.
            (1_280, 1, 640, 1),
            (1_280, 3, 640, 2),
            (1_281, 3, 640, 1),
            (16_384, 1, 640, 1),
            (641, 16_384, 640, 16_358),
            (1_281, 16_384, 1_280, 16_371),
            (0, 0, 640, 1),
            (1, u32::MAX, u32::MAX, u32::MAX),
        ] {
            let small = small_height(width, height, small_width);
            assert_eq!(small, expected, "{width} x {height} at {small_width}");
        }
    }
}
