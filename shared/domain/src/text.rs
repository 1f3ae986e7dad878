use icu_properties::CodePointSetData;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint};
use thiserror::Error;

/// Why a text field was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidField {
    /// Longer than the limit.
    #[error("must have at most {limit} characters")]
    TooLong {
        /// The limit in Unicode scalar values.
        limit: usize,
    },
    /// Only invisible characters, and no picture.
    #[error("must not be empty without a picture")]
    Required,
    /// A control character that the field does not take.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A line break in a field of one line.
    #[error("must be a single line")]
    SeveralLines,
    /// A character that reverses the text around it.
    #[error("must not contain bidirectional control characters")]
    BidirectionalControl,
    /// A description without the picture that it describes.
    #[error("describes a picture, but there is none")]
    WithoutPicture,
}

/// What ends a line, CR LF apart: line feed, vertical tab, form feed, carriage return, next line, and Unicode's line
/// and paragraph separators. Slides and PDFs are full of the rarer ones.
///
/// <https://www.unicode.org/reports/tr14/#BK>
const LINE_BREAKS: [char; 7] = [
    '\n', '\u{b}', '\u{c}', '\r', '\u{85}', '\u{2028}', '\u{2029}',
];

/// A message's text: trimmed, at most [`MessageText::LIMIT`] characters, no control characters but line
/// feed and tab. It may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(String);

impl MessageText {
    /// In Unicode scalar values, after trimming.
    pub const LIMIT: usize = 2_000;

    /// Parses what a client sent. Whatever ends a line becomes LF: a browser's form sends every line break as CR LF.
    ///
    /// # Errors
    /// Where it is too long or has other control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidField> {
        let text = text.replace("\r\n", "\n").replace(LINE_BREAKS, "\n");
        let text = text.trim();
        if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            return Err(InvalidField::ControlCharacter);
        }
        within(text, Self::LIMIT)?;
        Ok(Self(if is_blank(text) {
            String::new()
        } else {
            text.to_owned()
        }))
    }

    /// Whether a reader would see nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name under a message: one line, at most [`Author::LIMIT`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author(String);

impl Author {
    /// In Unicode scalar values, after trimming.
    pub const LIMIT: usize = 40;

    /// Parses what a client sent; blank is none.
    ///
    /// # Errors
    /// Where it is too long, has several lines, control characters or bidirectional controls.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidField> {
        Ok(one_line(text, Self::LIMIT)?.map(Self))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a picture shows, for those who do not see it: one line, at most [`Alt::LIMIT`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alt(String);

impl Alt {
    /// In Unicode scalar values, after trimming.
    pub const LIMIT: usize = 500;

    /// Parses what a client sent; blank is none.
    ///
    /// # Errors
    /// As for [`Author::parse`].
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidField> {
        Ok(one_line(text, Self::LIMIT)?.map(Self))
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One line of at most `limit` Unicode scalar values after trimming; blank is none.
///
/// # Errors
/// Where it is too long, has several lines, control characters or bidirectional controls.
pub fn one_line(text: &str, limit: usize) -> Result<Option<String>, InvalidField> {
    let text = text.trim();
    if text.contains(LINE_BREAKS) {
        return Err(InvalidField::SeveralLines);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidField::ControlCharacter);
    }
    let bidirectional = CodePointSetData::new::<BidiControl>();
    if text.chars().any(|c| bidirectional.contains(c)) {
        return Err(InvalidField::BidirectionalControl);
    }
    within(text, limit)?;
    Ok((!is_blank(text)).then(|| text.to_owned()))
}

fn within(text: &str, limit: usize) -> Result<(), InvalidField> {
    if text.chars().nth(limit).is_some() {
        return Err(InvalidField::TooLong { limit });
    }
    Ok(())
}

/// Only white space, characters that Unicode calls default ignorable (zero-width space, Hangul filler,
/// variation selectors …) and the empty braille pattern.
fn is_blank(text: &str) -> bool {
    const BRAILLE_PATTERN_BLANK: char = '\u{2800}';
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    text.chars()
        .all(|c| c.is_whitespace() || c == BRAILLE_PATTERN_BLANK || ignorable.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_its_line_breaks_are_line_feeds() {
        for (sent, kept) in [
            ("  a\r\nb\rc\n ", "a\nb\nc"),
            ("a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f", "a\nb\nc\nd\ne\nf"),
            ("a\u{b}\r\nb\n\rc", "a\n\nb\n\nc"),
            ("\u{2028}\u{c} a \u{85}\u{b}", "a"),
            ("\u{b}\u{c}\u{85}\u{2028}\u{2029}", ""),
        ] {
            let text = MessageText::parse(sent).unwrap();
            assert_eq!(text.as_str(), kept, "{sent:?}");
        }
    }

    #[test]
    fn text_has_two_thousand_characters_whatever_their_bytes() {
        let longest = "𝒳".repeat(MessageText::LIMIT);
        assert_eq!(MessageText::parse(&longest).unwrap().as_str(), longest);
        assert_eq!(
            MessageText::parse(&format!("{longest}a")),
            Err(InvalidField::TooLong { limit: 2_000 })
        );
        assert!(MessageText::parse(&format!("  {longest}\n")).is_ok());
    }

    #[test]
    fn text_takes_tabs_and_line_feeds_but_no_other_control_character() {
        assert_eq!(MessageText::parse("a\tb\nc").unwrap().as_str(), "a\tb\nc");
        for bad in ["a\0b", "a\u{7}b", "a\u{1b}[31mb", "a\u{7f}b", "a\u{80}b"] {
            assert_eq!(
                MessageText::parse(bad),
                Err(InvalidField::ControlCharacter),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn invisible_characters_are_no_text() {
        for blank in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{feff}\u{2060}",
            "\u{3164}",
            "\u{2800}",
            "\u{3000}\u{fe0f}",
            "\u{ad}",
        ] {
            assert!(MessageText::parse(blank).unwrap().is_empty(), "{blank:?}");
            assert_eq!(Author::parse(blank), Ok(None), "{blank:?}");
        }
        // What joins visible characters stays.
        assert_eq!(MessageText::parse("👩‍🚀").unwrap().as_str(), "👩‍🚀");
    }

    #[test]
    fn an_author_is_one_line_of_forty_characters() {
        assert_eq!(Author::parse(" Ada ").unwrap().unwrap().as_str(), "Ada");
        assert!(Author::parse(&"字".repeat(40)).is_ok());
        assert_eq!(
            Author::parse(&"字".repeat(41)),
            Err(InvalidField::TooLong { limit: 40 })
        );
        for lines in LINE_BREAKS {
            assert_eq!(
                Author::parse(&format!("a{lines}b")),
                Err(InvalidField::SeveralLines),
                "{lines:?}"
            );
        }
        assert_eq!(Author::parse("a\tb"), Err(InvalidField::ControlCharacter));
    }

    #[test]
    fn an_author_cannot_reverse_the_text_around_it() {
        for control in [
            '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            assert_eq!(
                Author::parse(&format!("a{control}b")),
                Err(InvalidField::BidirectionalControl),
                "{control:?}"
            );
        }
    }

    #[test]
    fn a_description_has_five_hundred_characters() {
        assert!(Alt::parse(&"a".repeat(500)).unwrap().is_some());
        assert_eq!(
            Alt::parse(&"a".repeat(501)),
            Err(InvalidField::TooLong { limit: 500 })
        );
        assert_eq!(Alt::parse("  "), Ok(None));
    }
}
