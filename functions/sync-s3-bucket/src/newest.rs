//! `newest.json`: the [`SHOWN`] pictures that came last, by S3's time, newest first.
//!
//! Each has its time beside it, by which a picture that comes late finds its place. Where there are more, the last one
//! has those that follow beside it, so that the list is full again when one of those shown goes: only where more go than
//! follow all pictures are listed. All this is in the file's bytes, since S3's versions tell nothing else apart.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use media::{PublicBaseUrl, is_picture};
use serde::{Deserialize, Serialize};

use crate::entries::Found;

/// How many pictures the file shows.
const SHOWN: usize = 100;
/// How many the file knows. What follows is sent to everybody, so it is not many.
const KNOWN: usize = 120;

/// When a picture came, in seconds since 1970, and its key. Of two that came in the same second, the one of the greater
/// key is the newer: of posted pictures that is true.
type Picture = (i64, String);

/// The pictures that came last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Newest first.
    pictures: Vec<Picture>,
    /// Whether there may be others, none of them newer than the last one here.
    has_more: bool,
}

/// A picture in the file.
#[derive(Deserialize, Serialize)]
struct Shown {
    url: String,
    /// When it came, in milliseconds since 1970.
    modified: i64,
    /// The pictures that follow, in the last one of those shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    older: Option<Vec<Shown>>,
}

impl Newest {
    /// Reads the file; `None` where it is none that was written under this base.
    pub fn read(json: &[u8], base: &PublicBaseUrl) -> Option<Self> {
        let mut shown: Vec<Shown> = serde_json::from_slice(json).ok()?;
        let older = shown.last_mut().and_then(|last| last.older.take());
        let has_more = older.is_some();
        let pictures = shown.into_iter().chain(older.unwrap_or_default());
        let pictures = pictures
            .map(|shown| {
                let key = base.key_of(&shown.url).filter(|key| is_picture(key));
                Some((shown.modified / 1_000, key?))
            })
            .collect::<Option<_>>()?;
        let newest = Self { pictures, has_more };
        let is_right = newest.pictures.is_sorted_by(|newer, older| newer > older)
            && !newest.has_run_down()
            && newest.json(base) == json;
        is_right.then_some(newest)
    }

    /// The file.
    pub fn json(&self, base: &PublicBaseUrl) -> Bytes {
        let shown = |(came, key): &Picture| Shown {
            url: base.of_key(key),
            modified: came.saturating_mul(1_000),
            older: None,
        };
        let (first, rest) = self.pictures.split_at(SHOWN.min(self.pictures.len()));
        let mut first: Vec<_> = first.iter().map(shown).collect();
        if self.has_more
            && let Some(last) = first.last_mut()
        {
            last.older = Some(rest.iter().map(shown).collect());
        }
        // Texts and numbers can always be written as JSON, so this never fails.
        serde_json::to_vec(&first).unwrap_or_default().into()
    }

    /// The newest of these pictures, which come in any order: as many as the file knows.
    fn of(mut pictures: Vec<Picture>, has_more: bool) -> Self {
        pictures.sort_unstable_by(|one, other| other.cmp(one));
        let has_more = has_more || pictures.len() > SHOWN;
        pictures.truncate(KNOWN);
        Self { pictures, has_more }
    }

    /// The list with these keys as they were found; `None` where it has run down, so that it cannot be said which
    /// pictures belong into it.
    pub fn with(&self, found: &[Found]) -> Option<Self> {
        let mut pictures = self.pictures.clone();
        pictures.retain(|(_, key)| found.binary_search_by(|it| it.0.cmp(key)).is_err());
        let came = found
            .iter()
            .filter_map(|(key, came)| Some(((*came)?, key.clone())));
        let last = self.pictures.last().filter(|_| self.has_more);
        pictures.extend(came.filter(|picture| Some(picture) >= last));
        let newest = Self::of(pictures, self.has_more);
        (!newest.has_run_down()).then_some(newest)
    }

    fn has_run_down(&self) -> bool {
        self.has_more && self.pictures.len() < SHOWN
    }

    /// The keys by which the list differs from what a listing says.
    pub fn differing<'a>(&'a self, listed: &'a Self) -> impl Iterator<Item = &'a String> {
        let last = self.pictures.last().filter(|_| self.has_more);
        let missing = listed
            .pictures
            .iter()
            .filter(move |&picture| Some(picture) >= last && !self.pictures.contains(picture));
        let wrong = self.pictures.iter();
        let wrong = wrong.filter(|picture| !listed.pictures.contains(picture));
        missing.chain(wrong).map(|(_, key)| key)
    }
}

