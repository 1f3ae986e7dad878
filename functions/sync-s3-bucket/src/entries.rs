//! A list of pictures as the bytes that it is: `[{"url":"…"},…]`. With a million entries nothing is parsed but what is
//! looked for: URLs are percent-encoded, so that a brace begins or ends an entry wherever it stands.

use std::ops::Range;

use bytes::Bytes;
use media::PublicBaseUrl;
use memchr::{memchr, memchr_iter, memrchr};

/// The list of no picture.
pub const EMPTY: &[u8] = b"[]";

/// What was looked at of a key: when its picture came, in seconds since 1970, or that there is none.
pub type Found = (String, Option<i64>);

/// The bytes are no list that this function wrote under this base.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A picture's entry, without the comma or bracket behind it.
pub fn entry(key: &str, base: &PublicBaseUrl) -> String {
    format!("{{\"url\":\"{}\"}}", base.of_key(key))
}

/// The entries of a list, each with the comma or bracket behind it.
#[derive(Debug, Clone, Copy)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    base: &'a PublicBaseUrl,
}

impl<'a> Entries<'a> {
    /// The entries of a list of which the first and the last can be read.
    pub fn of(json: &'a [u8], base: &'a PublicBaseUrl) -> Result<Self, Unreadable> {
        let bytes = match json {
            b"[]" => b"",
            [b'[', entries @ ..] if entries.ends_with(b"}]") => entries,
            _ => return Err(Unreadable),
        };
        let entries = Self { bytes, base };
        if !bytes.is_empty() {
            entries.around(0..bytes.len(), 0)?;
            entries.around(0..bytes.len(), bytes.len() - 1)?;
        }
        Ok(entries)
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        memchr_iter(b'{', self.bytes).count()
    }

    /// The first entry's length and key.
    pub fn first(&self) -> Result<Option<(usize, String)>, Unreadable> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let (range, key) = self.around(0..self.bytes.len(), 0)?;
        Ok(Some((range.end, key)))
    }

    /// Goes past the first entry where it is `entry`, and says whether it was.
    pub fn skip(&mut self, entry: &str) -> bool {
        let skips = self.bytes.starts_with(entry.as_bytes()) && self.ends_at(entry.len());
        if skips {
            self.advance(entry.len() + 1);
        }
        skips
    }

    /// Goes past the first bytes, which are whole entries.
    pub fn advance(&mut self, bytes: usize) {
        self.bytes = self.bytes.get(bytes..).unwrap_or_default();
    }

    /// Divides entries in key order into parts of about the same size, each with the last key of those before it and,
    /// unless it is the last part, its own last key.
    pub fn parts(self, parts: usize) -> Result<Vec<Part<'a>>, Unreadable> {
        let (mut divided, mut from, mut after) = (Vec::new(), 0, None);
        for part in 1..parts {
            let middle = self.bytes.len() * part / parts;
            let (range, key) = self.around(0..self.bytes.len(), middle)?;
            if range.end <= from || after.as_ref() >= Some(&key) {
                return Err(Unreadable);
            }
            divided.push(Part {
                entries: self.cut(from..range.end),
                after: after.replace(key.clone()),
                until: Some(key),
            });
            from = range.end;
        }
        divided.push(Part {
            entries: self.cut(from..self.bytes.len()),
            after,
            until: None,
        });
        Ok(divided)
    }

    fn cut(&self, range: Range<usize>) -> Self {
        Self {
            bytes: &self.bytes[range],
            base: self.base,
        }
    }

    /// Where a key's entry is, looked for from `from` on; an empty range where it belongs if there is none. The entries
    /// are in the order of their keys, which is not that of their URLs.
    fn place(&self, key: &str, from: usize) -> Result<Range<usize>, Unreadable> {
        let mut rest = from..self.bytes.len();
        while !rest.is_empty() {
            let middle = rest.start.midpoint(rest.end);
            let (range, there) = self.around(rest.clone(), middle)?;
            match there.as_str().cmp(key) {
                std::cmp::Ordering::Less => rest.start = range.end,
                std::cmp::Ordering::Greater => rest.end = range.start,
                std::cmp::Ordering::Equal => return Ok(range),
            }
        }
        Ok(rest)
    }

    /// The entry in which the byte at `at` is, with the comma or bracket behind it; and the entry's key. `within`
    /// begins and ends between entries.
    fn around(
        &self,
        within: Range<usize>,
        at: usize,
    ) -> Result<(Range<usize>, String), Unreadable> {
        let before = &self.bytes[within.start..=at];
        let start = within.start + memrchr(b'{', before).ok_or(Unreadable)?;
        let is_next = start == within.start || self.bytes[start - 1] == b',';
        let behind = &self.bytes[start..within.end];
        let close = start + memchr(b'}', behind).ok_or(Unreadable)?;
        let url = self.bytes[start..=close]
            .strip_prefix(b"{\"url\":\"")
            .and_then(|url| url.strip_suffix(b"\"}"));
        let url = url.and_then(|url| str::from_utf8(url).ok());
        let key = url.and_then(|url| self.base.key_of(url));
        match key {
            Some(key) if is_next && self.ends_at(close + 1) && at < close + 2 => {
                Ok((start..close + 2, key))
            }
            _ => Err(Unreadable),
        }
    }

    /// Whether an entry may end at `at`: a comma is there, or the bracket that ends the list.
    fn ends_at(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(b',') => true,
            Some(b']') => at + 1 == self.bytes.len(),
            _ => false,
        }
    }
}

/// Entries that are next to each other, and between which keys they are.
#[derive(Debug)]
pub struct Part<'a> {
    pub entries: Entries<'a>,
    pub after: Option<String>,
    pub until: Option<String>,
}

