//! Small versions of pictures: made when they are first asked for, and gone when their original is. Each says of which
//! version of its original it was made.

use std::collections::BTreeSet;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use bytes::Bytes;
use domain::SMALL_WIDTHS;
use futures_util::future::try_join_all;

use crate::bucket::{
    Bucket, BucketError, Condition, ETag, Headers, IMAGES, MOST_OF_A_PICTURE, Put, collect, size_of,
};
use crate::listing::{HEADS_OF_A_PAGE, Listed, Listing, MOST};

/// Where small versions are.
const SMALL: &str = "small/";
/// Where the attempts are noted: which pictures are being decoded, or could not be.
const FAILED: &str = "small-failed/";
/// The prefix of small versions and attempts, and of nothing else.
const DERIVED: &str = "small";
/// The keys that begin with [`DERIVED`], in parts that are listed at the same time: attempts, then the versions 1280,
/// 640 and 960 wide. Together the parts are all such keys, whatever widths there are.
const PARTS: [(Option<&str>, Option<&str>); 4] = [
    (None, Some(SMALL)),
    (Some(SMALL), Some("small/2")),
    (Some("small/2"), Some("small/7")),
    (Some("small/7"), None),
];
/// How many objects may be made of one picture: its small versions, and an attempt.
const KEYS_OF_A_PICTURE: usize = Small::ALL.len() + 1;
/// A key is no longer, in bytes: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>.
const LONGEST_KEY: usize = 1_024;

/// Which small version of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Small {
    /// A WebP of this width, in pixels.
    Width(u32),
    /// A JPEG for previews of links, at most as wide as the widest WebP.
    LinkPreview,
}

impl Small {
    /// The media type of the versions for the page.
    pub const WEBP: &str = "image/webp";

    /// All small versions that a picture may have.
    pub const ALL: [Self; SMALL_WIDTHS.len() + 1] = {
        let mut all = [Self::LinkPreview; SMALL_WIDTHS.len() + 1];
        let mut width = 0;
        while width < SMALL_WIDTHS.len() {
            all[width] = Self::Width(SMALL_WIDTHS[width]);
            width += 1;
        }
        all
    };

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Width(_) => Self::WEBP,
            Self::LinkPreview => "image/jpeg",
        }
    }

    /// Its key, given that of its original.
    pub fn key_of(self, original: &str) -> String {
        let name = original.strip_prefix(IMAGES).unwrap_or(original);
        let [.., widest] = SMALL_WIDTHS;
        match self {
            Self::Width(width) => format!("{SMALL}{width}/{name}.webp"),
            Self::LinkPreview => format!("{SMALL}{widest}/{name}.jpg"),
        }
    }

    /// Which small version has this key, and the key of its original.
    pub fn parse(key: &str) -> Option<(Self, String)> {
        let original = original_of(key)?;
        let mut all = Self::ALL.into_iter();
        let small = all.find(|small| small.key_of(&original) == key)?;
        Some((small, original))
    }
}

/// The key of the original of a small version, also of one of another release's width, or of an attempt.
fn original_of(derived: &str) -> Option<String> {
    let name = if let Some(name) = derived.strip_prefix(FAILED) {
        name
    } else {
        let (width, file) = derived.strip_prefix(SMALL)?.split_once('/')?;
        let (name, extension) = file.rsplit_once('.')?;
        let is_ours = !width.is_empty()
            && width.bytes().all(|byte| byte.is_ascii_digit())
            && ["webp", "jpg"].contains(&extension);
        is_ours.then_some(name)?
    };
    (!name.is_empty()).then(|| format!("{IMAGES}{name}"))
}

fn attempt_of(original: &str) -> String {
    let name = original.strip_prefix(IMAGES).unwrap_or(original);
    format!("{FAILED}{name}")
}

/// The keys of all that may be made of a picture.
fn derived_of(original: &str) -> impl Iterator<Item = String> {
    let small = Small::ALL.into_iter().map(|small| small.key_of(original));
    small
        .chain([attempt_of(original)])
        .filter(|key| key.len() <= LONGEST_KEY)
}

/// A small version that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallPicture {
    /// The picture itself.
    pub bytes: Bytes,
    /// The version of its original.
    pub of: Option<ETag>,
}

/// What is known of an attempt to decode a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which version of the picture.
    pub of: Option<ETag>,
    /// When it began, in milliseconds since 1970.
    pub began: i64,
    /// The version of what notes it.
    pub e_tag: ETag,
}

impl Bucket {
    /// Whether a picture can have small versions, as far as the length of its key goes.
    pub fn may_have_small(original: &str) -> bool {
        Small::ALL
            .iter()
            .all(|small| small.key_of(original).len() <= LONGEST_KEY)
    }

