//! From an original to its small versions.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use media::Small;
use pixels::{Original, Undecodable};
use thiserror::Error;

/// What is to be made of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All versions for the page.
    Widths,
    /// The JPEG for previews of links.
    LinkPreview,
}

/// What was made of an original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Which version.
    pub small: Small,
    /// The picture.
    pub bytes: Bytes,
}

/// Nothing was made of an original. The text is for the log.
#[derive(Debug, Clone, Error)]
pub enum NotMade {
    /// The fault is the picture's: the next attempt would end as this one did.
    #[error("{0}")]
    Undecodable(String),
    /// The fault is the machine's, which had no time for the picture, or no room.
    #[error("{0}")]
    Busy(String),
}

/// Makes small versions of originals: where a decoder that a picture breaks does least harm.
pub trait Decoder: Send + Sync {
    /// Makes what is wanted of an original.
    fn decode(
        &self,
        original: Original,
        wanted: Wanted,
    ) -> BoxFuture<'static, Result<Vec<Made>, NotMade>>;
}

/// Decodes in this process, which is what Lambda is for: an environment that a picture ends takes nobody along.
#[derive(Debug, Clone, Copy)]
pub struct InProcess;

impl Decoder for InProcess {
    fn decode(
        &self,
        original: Original,
        wanted: Wanted,
    ) -> BoxFuture<'static, Result<Vec<Made>, NotMade>> {
        // Nothing else is to be done meanwhile: an environment has one request at a time.
        Box::pin(async move {
            decode(&original, wanted).map_err(|error| NotMade::Undecodable(error.to_string()))
        })
    }
}

/// Makes what is wanted of an original, smallest first.
///
/// # Errors
/// Where the decoder can make nothing of it.
pub fn decode(original: &Original, wanted: Wanted) -> Result<Vec<Made>, Undecodable> {
    match wanted {
        Wanted::Widths => {
            let versions = original.small_versions()?.into_iter();
            let made = versions.map(|version| Made {
                small: Small::Width(version.width),
                bytes: version.webp.into(),
            });
            Ok(made.collect())
        }
        Wanted::LinkPreview => Ok(vec![Made {
            small: Small::LinkPreview,
            bytes: original.link_preview()?.into(),
        }]),
    }
}
