//! The settings that are about the bucket: its name, and where its objects are served.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use settings::{Lookup, SettingError, parsed, required};
use url::Url;

/// `MEDIA_BUCKET`: the media bucket's name.
///
/// # Errors
/// Where it is missing or no bucket name.
pub fn bucket_name(lookup: Lookup<'_>) -> Result<String, SettingError> {
    const EXPECTED: &str = "the media bucket's name (3 to 63 letters, digits, dots and hyphens)";
    let name = required(lookup, "MEDIA_BUCKET", EXPECTED)?;
    let is_bucket_name = |name: &str| {
        (3..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    parsed("MEDIA_BUCKET", &name, EXPECTED, |name| {
        is_bucket_name(name).then(|| name.to_owned())
    })
}

/// `PUBLIC_BASE_URL`: where the site and `images/` are served, without a trailing slash. The empty string
/// makes URLs root-relative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicBaseUrl(String);

impl PublicBaseUrl {
    /// Reads `PUBLIC_BASE_URL`.
    ///
    /// # Errors
    /// Where it is missing, or neither empty nor an absolute http(s) URL without trailing slash, query and
    /// fragment.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const VARIABLE: &str = "PUBLIC_BASE_URL";
        const EXPECTED: &str =
            "an http(s) URL without a trailing slash, or the empty string for root-relative URLs";
        let value = lookup(VARIABLE).ok_or(SettingError {
            variable: VARIABLE,
            missing: true,
            expected: EXPECTED,
        })?;
        parsed(VARIABLE, &value, EXPECTED, Self::parse)
    }

    fn parse(value: &str) -> Option<Self> {
        let is_base = value.is_empty()
            || Url::parse(value).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.query().is_none()
                    && url.fragment().is_none()
                    // As it is written: what the parser would repair (spaces, quotes, line breaks) is refused.
                    && url.as_str().strip_suffix('/').unwrap_or(url.as_str()) == value
            });
        is_base.then(|| Self(value.to_owned()))
    }

    /// This base with a host: where it has none, with the one by which a request asked, if that is one.
    #[must_use]
    pub fn absolute(&self, scheme: &str, host: &str) -> Self {
        if !self.0.is_empty() {
            return self.clone();
        }
        let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        let host = host.bytes().all(is_of_host).then_some(host);
        let absolute = host.and_then(|host| Self::parse(&format!("{scheme}://{host}")));
        absolute.unwrap_or_else(|| self.clone())
    }

    /// The address of a path of the site, which begins with a slash.
    pub fn of_path(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Its origin, as a browser names it; none where it is empty.
    pub fn origin(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// The path below which the site is, without a trailing slash: empty for most.
    pub fn root(&self) -> String {
        let url = Url::parse(&self.0).ok();
        url.map_or_else(String::new, |url| {
            url.path().trim_end_matches('/').to_owned()
        })
    }

    /// The address of an object within the site, whatever name the site is reached by.
    pub fn path_of_key(&self, key: &str) -> String {
        Self(self.root()).of_key(key)
    }

    /// The public URL of an object of the media bucket, percent-encoded path segment by path segment.
    pub fn of_key(&self, key: &str) -> String {
        /// Everything but RFC 3986's unreserved characters, and the slash between segments.
        const SEGMENTS: &AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'.')
            .remove(b'_')
            .remove(b'~')
            .remove(b'/');
        format!("{}/{}", self.0, utf8_percent_encode(key, SEGMENTS))
    }

    /// The key of such a URL.
    pub fn key_of(&self, url: &str) -> Option<String> {
        let encoded = url.strip_prefix(&self.0)?.strip_prefix('/')?;
        let key = percent_decode_str(encoded).decode_utf8().ok()?;
        Some(key.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(value: Option<&str>) -> Result<PublicBaseUrl, SettingError> {
        PublicBaseUrl::from_lookup(&|_| value.map(str::to_owned))
    }

    #[test]
    fn a_missing_setting_names_the_variable_and_what_is_expected() {
        let error = bucket_name(&|_| None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "MEDIA_BUCKET is missing: expected the media bucket's name (3 to 63 letters, digits, dots and hyphens)"
        );
    }

    #[test]
    fn a_malformed_setting_is_named_without_its_value() {
        let error = bucket_name(&|_| Some("not a bucket".into())).unwrap_err();
        assert!(error.to_string().starts_with("MEDIA_BUCKET is malformed: "));
        assert!(!error.to_string().contains("not a bucket"));
    }

    #[test]
    fn a_base_url_may_be_empty_but_not_missing() {
        assert!(base(Some("")).is_ok());
        assert!(base(None).unwrap_err().missing);
    }

    #[test]
    fn a_base_url_is_absolute_and_has_no_trailing_slash() {
        for good in ["https://board.example", "http://127.0.0.1:8080/board"] {
            assert!(base(Some(good)).is_ok(), "{good}");
        }
        for bad in [
            "https://board.example/",
            "board.example",
            "ftp://board.example",
            "https://board.example?a=b",
            "https://board.example#a",
            "https://board.example\n",
            "https://board.example/x\"y",
            "HTTPS://board.example",
        ] {
            assert!(base(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_are_percent_encoded_segment_by_segment() {
        let base = base(Some("https://board.example")).unwrap();
        assert_eq!(
            base.of_key("images/a b+é/100%?#.png"),
            "https://board.example/images/a%20b%2B%C3%A9/100%25%3F%23.png"
        );
    }

    #[test]
    fn without_a_host_of_its_own_it_has_that_of_the_request() {
        let own = base(Some("https://board.example")).unwrap();
        assert_eq!(own.absolute("http", "other.example"), own);
        let none = base(Some("")).unwrap();
        let host = none.absolute("http", "127.0.0.1:8080");
        assert_eq!(host.of_path("/m/1"), "http://127.0.0.1:8080/m/1");
        for bad in ["", "a b", "a/b", "a\"b", "a?b", "a#b", "user@a", "a\\b"] {
            assert_eq!(none.absolute("http", bad), none, "{bad}");
        }
    }

    #[test]
    fn within_the_site_an_address_has_no_host() {
        for (whole, path) in [
            ("https://board.example", "/images/a%20b.png"),
            ("https://board.example/below", "/below/images/a%20b.png"),
            ("", "/images/a%20b.png"),
        ] {
            let base = base(Some(whole)).unwrap();
            assert_eq!(base.path_of_key("images/a b.png"), path);
        }
    }

    #[test]
    fn a_url_leads_back_to_its_key() {
        let base = base(Some("https://board.example")).unwrap();
        let key = "images/a b+é/100%?#.png";
        assert_eq!(base.key_of(&base.of_key(key)).as_deref(), Some(key));
        for other in [
            "",
            "/images/a.png",
            "https://board.example",
            "https://other.example/images/a.png",
            "https://board.example/%FF",
        ] {
            assert_eq!(base.key_of(other), None, "{other}");
        }
    }
}