/// The list with the entries of the keys that were looked at as they should be, and all others as they are; `None`
/// where nothing changes. What was found is in key order.
pub fn edited(
    json: &[u8],
    base: &PublicBaseUrl,
    found: &[Found],
) -> Result<Option<Bytes>, Unreadable> {
    let entries = Entries::of(json, base)?;
    let mut edited = Vec::new();
    let mut copied = 0;
    for (key, came) in found {
        let range = entries.place(key, copied)?;
        let entry = came.map_or(String::new(), |_| entry(key, base));
        let there = &entries.bytes[range.clone()];
        let there = there.split_last().map_or(there, |(_, entry)| entry);
        if there == entry.as_bytes() {
            continue;
        }
        if edited.is_empty() {
            edited.reserve_exact(json.len() + found.len() * (entry.len() + 1));
            edited.push(b'[');
        }
        edited.extend_from_slice(&entries.bytes[copied..range.start]);
        copied = range.end;
        if !entry.is_empty() {
            // The entry before was the last one, and is not any more.
            replace_last(&mut edited, b']', b',');
            edited.extend_from_slice(entry.as_bytes());
            edited.push(b',');
        }
    }
    if edited.is_empty() {
        return Ok(None);
    }
    edited.extend_from_slice(&entries.bytes[copied..]);
    replace_last(&mut edited, b',', b']');
    if edited == b"[" {
        edited.push(b']');
    }
    Ok(Some(edited.into()))
}

fn replace_last(bytes: &mut [u8], byte: u8, by: u8) {
    if let Some(last) = bytes.last_mut().filter(|last| **last == byte) {
        *last = by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> PublicBaseUrl {
        PublicBaseUrl::from_lookup(&|_| Some("https://board.example".into())).unwrap()
    }

    fn list(names: &[&str]) -> String {
        let entries = names.iter().map(|name| entry(name, &base()));
        format!("[{}]", entries.collect::<Vec<_>>().join(","))
    }

    fn edit(json: &str, found: &[(&str, bool)]) -> Result<Option<String>, Unreadable> {
        let found: Vec<_> = found
            .iter()
            .map(|&(name, is_there)| (name.to_owned(), is_there.then_some(0)))
            .collect();
        let edited = edited(json.as_bytes(), &base(), &found)?;
        Ok(edited.map(|json| String::from_utf8(json.to_vec()).unwrap()))
    }

    #[test]
    fn a_list_is_an_array_of_urls_in_the_order_of_keys() {
        let names = ["images/a b.png", "images/a!.png", "images/a\"<.jpg"];
        let found = names.map(|name| (name, true));
        assert_eq!(
            edit("[]", &found).unwrap().unwrap(),
            r#"[{"url":"https://board.example/images/a%20b.png"},{"url":"https://board.example/images/a%21.png"},{"url":"https://board.example/images/a%22%3C.jpg"}]"#
        );
    }

    /// Every subset of a few keys, changed to every other.
    #[test]
    fn whatever_comes_and_goes_the_list_is_that_of_what_is_there() {
        let names = [
            "images/A",
            "images/a b",
            "images/a!",
            "images/b",
            "images/ü",
        ];
        let subset = |bits: usize| -> Vec<&str> {
            let chosen = names.iter().enumerate();
            let chosen = chosen.filter(|(n, _)| bits & (1 << n) != 0);
            chosen.map(|(_, name)| *name).collect()
        };
        for before in 0..32 {
            for after in 0..32 {
                for looked_at in 0..32 {
                    let found = subset(looked_at);
                    let found: Vec<_> = found
                        .into_iter()
                        .map(|name| (name, subset(after).contains(&name)))
                        .collect();
                    let right = (before & !looked_at) | (after & looked_at);
                    let edited = edit(&list(&subset(before)), &found).unwrap();
                    let expected = (right != before).then(|| list(&subset(right)));
                    assert_eq!(edited, expected, "{before} {after} {looked_at}");
                }
            }
        }
    }

    #[test]
    fn what_this_function_did_not_write_is_unreadable() {
        let list = list(&["images/a", "images/b", "images/c"]);
        for nonsense in [
            "",
            "[",
            "]",
            "null",
            "[[]]",
            "[]]",
            "{}",
            "[{}]",
            "[{\"url\":1}]",
            "[{\"url\":\"/images/b\"}]",
            "\u{0}",
            &list.replace("https:", "http:"),
            &list.replace("{\"url\":\"https://board.example/images/b\"},", "{},"),
            &list.replace(",{", ", {"),
            &format!("{list}\n"),
            &list.replace("}]", "},]"),
        ] {
            assert_eq!(
                edit(nonsense, &[("images/b", true)]),
                Err(Unreadable),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn an_entry_that_is_written_otherwise_is_written_anew() {
        let json = list(&["images/a", "images/b"]).replace("images/b", "images/%62");
        let right = list(&["images/a", "images/b"]);
        assert_eq!(edit(&json, &[("images/b", true)]), Ok(Some(right)));
    }

    #[test]
    fn the_parts_of_a_list_are_all_of_it() {
        let names: Vec<_> = (10..99).map(|n| format!("images/{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let (json, base) = (list(&names), base());
        for count in 1..9 {
            let parts = Entries::of(json.as_bytes(), &base).unwrap().parts(count);
            let parts = parts.unwrap();
            assert_eq!(parts.len(), count);
            let mut keys = Vec::new();
            for mut part in parts {
                assert_eq!(part.after.as_ref(), keys.last());
                while let Some((length, key)) = part.entries.first().unwrap() {
                    part.entries.advance(length);
                    keys.push(key);
                }
                assert!(part.until.is_none_or(|until| keys.last() == Some(&until)));
            }
            assert_eq!(keys, names);
        }
    }
}
