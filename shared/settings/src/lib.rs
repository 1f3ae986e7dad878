//! Settings, read through a lookup so that only `main` knows the environment, and errors that name the variable:
//!
//! - [`Lookup`] and [`environment`]: where a variable's value comes from;
//! - [`required`], [`optional`], [`parsed`], [`optional_parsed`]: one variable;
//! - [`SettingError`]: what stops a function at start.
//!
//! This crate does not know what any setting is for.

use thiserror::Error;

/// Gives the value of a variable; `main` hands in the environment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment as a [`Lookup`].
pub fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// A setting that stops the function at start. Its text never contains the value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{variable} is {}: expected {expected}", if *.missing { "missing" } else { "malformed" })]
pub struct SettingError {
    /// The variable's name.
    pub variable: &'static str,
    /// Whether there is no value at all.
    pub missing: bool,
    /// What a right value looks like.
    pub expected: &'static str,
}

/// A variable that must be there; an empty value counts as missing.
///
/// # Errors
/// Where it is missing.
pub fn required(
    lookup: Lookup<'_>,
    variable: &'static str,
    expected: &'static str,
) -> Result<String, SettingError> {
    optional(lookup, variable).ok_or(SettingError {
        variable,
        missing: true,
        expected,
    })
}

/// A variable that may be missing or empty.
pub fn optional(lookup: Lookup<'_>, variable: &str) -> Option<String> {
    lookup(variable).filter(|value| !value.is_empty())
}

/// `value` parsed by `parse`, or the error that names `variable`.
///
/// # Errors
/// Where `parse` gives nothing.
pub fn parsed<T>(
    variable: &'static str,
    value: &str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, SettingError> {
    parse(value).ok_or(SettingError {
        variable,
        missing: false,
        expected,
    })
}

/// A variable that may be missing or empty, parsed by `parse`, or the error that names it.
///
/// # Errors
/// Where it is there, and `parse` gives nothing.
pub fn optional_parsed<T>(
    lookup: Lookup<'_>,
    variable: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, SettingError> {
    let value = optional(lookup, variable);
    value
        .map(|value| parsed(variable, &value, expected, parse))
        .transpose()
}

/// A variable that must be there: the ARN of something of a service (`rds`, `secretsmanager` …).
///
/// # Errors
/// Where it is missing or no such ARN.
pub fn arn(
    lookup: Lookup<'_>,
    variable: &'static str,
    service: &str,
    expected: &'static str,
) -> Result<String, SettingError> {
    let value = required(lookup, variable, expected)?;
    parsed(variable, &value, expected, |value| {
        let mut parts = value.splitn(6, ':');
        let is_arn = parts.next() == Some("arn")
            && parts.nth(1) == Some(service)
            && parts.nth(2).is_some_and(|resource| !resource.is_empty());
        is_arn.then(|| value.to_owned())
    })
}
