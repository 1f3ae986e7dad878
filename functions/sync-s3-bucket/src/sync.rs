use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use lambda::metrics::Passes;
use media::PublicBaseUrl;
use media::{Bucket, BucketError, IMAGES};
use serde::Deserialize;
use tokio::time::sleep;

/// What counts as a picture, in any case.
const EXTENSIONS: [&str; 11] = [
    "jpg", "jpeg", "jfif", "jpe", "pjpeg", "png", "apng", "gif", "webp", "bmp", "avif",
];

/// A listing is read in at most this many parts at the same time …
const PARTS: usize = 8;
/// … of at least this many pictures, four pages of S3: what is divided costs a page more for each part.
const LEAST_OF_A_PART: usize = 4_000;

/// Between writes, from the second on: pictures that keep coming are listed once a second, not as often as S3
/// answers.
const PAUSE: Duration = Duration::from_secs(1);

/// Brings `carrousel/carrousel.json` up to date and says how many pictures it lists; `None` where another
/// invocation wrote meanwhile, which then sees to it. And what that took.
///
/// Several invocations may do this at once, each from a listing of its own, and the slowest writes last. So
/// whoever writes lists again afterwards, and is done only when that is what was written, or when somebody
/// wrote later. Nobody writes what is there already. Why this is enough:
///
/// - whichever write is the last one, a listing that began after it was found equal to it: its writer's,
///   or, where the writer died before, that of the redelivery, which reads the file first;
/// - a change after that listing began has an event of its own, whose handler begins after the change,
///   reads that file, lists the change, and would write (a later write, then) if they were not equal.
///
/// It relies on a write being over, one way or the other, when it is tried again or its event comes again.
///
/// # Errors
/// Where S3 fails at any step. The file is then whole, but perhaps old.
pub async fn sync(
    bucket: &Bucket,
    base: &PublicBaseUrl,
) -> Result<(Option<usize>, Passes), BucketError> {
    let mut passes = Passes::default();
    let mut file = read(bucket).await?;
    loop {
        passes.lists += 1;
        let images = bucket.images(&dividers(&file, base)).await?.into_iter();
        let pictures: Vec<_> = images
            .filter(|image| image.size > 0 && is_picture(&image.key))
            .map(|image| image.key)
            .collect();
        let listed = carrousel(&pictures, base);
        if file == listed {
            return Ok((Some(pictures.len()), passes));
        }
        if passes.writes > 0 && read(bucket).await? != file {
            return Ok((None, passes));
        }
        passes.writes += 1;
        bucket.put_carrousel(listed.clone()).await?;
        file = listed;
        if passes.writes > 1 {
            sleep(PAUSE).await;
        }
    }
}

/// What the file has in it; nothing where there is none.
async fn read(bucket: &Bucket) -> Result<Bytes, BucketError> {
    Ok(bucket.carrousel_as_written().await?.unwrap_or_default())
}

/// Where to divide the listing: the pictures at equal distances in the last known file, which is in key
/// order. Of a file that is none, nothing.
fn dividers(file: &[u8], base: &PublicBaseUrl) -> Vec<String> {
    #[derive(Deserialize)]
    struct Picture<'a> {
        url: &'a str,
    }
    let pictures: Vec<Picture<'_>> = serde_json::from_slice(file).unwrap_or_default();
    let parts = (pictures.len() / LEAST_OF_A_PART).clamp(1, PARTS);
    let last_of_parts = (1..parts).map(|part| pictures.len() * part / parts - 1);
    let mut keys: Vec<_> = last_of_parts
        .filter_map(|index| base.key_of(pictures[index].url))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
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
