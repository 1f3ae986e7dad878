//! `newest.json`: the pictures that came last, by S3's time, newest first.
//!
//! The file shows [`SHOWN`] of them. A note beside it (metadata of the object, so that both are written as one) has
//! their times, by which a picture that comes late finds its place, and the pictures that follow, by which the list is
//! full again when one of those shown goes: only where more go than follow all pictures are listed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

use bytes::Bytes;
use media::{IMAGES, PictureList, PublicBaseUrl};

use crate::entries::{Entries, Found, entry};

/// How many pictures the file shows.
const SHOWN: usize = 100;
/// How many are known at most, …
const KNOWN: usize = 150;
/// … and in how many characters: S3 keeps 2,048 of metadata, names among them.
const NOTE: usize = 2_000;

/// When a picture came, in seconds since 1970, and its key. Of two that came in the same second, the one of the greater
/// key is the newer: of posted pictures that is true.
type Picture = (i64, String);

/// The pictures that came last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Newest first. Of those that are not here none is newer than the last one.
    pictures: Vec<Picture>,
    /// Whether there may be others.
    has_more: bool,
}

impl Newest {
    /// Reads the list; `None` where it is none that was written under this base.
    pub fn read(list: &PictureList, base: &PublicBaseUrl) -> Option<Self> {
        let (has_more, times) = list.note.as_deref()?.split_once('|')?;
        let mut shown = Entries::of(&list.json, base).ok()?.keys();
        let root = base.of_key(IMAGES);
        let mut pictures: Vec<Picture> = Vec::new();
        for token in times.split_terminator(',') {
            let (ago, path) = token.split_once(':').unwrap_or((token, ""));
            let ago: i64 = ago.parse().ok()?;
            let came = pictures
                .last()
                .map_or(Some(ago), |(came, _)| came.checked_sub(ago))?;
            let key = match path {
                "" => shown.next()?.ok()?,
                path => base.key_of(&format!("{root}{path}"))?,
            };
            pictures.push((came, key));
        }
        let newest = Self {
            pictures,
            has_more: has_more == "more",
        };
        let is_whole = newest.pictures.is_sorted_by(|newer, older| newer > older)
            && !newest.has_run_down()
            && newest.write(base) == *list;
        is_whole.then_some(newest)
    }

    /// The list as it is written.
    pub fn write(&self, base: &PublicBaseUrl) -> PictureList {
        let shown = self.pictures.iter().take(SHOWN);
        let shown: Vec<_> = shown.map(|(_, key)| entry(key, base)).collect();
        PictureList {
            json: Bytes::from(format!("[{}]", shown.join(","))),
            note: Some(self.note(base).0),
        }
    }

    /// The note, and how many pictures have room in it.
    fn note(&self, base: &PublicBaseUrl) -> (String, usize) {
        let root = base.of_key(IMAGES).len();
        let mut note = String::from(if self.has_more { "more|" } else { "all|" });
        let mut newer = None;
        for (n, (came, key)) in self.pictures.iter().enumerate() {
            let before = note.len();
            let ago = newer.replace(*came).map_or(*came, |newer| newer - came);
            // Writing to a string cannot fail.
            let _ = write!(note, "{ago}");
            if n >= SHOWN {
                let _ = write!(note, ":{}", &base.of_key(key)[root..]);
            }
            note.push(',');
            if note.len() >= NOTE {
                note.truncate(before);
                return (note, n);
            }
        }
        (note, self.pictures.len())
    }

    /// As many of these pictures as are known.
    fn of(mut pictures: Vec<Picture>, has_more: bool, base: &PublicBaseUrl) -> Self {
        pictures.sort_unstable_by(|one, other| other.cmp(one));
        let count = pictures.len();
        pictures.truncate(KNOWN);
        let mut newest = Self { pictures, has_more };
        let (_, fits) = newest.note(base);
        newest.pictures.truncate(fits);
        newest.has_more |= fits < count;
        newest
    }

    /// The list with these keys as they were found; `None` where it has run down, so that it cannot be said which
    /// pictures belong into it.
    pub fn with(&self, found: &[Found], base: &PublicBaseUrl) -> Option<Self> {
        let mut pictures = self.pictures.clone();
        pictures.retain(|(_, key)| found.binary_search_by(|it| it.0.cmp(key)).is_err());
        let came = found
            .iter()
            .filter_map(|(key, came)| Some(((*came)?, key.clone())));
        let last = self.pictures.last().filter(|_| self.has_more);
        pictures.extend(came.filter(|picture| Some(picture) >= last));
        let newest = Self::of(pictures, self.has_more, base);
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
    pub fn of_all(parts: impl IntoIterator<Item = Self>, base: &PublicBaseUrl) -> Newest {
        let (mut pictures, mut has_more) = (Vec::new(), false);
        for part in parts {
            pictures.extend(part.pictures.into_iter().map(|Reverse(picture)| picture));
            has_more |= part.has_more;
        }
        Newest::of(pictures, has_more, base)
    }
}
