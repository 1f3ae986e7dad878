//! Which objects are pictures, by their keys.

use crate::bucket::IMAGES;

/// What counts as a picture, in any case.
const EXTENSIONS: [&str; 11] = [
    "jpg", "jpeg", "jfif", "jpe", "pjpeg", "png", "apng", "gif", "webp", "bmp", "avif",
];

/// Whether an object of this key is one of the carrousel's pictures.
pub fn is_picture(key: &str) -> bool {
    let name = key
        .strip_prefix(IMAGES)
        .and_then(|path| path.rsplit('/').next());
    name.and_then(|name| name.rsplit_once('.'))
        .is_some_and(|(_, extension)| {
            EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_pictures_extension() {
        for picture in [
            "images/a.jpg",
            "images/b/c.PNG",
            "images/é ü.WebP",
            "images/.gif",
            "images/a.b.avif",
            "images/downloaded.jfif",
            "images/a.jpe",
            "images/a.PJPEG",
            "images/a.apng",
        ] {
            assert!(is_picture(picture), "{picture}");
        }
        for other in [
            "images/",
            "images/a.png/",
            "images/a",
            "images/png",
            "images/a.txt",
            "images/a.png/b",
            "a.png",
            "carrousel/a.png",
            "images/a.svg",
        ] {
            assert!(!is_picture(other), "{other}");
        }
    }
}