    /// An original and its version; `None` where there is none. One that is too large to make anything of is read as no
    /// bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn original(&self, key: &str) -> Result<Option<(Bytes, ETag)>, BucketError> {
        self.read(key, MOST_OF_A_PICTURE).await
    }

    /// The version of a picture; `None` where there is none, or one of zero bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn version_of(&self, key: &str) -> Result<Option<ETag>, BucketError> {
        let head = self.head(key).await?.filter(|head| size_of(head) > 0);
        head.map(|head| ETag::given(head.e_tag)).transpose()
    }

    /// A small version; `None` where it was not made.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn small(
        &self,
        original: &str,
        small: Small,
    ) -> Result<Option<SmallPicture>, BucketError> {
        let Some(found) = self.get(&small.key_of(original)).await? else {
            return Ok(None);
        };
        let of = ETag::of_original(found.metadata());
        let bytes = collect(found.body).await?;
        Ok(Some(SmallPicture { bytes, of }))
    }

    /// Puts a small version that was made of this version of its original, over any other.
    ///
    /// # Errors
    /// Where S3 fails; it may be there all the same.
    pub async fn put_small(
        &self,
        original: &str,
        small: Small,
        of: &ETag,
        bytes: Bytes,
    ) -> Result<(), BucketError> {
        let headers = Headers {
            made_of: Some(of),
            ..Headers::cached(small.media_type())
        };
        let key = small.key_of(original);
        self.put(&key, headers, Condition::Any, bytes).await?;
        Ok(())
    }

    /// What is known of an attempt to decode a picture that is under way or failed.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn attempt(&self, original: &str) -> Result<Option<Attempt>, BucketError> {
        let Some(head) = self.head(&attempt_of(original)).await? else {
            return Ok(None);
        };
        let began = head.last_modified.and_then(|at| at.to_millis().ok());
        Ok(Some(Attempt {
            of: ETag::of_original(head.metadata()),
            began: began.ok_or_else(|| BucketError::of(&"an object without a time"))?,
            e_tag: ETag::given(head.e_tag)?,
        }))
    }

    /// Notes that this version of a picture is about to be decoded, over what is known of an attempt, or where nothing is.
    ///
    /// # Errors
    /// Where S3 fails; it may be noted all the same.
    pub async fn begin_attempt(
        &self,
        original: &str,
        of: &ETag,
        known: Option<&Attempt>,
    ) -> Result<Put, BucketError> {
        let headers = Headers {
            made_of: Some(of),
            ..Headers::not_stored("text/plain")
        };
        let condition = known.map_or(Condition::IfNoneMatch, |attempt| {
            Condition::IfMatch(&attempt.e_tag)
        });
        // The version is also the content, so that attempts at different versions have different entity tags.
        let content = Bytes::copy_from_slice(of.0.as_bytes());
        self.put(&attempt_of(original), headers, condition, content)
            .await
    }

    /// Notes that the attempt to decode a picture succeeded.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn end_attempt(&self, original: &str) -> Result<(), BucketError> {
        self.remove(&attempt_of(original)).await
    }

    /// Removes all that was made of a picture.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_small(&self, original: &str) -> Result<(), BucketError> {
        let keys: Vec<_> = derived_of(original).collect();
        try_join_all(keys.iter().map(|key| self.remove(key))).await?;
        Ok(())
    }

    /// Removes what was made of a picture that is gone, or of another version of it.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_small_of_others(&self, original: &str) -> Result<(), BucketError> {
        let version = self.version_of(original).await?;
        let keys: Vec<_> = derived_of(original).collect();
        let version = version.as_ref();
        try_join_all(keys.iter().map(|key| self.remove_unless_of(key, version))).await?;
        Ok(())
    }

    /// Removes something that was made of a picture, unless it was made of the version that is there.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_derived(&self, derived: &Derived) -> Result<(), BucketError> {
        let version = self.version_of(&derived.original).await?;
        self.remove_unless_of(&derived.key, version.as_ref()).await
    }

    async fn remove_unless_of(&self, key: &str, version: Option<&ETag>) -> Result<(), BucketError> {
        // The original is gone: whatever is under the key goes, too, and a removal of nothing costs nothing.
        let is_to_go = match version {
            None => true,
            Some(version) => {
                let made_of = |head: HeadObjectOutput| ETag::of_original(head.metadata());
                let found = self.head(key).await?.map(made_of);
                found.is_some_and(|made_of| made_of.as_ref() != Some(version))
            }
        };
        if is_to_go {
            self.remove(key).await?;
        }
        Ok(())
    }

    /// What was made of these pictures; `None` where it costs less to look at each of their keys than to list all keys
    /// between the first and the last.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn derived_among(
        &self,
        originals: &BTreeSet<String>,
    ) -> Result<Option<Vec<Derived>>, BucketError> {
        let folders = SMALL_WIDTHS.map(|width| format!("{SMALL}{width}/"));
        let folders = folders.into_iter().chain([FAILED.to_owned()]);
        let pages = originals.len() * KEYS_OF_A_PICTURE / HEADS_OF_A_PAGE / PARTS.len();
        let keys = originals.iter().flat_map(|original| derived_of(original));
        let keys: BTreeSet<_> = keys.collect();
        let list = async |folder: String| {
            let keys = keys.range(folder.clone()..);
            let keys: BTreeSet<_> = keys.take_while(|key| key.starts_with(&folder)).collect();
            let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
                return Ok(Some(Vec::new()));
            };
            // A listing begins after a key, and the first key is to be in it.
            let mut after = first[..first.len() - 1].to_owned();
            let mut found = Vec::new();
            for _ in 0..pages {
                let Listing {
                    objects,
                    is_truncated,
                } = self.list(DERIVED, Some(&after), MOST).await?;
                let reached = objects.last().map(|object| object.key.clone());
                let derived = objects.into_iter().filter_map(derived);
                found.extend(derived.filter(|derived| keys.contains(&&derived.key)));
                match reached.filter(|reached| is_truncated && reached < *last) {
                    Some(reached) => after = reached,
                    None => return Ok(Some(found)),
                }
            }
            Ok::<_, BucketError>(None)
        };
        let found = try_join_all(folders.map(list)).await?;
        let found: Option<Vec<_>> = found.into_iter().collect();
        Ok(found.map(|found| found.concat()))
    }

    /// What was made of pictures, as far as it is wanted.
    ///
    /// # Errors
    /// Where S3 fails on any page.
    pub async fn derived(
        &self,
        is_wanted: impl Fn(&Derived) -> bool,
    ) -> Result<Vec<Derived>, BucketError> {
        let list = async |(after, until)| {
            let mut wanted = Vec::new();
            let take = |object| wanted.extend(derived(object).filter(&is_wanted));
            self.objects(DERIVED, after, until, take).await?;
            Ok::<_, BucketError>(wanted)
        };
        Ok(try_join_all(PARTS.map(list)).await?.concat())
    }
}

