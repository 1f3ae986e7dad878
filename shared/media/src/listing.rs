//! Every key under `images/`.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use futures_util::future::try_join_all;
use percent_encoding::percent_decode_str;

use crate::bucket::{Bucket, BucketError, IMAGES};

impl Bucket {
    /// Every key under `images/`, in key order, as S3 lists them: a thousand at a time.
    ///
    /// One page leads to the next, so a listing takes as long as its pages one after the other. It is
    /// divided at the keys `dividers`, which are in order, and its parts are read at the same time. The
    /// dividers are guesses: ones that are not there, or badly spread, cost time and requests, never a key.
    ///
    /// # Errors
    /// Where S3 fails on any page, or a page is not what S3 sends: a listing is whole or none.
    pub async fn image_keys(&self, dividers: &[String]) -> Result<Vec<String>, BucketError> {
        let dividers = || dividers.iter().map(|key| Some(key.as_str()));
        let starts = std::iter::once(None).chain(dividers());
        let ends = dividers().chain(std::iter::once(None));
        let parts = starts.zip(ends);
        let parts = parts.map(|(after, until)| self.image_keys_between(after, until));
        Ok(try_join_all(parts).await?.concat())
    }

    /// The keys after `after` up to and with `until`.
    ///
    /// The SDK's own paginator ends without a word where a page that is not the last has no token or that
    /// of the page before; what follows would be taken for gone.
    async fn image_keys_between(
        &self,
        after: Option<&str>,
        until: Option<&str>,
    ) -> Result<Vec<String>, BucketError> {
        let mut keys: Vec<String> = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_objects_v2().bucket(&self.name);
            let request = request.prefix(IMAGES).encoding_type(EncodingType::Url);
            let request = match &token {
                None => request.set_start_after(after.map(str::to_owned)),
                Some(token) => request.continuation_token(token),
            };
            let page = Page::read(request.send().await?)?;
            for key in page.keys {
                if !key.starts_with(IMAGES) {
                    return Err(broken("a key is from elsewhere"));
                }
                if keys.last().map(String::as_str).or(after) >= Some(key.as_str()) {
                    return Err(broken("the keys are not in order"));
                }
                if until.is_some_and(|until| key.as_str() > until) {
                    return Ok(keys);
                }
                keys.push(key);
            }
            if page.next.is_none() || (until.is_some() && keys.last().map(String::as_str) == until)
            {
                return Ok(keys);
            }
            if page.next == token {
                return Err(broken("it leads back to itself"));
            }
            token = page.next;
        }
    }
}

struct Page {
    keys: Vec<String>,
    /// The token of the next page; `None` on the last.
    next: Option<String>,
}

impl Page {
    fn read(page: ListObjectsV2Output) -> Result<Self, BucketError> {
        let objects = page.contents.unwrap_or_default();
        let encoded = page.encoding_type == Some(EncodingType::Url);
        let keys: Option<Vec<_>> = objects
            .into_iter()
            .map(|object| decoded(object.key?, encoded))
            .collect();
        let keys = keys.ok_or_else(|| broken("an object is without a key"))?;
        if page
            .key_count
            .is_some_and(|count| usize::try_from(count) != Ok(keys.len()))
        {
            return Err(broken("keys are missing"));
        }
        let next = match page.is_truncated {
            Some(true) => Some(
                page.next_continuation_token
                    .filter(|token| !token.is_empty())
                    .ok_or_else(|| broken("it does not say how to go on"))?,
            ),
            Some(false) => None,
            None => return Err(broken("it does not say whether it is the last")),
        };
        Ok(Self { keys, next })
    }
}

/// XML has no way to write most control characters, so keys are listed form-encoded.
fn decoded(key: String, encoded: bool) -> Option<String> {
    if !encoded {
        return Some(key);
    }
    let spaces = key.replace('+', " ");
    let key = percent_decode_str(&spaces).decode_utf8().ok()?;
    Some(key.into_owned())
}

fn broken(how: &str) -> BucketError {
    BucketError(format!("a page of the listing is broken: {how}"))
}
