use std::fmt::Write as _;

use bytes::Bytes;
use shared::bucket::{Bucket, BucketError, IMAGES};
use shared::settings::PublicBaseUrl;

/// What counts as a picture, in any case.
const EXTENSIONS: [&str; 7] = ["jpg", "jpeg", "png", "gif", "webp", "bmp", "avif"];

/// Brings `carrousel/carrousel.json` up to date and says how many pictures it lists.
///
/// Several invocations may do this at once, each from a listing of its own, and the slowest writes last.
/// So whoever writes lists again afterwards, and is done only when that is what was written: whichever
/// write is the last one, its writer has compared it with a later listing. A change after that listing has
/// an event of its own.
///
/// # Errors
/// Where S3 fails at any step. The file is then whole, but perhaps old.
pub async fn sync(bucket: &Bucket, base: &PublicBaseUrl) -> Result<usize, BucketError> {
    let mut pictures = pictures(bucket).await?;
    loop {
        bucket.put_carrousel(carrousel(&pictures, base)).await?;
        let listed = self::pictures(bucket).await?;
        if listed == pictures {
            return Ok(pictures.len());
        }
        pictures = listed;
    }
}

/// The keys of the pictures that are there, in key order.
async fn pictures(bucket: &Bucket) -> Result<Vec<String>, BucketError> {
    let mut keys = bucket.image_keys().await?;
    keys.retain(|key| is_picture(key));
    keys.sort_unstable();
    Ok(keys)
}

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

/// The file: an array of `{"url": …}`. A percent-encoded URL needs no escaping in JSON, and the base was
/// checked to be a URL.
fn carrousel(pictures: &[String], base: &PublicBaseUrl) -> Bytes {
    let mut json = String::from("[");
    for (index, key) in pictures.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(json, "{comma}{{\"url\":\"{}\"}}", base.of_key(key));
    }
    json.push(']');
    json.into()
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

    #[test]
    fn the_file_is_an_array_of_urls() {
        let base = PublicBaseUrl::from_lookup(&|_| Some("https://board.example".into())).unwrap();
        assert_eq!(carrousel(&[], &base), "[]");
        let keys = ["images/a b.png".to_owned(), "images/\"<.jpg".to_owned()];
        assert_eq!(
            carrousel(&keys, &base),
            r#"[{"url":"https://board.example/images/a%20b.png"},{"url":"https://board.example/images/%22%3C.jpg"}]"#
        );
    }
}