fn derived(object: Listed) -> Option<Derived> {
    let Listed { key, modified, .. } = object;
    original_of(&key).map(|original| Derived {
        key,
        original,
        modified,
    })
}

/// Something that was made of a picture, in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Its key.
    pub key: String,
    /// The key of the picture.
    pub original: String,
    /// When it was put, in milliseconds since 1970.
    pub modified: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_function_of_the_originals() {
        let original = "images/holiday/a b%.é.png";
        let keys = Small::ALL.map(|small| small.key_of(original));
        assert_eq!(
            keys,
            [
                "small/640/holiday/a b%.é.png.webp",
                "small/960/holiday/a b%.é.png.webp",
                "small/1280/holiday/a b%.é.png.webp",
                "small/1280/holiday/a b%.é.png.jpg"
            ]
        );
        for (small, key) in Small::ALL.into_iter().zip(keys) {
            assert_eq!(Small::parse(&key), Some((small, original.to_owned())));
        }
    }

    #[test]
    fn other_keys_are_of_none() {
        for key in [
            "small/640/a.png",
            "small/640/a.png.jpg",
            "small/641/a.png.webp",
            "small/0640/a.png.webp",
            "small/640/.webp",
            "small/640",
            "small//a.png.webp",
            "small-failed/a.png",
            "images/a.png",
        ] {
            assert_eq!(Small::parse(key), None, "{key}");
        }
    }

    #[test]
    fn what_was_made_leads_to_its_original_also_where_another_release_made_it() {
        for (derived, original) in [
            ("small/800/a/b.png.webp", Some("images/a/b.png")),
            ("small/1280/a.png.jpg", Some("images/a.png")),
            ("small-failed/a/b.png", Some("images/a/b.png")),
            ("small/wide/a.png.webp", None),
            ("small/640/a.txt", None),
            ("smaller/640/a.png.webp", None),
            ("small-failed/", None),
        ] {
            assert_eq!(original_of(derived).as_deref(), original, "{derived}");
        }
    }

    #[test]
    fn a_key_that_is_too_long_is_not_asked_for() {
        let longest = format!("images/{}.png", "a".repeat(1_004));
        assert!(Bucket::may_have_small(&longest));
        let longer = longest.replace(".png", "a.png");
        assert!(!Bucket::may_have_small(&longer));
        assert_eq!(derived_of(&longer).count(), 4);
    }
}
