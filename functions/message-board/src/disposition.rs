//! What a part of a form says of itself: `Content-Disposition: form-data; name="…"; filename="…"`.
//!
//! The parser of `multer` looks for `name=` anywhere, also within a file's name, so its fields are not relied on.
//!
//! <https://www.rfc-editor.org/rfc/rfc7578#section-4.2>,
//! <https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data>

/// A part's field, and whether it is a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Disposition<'a> {
    /// As it stands in the header, with whatever is escaped in it: the board's own names have nothing to escape.
    pub name: &'a [u8],
    /// Whether it has a file name. An empty one is that of a form in which no file was chosen.
    pub is_file: bool,
}

impl<'a> Disposition<'a> {
    /// Parses the header's value; `None` where it is not well-formed, has no name, or says one thing twice.
    pub fn parse(header: &'a [u8]) -> Option<Self> {
        let (kind, mut rest) = split(header);
        if !kind.eq_ignore_ascii_case(b"form-data") {
            return None;
        }
        let (mut name, mut file_name, mut encoded_file_name) = (None, None, None);
        while let Some(parameters) = rest {
            // Some clients end with a semicolon.
            if parameters.trim_ascii().is_empty() {
                break;
            }
            let equals = parameters.iter().position(|byte| *byte == b'=')?;
            let key = parameters[..equals].trim_ascii();
            let value;
            (value, rest) = value_of(parameters[equals + 1..].trim_ascii_start())?;
            let slot = match key.to_ascii_lowercase().as_slice() {
                b"name" => &mut name,
                b"filename" => &mut file_name,
                b"filename*" => &mut encoded_file_name,
                key if key.is_empty() || key.iter().any(|byte| b";\" ".contains(byte)) => {
                    return None;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        // `filename*=UTF-8''b%C3%BCcher.png` (RFC 8187): the name is behind the second apostrophe.
        let encoded = encoded_file_name.map(|value| value.rsplit(|byte| *byte == b'\'').next());
        let is_file = [file_name, encoded.flatten()]
            .into_iter()
            .flatten()
            .any(|file_name| !file_name.is_empty());
        Some(Self {
            name: name?,
            is_file,
        })
    }
}

/// What stands before the first semicolon, and what behind it.
fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b';') {
        Some(end) => (text[..end].trim_ascii(), Some(&text[end + 1..])),
        None => (text.trim_ascii(), None),
    }
}

/// A parameter's value, and the parameters behind it.
fn value_of(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        return Some(split(text));
    };
    // A backslash may escape the closing quote. Where no quote closes the value then, the backslash is part of the
    // name: browsers escape none.
    let end = closing_quote(quoted, true).or_else(|| closing_quote(quoted, false))?;
    let (behind, rest) = split(&quoted[end + 1..]);
    behind.is_empty().then_some((&quoted[..end], rest))
}

fn closing_quote(text: &[u8], escapes: bool) -> Option<usize> {
    let mut is_escaped = false;
    text.iter().position(|byte| {
        let closes = *byte == b'"' && !is_escaped;
        is_escaped = escapes && *byte == b'\\' && !is_escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Option<(String, bool)> {
        let disposition = Disposition::parse(header.as_bytes())?;
        let name = String::from_utf8_lossy(disposition.name).into_owned();
        Some((name, disposition.is_file))
    }

    #[test]
    fn a_part_has_the_name_that_it_says_wherever_it_stands() {
        for (header, is_file) in [
            ("form-data; name=\"picture\"", false),
            ("form-data; name=picture", false),
            ("form-data;name=picture;filename=a.jpg", true),
            ("form-data; name=picture; filename=", false),
            ("form-data; name=\"picture\"; filename=\"a.jpg\"", true),
            ("form-data; filename=\"a.jpg\"; name=\"picture\"", true),
            ("form-data; filename=\"\"; name=\"picture\"", false),
            ("FORM-DATA ;\tNAME = \"picture\" ; FileName=\"a;b\" ;", true),
            // A `name=` stands within the file's name.
            (
                "form-data; filename=\"x; name=\\\"text\\\"\"; name=\"picture\"",
                true,
            ),
            (
                "form-data; filename=\"x; name=text.jpg\"; name=\"picture\"",
                true,
            ),
            (
                "form-data; filename=\" name=%22text%22\"; name=\"picture\"",
                true,
            ),
            ("form-data; filename=\"name=text\"; name=picture", true),
            ("form-data; name=\"picture\"; filename=\"filename=\"", true),
            // Browsers, curl and requests write characters that are not plain like this.
            (
                "form-data; name=\"picture\"; filename=\"a%22b%0D%0A.jpg\"",
                true,
            ),
            (
                "form-data; name=\"picture\"; filename=\"a\\\"b\\\\.jpg\"",
                true,
            ),
            (
                "form-data; name=\"picture\"; filename=\"C:\\pictures\\a\\\"",
                true,
            ),
            ("form-data; name=\"picture\"; filename=\"橋 🌉.jpg\"", true),
            (
                "form-data; name=\"picture\"; filename*=utf-8''%E6%A9%8B.jpg",
                true,
            ),
            (
                "form-data; name=\"picture\"; filename*=UTF-8'en'a.jpg; filename=\"\"",
                true,
            ),
            ("form-data; name=\"picture\"; filename*=UTF-8''", false),
            (
                "form-data; name=\"picture\"; size=\"5\"; creation-date=\"a\"",
                false,
            ),
        ] {
            assert_eq!(
                of(header),
                Some(("picture".to_owned(), is_file)),
                "{header}"
            );
        }
        assert_eq!(of("form-data; name=\"\""), Some((String::new(), false)));
        let quoted = of("form-data; name=\"text\\\"; filename=\\\"a\"");
        assert_eq!(quoted, Some(("text\\\"; filename=\\\"a".to_owned(), false)));
    }

    #[test]
    fn what_is_not_well_formed_says_nothing() {
        for header in [
            "",
            "form-data",
            "form-data;",
            "attachment; name=\"picture\"",
            "form-data; filename=\"a.jpg\"",
            "form-data; name",
            "form-data; name=\"picture",
            "form-data; name=\"picture\"x",
            "form-data; name=\"picture\" filename=\"a.jpg\"",
            "form-data; name=\"picture\"; name=\"text\"",
            "form-data; name=\"picture\"; NAME=picture",
            "form-data; name=\"picture\"; filename=a; filename=b",
            "form-data; filename=\"a\"b; name=\"picture\"",
            "form-data; =a; name=\"picture\"",
            "form-data; a b=c; name=\"picture\"",
            "form-data name=\"picture\"",
        ] {
            assert_eq!(of(header), None, "{header}");
        }
    }
}
