//! How a function knows that a request comes through CloudFront: by a secret that CloudFront sends with every request
//! to its origin.

use http::HeaderMap;
use settings::{Lookup, SettingError, optional, required};
use subtle::{Choice, ConstantTimeEq as _};

const SECRET: &str = "ORIGIN_SECRET";
const PREVIOUS: &str = "ORIGIN_SECRET_PREVIOUS";

/// The secrets that CloudFront may send: `ORIGIN_SECRET` and, while some of its edges still send the secret before
/// that, `ORIGIN_SECRET_PREVIOUS`.
#[derive(Clone)]
pub struct OriginSecrets(Vec<String>);

impl OriginSecrets {
    /// The secrets that are set.
    pub fn from_lookup(lookup: Lookup<'_>) -> Self {
        let variables = [SECRET, PREVIOUS].into_iter();
        Self(variables.filter_map(|it| optional(lookup, it)).collect())
    }

    /// The secrets that are set, of which `ORIGIN_SECRET` must be one; `expected` says what that is.
    ///
    /// # Errors
    /// Where it is missing.
    pub fn required(lookup: Lookup<'_>, expected: &'static str) -> Result<Self, SettingError> {
        required(lookup, SECRET, expected)?;
        Ok(Self::from_lookup(lookup))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request carries one of the secrets as `X-Origin-Verify`.
    pub fn are_in(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get("x-origin-verify") else {
            return false;
        };
        let is_one = self.0.iter().fold(Choice::from(0), |is_one, secret| {
            is_one | sent.as_bytes().ct_eq(secret.as_bytes())
        });
        is_one.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(secret: Option<&str>, previous: Option<&str>) -> OriginSecrets {
        OriginSecrets::from_lookup(&|variable| match variable {
            SECRET => secret.map(str::to_owned),
            _ => previous.map(str::to_owned),
        })
    }

    fn are_in(secrets: &OriginSecrets, sent: Option<&str>) -> bool {
        let sent = sent.map(|sent| ("x-origin-verify".parse().unwrap(), sent.parse().unwrap()));
        secrets.are_in(&sent.into_iter().collect())
    }

    #[test]
    fn a_request_carries_the_one_or_the_other_or_none() {
        let both = secrets(Some("the secret"), Some("the one before"));
        assert!(are_in(&both, Some("the secret")));
        assert!(are_in(&both, Some("the one before")));
        for other in [None, Some(""), Some("the secre"), Some("the secret ,x")] {
            assert!(!are_in(&both, other), "{other:?}");
        }
    }

    #[test]
    fn where_there_is_none_nobody_carries_it() {
        let none = secrets(None, Some(""));
        assert!(none.is_empty());
        assert!(!are_in(&none, Some("")) && !are_in(&none, None));
        let error = OriginSecrets::required(&|_| None, "a secret")
            .err()
            .unwrap();
        assert_eq!((error.variable, error.missing), (SECRET, true));
    }
}
