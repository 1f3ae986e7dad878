//! Addresses of the site for those who are elsewhere: feed readers, and services that preview links.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::{Message, link_preview_size};
use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use media::{Bucket, PublicBaseUrl, Small};

use crate::problem::Problem;
use crate::state::AppState;

/// Where the site is: at `PUBLIC_BASE_URL`, or by whatever name a request asked.
pub struct Site(PublicBaseUrl);

impl FromRequestParts<Arc<AppState>> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let header = |name| text(&parts.headers, name);
        let host =
            header(HOST.as_str()).or(parts.uri.authority().map(http::uri::Authority::as_str));
        // A proxy that ends TLS says by this header that the viewer asked by https.
        let is_https = header("x-forwarded-proto") == Some("https");
        let scheme = if is_https { "https" } else { "http" };
        let base = &state.settings.public_base_url;
        Ok(Self(base.absolute(scheme, host.unwrap_or_default())))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Site {
    pub fn home(&self) -> String {
        self.0.of_path("/")
    }

    pub fn feed(&self) -> String {
        self.0.of_path("/feed.atom")
    }

    /// An object of the bucket.
    pub fn of_key(&self, key: &str) -> String {
        self.0.of_key(key)
    }

    /// A message's page.
    pub fn page_of(&self, message: &Message) -> String {
        self.0.of_path(&format!("/m/{}", message.id))
    }

    /// A message's place on the board.
    pub fn place_of(&self, message: &Message) -> String {
        self.0.of_path(&format!("/#{}", message.id))
    }

    /// A message's picture, shown by the widest small version that is no wider than `width` pixels, if there is one.
    pub fn picture_of(&self, message: &Message, width: u32) -> Option<SitePicture> {
        let picture = message.picture.as_ref()?;
        let key = Bucket::picture_key(message.name(), picture.format);
        let original = (self.0.of_key(&key), picture.width, picture.height);
        // A picture that moves is shown itself, since its small versions are still.
        let is_still = picture.animated != Some(true);
        let small = picture
            .small_sizes()
            .filter(|(wide, _)| is_still && *wide <= width);
        let (shown, width, height) = small.last().map_or(original, |(width, height)| {
            let small = Small::Width(width).key_of(&key);
            (self.0.of_key(&small), width, height)
        });
        let (preview_width, preview_height) = link_preview_size(picture.width, picture.height);
        Some(SitePicture {
            url: self.0.of_key(&key),
            alt: picture.alt.clone().unwrap_or_default(),
            shown,
            width,
            height,
            preview: self.0.of_key(&Small::LinkPreview.key_of(&key)),
            preview_type: Small::LinkPreview.media_type(),
            preview_width,
            preview_height,
        })
    }
}

/// A picture for those who are elsewhere. All addresses are absolute, and all sizes in pixels, as displayed.
pub struct SitePicture {
    /// The picture itself.
    pub url: String,
    pub alt: String,
    /// What is shown of it.
    pub shown: String,
    pub width: u32,
    pub height: u32,
    /// What services show beside a link.
    pub preview: String,
    pub preview_type: &'static str,
    pub preview_width: u32,
    pub preview_height: u32,
}

impl SitePicture {
    /// Whether the preview is large enough for X's card with a large image.
    /// <https://developer.x.com/en/docs/x-for-websites/cards/overview/summary-card-with-large-image>
    pub fn is_large(&self) -> bool {
        self.preview_width >= 300 && self.preview_height >= 157
    }
}
