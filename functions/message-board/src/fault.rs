//! What is wrong with a field of a body, or with a parameter.

use domain::InvalidField;
use serde::Serialize;
use utoipa::ToSchema;

/// The field that is a file.
pub const PICTURE: &str = "picture";

/// What is wrong with one field or parameter.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field's or the parameter's name.
    pub field: &'static str,
    /// For programs.
    pub code: FieldCode,
    /// For people.
    pub detail: String,
}

impl FieldProblem {
    pub fn new(field: &'static str, code: FieldCode, detail: &str) -> Self {
        Self {
            field,
            code,
            detail: detail.to_owned(),
        }
    }

    /// What a text stands for that must be given; of one that stands for nothing, `parse` gives `None`.
    pub fn unless_parsed<T>(
        field: &'static str,
        text: Option<&str>,
        detail: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Self> {
        let text = text.ok_or_else(|| Self::new(field, FieldCode::Required, detail))?;
        parse(text).ok_or_else(|| Self::new(field, FieldCode::Invalid, detail))
    }
}

/// The kind of what is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldCode {
    /// Not what the field or parameter takes.
    Invalid,
    /// It must be there.
    Required,
    /// Not a string.
    NotAString,
    /// Given more than once.
    Several,
    /// Longer than the limit.
    TooLong,
    /// A control character.
    ControlCharacter,
    /// More than one line.
    SeveralLines,
    /// A character that reverses the text around it.
    BidirectionalControl,
    /// A description without a picture.
    WithoutPicture,
    /// Not a file.
    NotAFile,
    /// A file that is not the picture.
    UnknownFile,
    /// A picture that is damaged, or cut short.
    Malformed,
    /// A picture of too many pixels.
    TooManyPixels,
    /// A picture of too many frames, scans or parts.
    TooManyParts,
}

impl From<InvalidField> for FieldCode {
    fn from(fault: InvalidField) -> Self {
        match fault {
            InvalidField::TooLong { .. } => Self::TooLong,
            InvalidField::Required => Self::Required,
            InvalidField::ControlCharacter => Self::ControlCharacter,
            InvalidField::SeveralLines => Self::SeveralLines,
            InvalidField::BidirectionalControl => Self::BidirectionalControl,
            InvalidField::WithoutPicture => Self::WithoutPicture,
        }
    }
}