/// The newest of many pictures, which come in any order.
#[derive(Debug, Default)]
pub struct NewestOf {
    /// The oldest on top.
    pictures: BinaryHeap<Reverse<Picture>>,
    has_more: bool,
}

impl NewestOf {
    pub fn take(&mut self, came: i64, key: String) {
        self.pictures.push(Reverse((came, key)));
        if self.pictures.len() > KNOWN {
            self.pictures.pop();
            self.has_more = true;
        }
    }

    /// The newest of all these.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Newest {
        let (mut pictures, mut has_more) = (Vec::new(), false);
        for part in parts {
            pictures.extend(part.pictures.into_iter().map(|Reverse(picture)| picture));
            has_more |= part.has_more;
        }
        Newest::of(pictures, has_more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> PublicBaseUrl {
        PublicBaseUrl::from_lookup(&|_| Some(String::new())).unwrap()
    }

    fn key(n: i64) -> String {
        format!("images/{n:03}.png")
    }

    fn of(pictures: impl Iterator<Item = i64>) -> Newest {
        let mut newest = NewestOf::default();
        pictures.for_each(|n| newest.take(n, key(n)));
        NewestOf::of_all([newest])
    }

    #[test]
    fn the_file_shows_the_hundred_that_came_last() {
        for count in [0, 1, 99, 100, 101, 120, 500] {
            let newest = of(0..count);
            let json = newest.json(&base());
            let shown: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
            let urls: Vec<_> = shown.iter().map(|it| it["url"].as_str().unwrap()).collect();
            let expected: Vec<_> = (0..count)
                .rev()
                .take(100)
                .map(|n| format!("/{}", key(n)))
                .collect();
            assert_eq!(urls, expected);
            assert_eq!(Newest::read(&json, &base()), Some(newest));
        }
        let json = of(5..7).json(&base());
        let expected = r#"[{"url":"/images/006.png","modified":6000},{"url":"/images/005.png","modified":5000}]"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn a_picture_finds_its_place_by_its_time() {
        let newest = of((0..50).map(|n| n * 2));
        let with = newest.with(&[(key(31), Some(31))]).unwrap();
        assert_eq!(with, of((0..50).map(|n| n * 2).chain([31])));
        // The picture came again.
        let again = newest.with(&[(key(4), Some(500))]).unwrap();
        assert_eq!(again.pictures[0], (500, key(4)));
        assert_eq!(again.pictures.len(), 50);
    }

    #[test]
    fn what_is_older_than_the_last_one_of_many_is_not_taken_for_the_next() {
        let newest = of(300..500);
        assert_eq!(newest.with(&[(key(100), Some(100))]), Some(newest.clone()));
        // With 20 of them gone there may be others between.
        let gone: Vec<_> = (460..480).map(|n| (key(n), None)).collect();
        let left = newest.with(&gone).unwrap();
        assert_eq!(left.with(&[(key(100), Some(100))]), Some(left.clone()));
        assert_eq!(left.with(&[(key(480), None)]), None);
    }

    #[test]
    fn a_listing_names_what_differs_and_no_more() {
        let listed = of(0..500);
        let differing =
            |newest: &Newest| -> Vec<String> { newest.differing(&listed).cloned().collect() };
        assert!(differing(&listed).is_empty());
        let mut newest = listed.clone();
        newest.pictures.truncate(105);
        assert!(differing(&newest).is_empty());
        newest.pictures.remove(7);
        newest.pictures.insert(0, (600, key(600)));
        newest.pictures[50].0 -= 1;
        assert_eq!(differing(&newest).len(), 4);
        assert_eq!(differing(&of(0..50)).len(), 120 + 50);
    }

    #[test]
    fn a_file_that_something_else_wrote_is_none() {
        let json = String::from_utf8(of(0..200).json(&base()).to_vec()).unwrap();
        for other in [
            "",
            "null",
            "[{\"url\":\"/images/a.png\"}]",
            &json.replace("/images/150", "https://board.example/images/150"),
            &json.replace("\"modified\":150000", "\"modified\":150001"),
            &json.replace("\"modified\":150000", "\"modified\":90000"),
            &json.replace("\"older\"", "\"rest\""),
            &json.replace("/images/150.png", "/images/150.txt"),
            &json.replace("/images/150.png", "/carrousel/150.png"),
            &format!("{json} "),
        ] {
            assert_eq!(Newest::read(other.as_bytes(), &base()), None, "{other}");
        }
    }
}
