//! What the board is called, says of itself and looks like, by its settings: for the API, and for whoever serves the page.

use domain::one_line;
use media::{Bucket, PublicBaseUrl, Small, is_picture};
use settings::{Lookup, SettingError, optional_parsed};

use crate::accent::Accent;

/// The name of a board that has none of its own.
const NAME: &str = "Corkboard";
/// In characters.
const LONGEST_NAME: usize = 100;
/// In characters.
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_LINES: usize = 20;

/// How a board presents itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appearance {
    /// `BOARD_NAME`, default "Corkboard".
    pub name: String,
    /// `BOARD_DESCRIPTION`: what the board is for, some lines of text. `\n` begins a line, as a line break does.
    pub description: Option<String>,
    /// `BOARD_ACCENT`: the board's colour, `#rrggbb`.
    pub accent: Option<Accent>,
    /// `BOARD_HEAD`: the key of a picture in the bucket, or that picture's address.
    pub head: Option<String>,
}

impl Appearance {
    /// Reads the settings.
    ///
    /// # Errors
    /// Where one is malformed.
    pub fn from_lookup(
        lookup: Lookup<'_>,
        public_base_url: &PublicBaseUrl,
    ) -> Result<Self, SettingError> {
        Ok(Self {
            name: optional_parsed(
                lookup,
                "BOARD_NAME",
                "one line of at most 100 characters, without control characters",
                |value| one_line(value, LONGEST_NAME).ok().flatten(),
            )?
            .unwrap_or_else(|| NAME.into()),
            description: optional_parsed(
                lookup,
                "BOARD_DESCRIPTION",
                "at most 1000 characters in 20 lines, with \\n between them",
                description,
            )?,
            accent: optional_parsed(
                lookup,
                "BOARD_ACCENT",
                "a colour such as #0f6b63",
                Accent::parse,
            )?,
            head: optional_parsed(
                lookup,
                "BOARD_HEAD",
                "the key of a picture such as images/hill.jpg, or its address on this board",
                |value| head(value, public_base_url),
            )?,
        })
    }

    /// The first line of the description.
    pub fn summary(&self) -> Option<&str> {
        self.description.as_deref()?.lines().next()
    }

    /// What services show of the board beside a link to it: the key of a version of [`head`](Self::head).
    pub fn preview(&self) -> Option<String> {
        let head = self.head.as_ref()?;
        Some(if Bucket::may_have_small(head) {
            Small::LinkPreview.key_of(head)
        } else {
            head.clone()
        })
    }
}

fn description(value: &str) -> Option<String> {
    let text = value.replace("\\n", "\n").replace("\r\n", "\n");
    let text = text.trim();
    let is_fit = !text.is_empty()
        && text.chars().count() <= LONGEST_DESCRIPTION
        && text.lines().count() <= MOST_LINES
        && !text.contains(|character: char| character.is_control() && character != '\n');
    is_fit.then(|| text.to_owned())
}

/// Pictures of other sites the page may not show.
fn head(value: &str, public_base_url: &PublicBaseUrl) -> Option<String> {
    let of_path = || {
        PublicBaseUrl::from_lookup(&|_| Some(String::new()))
            .ok()
            .and_then(|here| here.key_of(value))
    };
    let key = public_base_url.key_of(value).or_else(of_path);
    Some(key.unwrap_or_else(|| value.to_owned())).filter(|key| is_picture(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appearance(variable: &str, value: &str) -> Result<Appearance, SettingError> {
        let base = PublicBaseUrl::from_lookup(&|_| Some("https://board.example".into())).unwrap();
        let lookup = |name: &str| (name == variable).then(|| value.to_owned());
        Appearance::from_lookup(&lookup, &base)
    }

    #[test]
    fn a_board_need_not_say_anything_of_itself() {
        let expected = Appearance {
            name: "Corkboard".into(),
            description: None,
            accent: None,
            head: None,
        };
        assert_eq!(appearance("BOARD_HEAD", ""), Ok(expected));
    }

    #[test]
    fn a_description_has_lines() {
        let board = appearance(
            "BOARD_DESCRIPTION",
            " For the village.\\nBe kind.\r\nhttps://a.example ",
        )
        .unwrap();
        assert_eq!(
            board.description.as_deref(),
            Some("For the village.\nBe kind.\nhttps://a.example")
        );
        assert_eq!(board.summary(), Some("For the village."));
        assert!(appearance("BOARD_DESCRIPTION", &"村".repeat(1_000)).is_ok());
        for malformed in [&"a".repeat(1_001), &"a\\n".repeat(21), " ", "a\u{7}b"] {
            let error = appearance("BOARD_DESCRIPTION", malformed).unwrap_err();
            assert_eq!(
                (error.variable, error.missing),
                ("BOARD_DESCRIPTION", false)
            );
        }
    }

    #[test]
    fn a_head_is_a_picture_of_the_bucket() {
        for value in [
            "images/a hill.jpg",
            "/images/a%20hill.jpg",
            "https://board.example/images/a%20hill.jpg",
        ] {
            let board = appearance("BOARD_HEAD", value).unwrap();
            assert_eq!(board.head.as_deref(), Some("images/a hill.jpg"), "{value}");
            assert_eq!(
                board.preview().as_deref(),
                Some("small/1280/a hill.jpg.jpg")
            );
        }
        for value in [
            "hill.jpg",
            "images/",
            "images/a.svg",
            "https://other.example/images/a.jpg",
            "carrousel/a.jpg",
        ] {
            assert!(appearance("BOARD_HEAD", value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_colour_is_named() {
        assert!(
            appearance("BOARD_ACCENT", "#8a2be2")
                .unwrap()
                .accent
                .is_some()
        );
        let error = appearance("BOARD_ACCENT", "violet").unwrap_err();
        assert_eq!(
            error.to_string(),
            "BOARD_ACCENT is malformed: expected a colour such as #0f6b63"
        );
    }
}
