//! A message in a few words, for titles and previews.

use domain::Message;

/// How long a title and a description are at most, in characters: what X takes.
/// <https://developer.x.com/en/docs/x-for-websites/cards/overview/markup>
const TITLE: usize = 70;
const DESCRIPTION: usize = 200;

/// The title: who signed the message, and how it begins.
pub fn title(message: &Message) -> String {
    let said = said(message);
    let title = match &message.author {
        Some(author) => format!("{author}: {said}"),
        None => said,
    };
    shortened(&title, TITLE)
}

/// The description: how the message begins, in more words than the title has.
pub fn description(message: &Message) -> String {
    shortened(&said(message), DESCRIPTION)
}

/// What a message says, or what its picture shows.
fn said(message: &Message) -> String {
    let alt = message.picture.as_ref().and_then(|it| it.alt.as_deref());
    let said = if message.text.is_empty() {
        alt.unwrap_or("A picture")
    } else {
        &message.text
    };
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in at most `most` characters, cut after a word where there is one.
fn shortened(text: &str, most: usize) -> String {
    // Where the text is longer, its last character gives way to the ellipsis.
    let mut rest = text.char_indices().skip(most.saturating_sub(1));
    let (Some((end, _)), Some(_)) = (rest.next(), rest.next()) else {
        return text.to_owned();
    };
    let cut = &text[..end];
    // Languages that put no spaces between words are cut anywhere.
    let words = cut.rfind(' ').filter(|space| *space > end / 2);
    let cut = words.map_or(cut, |space| &cut[..space]);
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use domain::MessageId;

    use super::*;

    fn message(author: Option<&str>, text: &str) -> Message {
        Message {
            id: MessageId::from_parts(0, 0),
            generation: 0,
            author: author.map(str::to_owned),
            text: text.to_owned(),
            picture: None,
        }
    }

    #[test]
    fn a_title_says_who_and_how_it_begins() {
        assert_eq!(
            title(&message(Some("Ada"), "hello\n\nworld")),
            "Ada: hello world"
        );
        assert_eq!(title(&message(None, "hello")), "hello");
        assert_eq!(title(&message(None, "")), "A picture");
    }

    #[test]
    fn a_title_is_no_longer_than_services_take_whoever_wrote_it() {
        let author = "A".repeat(40);
        let title = title(&message(Some(&author), &"word ".repeat(100)));
        assert_eq!(title, format!("{author}: word word word word word…"));
        assert!(title.chars().count() <= TITLE);
        let description = description(&message(None, &"ü".repeat(2_000)));
        assert_eq!(description.chars().count(), DESCRIPTION);
    }

    #[test]
    fn what_is_long_is_cut_after_a_word() {
        assert_eq!(shortened("one two three", 9), "one two…");
        assert_eq!(shortened("one two", 7), "one two");
        assert_eq!(shortened("留言板留言板", 4), "留言板…");
        assert_eq!(shortened("a 留言板留言板", 6), "a 留言板…");
    }
}
