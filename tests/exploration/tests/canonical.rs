//! What differs from run to run though the runs do the same: ids, times, and the entity tags of objects in which these
//! stand. In the digest of a state, each id is replaced by who sent it first, and all times and entity tags are the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Crockford's alphabet, in which ids are written.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// An id's length.
const ID: usize = 26;
/// A time in RFC 3339, to the millisecond, where `0` is any digit.
const TIME: &[u8] = b"0000-00-00T00:00:00.000Z";
/// How many digits a time in milliseconds has.
const MILLISECONDS: usize = 13;
/// How many digits an entity tag has.
const E_TAG: usize = 16;

/// A piece of what is sent or kept.
enum Piece<'a> {
    /// What is the same in each run.
    Text(&'a [u8]),
    /// An id, or the name of a message's object, which is made of an id.
    Id(String, bool),
    /// A time, or an entity tag.
    Other,
}

/// What a character of an id counts.
pub fn place(character: u8) -> Option<usize> {
    ALPHABET.iter().position(|&it| it == character)
}

/// The id of a message's object, or the object of an id.
pub fn mirrored(id: &str) -> String {
    let of = |character: u8| {
        let place = place(character);
        char::from(place.map_or(character, |place| ALPHABET[ALPHABET.len() - 1 - place]))
    };
    id.bytes().map(of).collect()
}

fn pieces<'a>(bytes: &'a [u8], mut piece: impl FnMut(Piece<'a>)) {
    let (mut text, mut at) = (0, 0);
    while at < bytes.len() {
        // Keys are listed percent-encoded.
        if bytes[at] == b'%' {
            at = (at + 3).min(bytes.len());
            continue;
        }
        let word = bytes[at..]
            .iter()
            .take_while(|it| it.is_ascii_alphanumeric());
        let word = &bytes[at..at + word.count()];
        let (found, length) = if is_time(&bytes[at..]) {
            (Some(Piece::Other), TIME.len())
        } else if (word.len() == MILLISECONDS && word.iter().all(u8::is_ascii_digit))
            || (word.len() == E_TAG && word.iter().all(u8::is_ascii_hexdigit))
        {
            (Some(Piece::Other), word.len())
        } else {
            (id(word), word.len().max(1))
        };
        if let Some(found) = found {
            piece(Piece::Text(&bytes[text..at]));
            piece(found);
            text = at + length;
        }
        at += length;
    }
    piece(Piece::Text(&bytes[text..]));
}

fn is_time(bytes: &[u8]) -> bool {
    let is_so = |(it, of): (&u8, &u8)| it == of || (*of == b'0' && it.is_ascii_digit());
    bytes.len() >= TIME.len() && bytes.iter().zip(TIME).all(is_so)
}

/// Ids of this time begin by 01, and the objects' names by what stands as far from the alphabet's other end.
fn id(word: &[u8]) -> Option<Piece<'_>> {
    if word.len() != ID || !word.iter().all(|it| ALPHABET.contains(it)) {
        return None;
    }
    let word = str::from_utf8(word).ok()?;
    match &word[..2] {
        "01" => Some(Piece::Id(word.to_owned(), false)),
        "ZY" => Some(Piece::Id(mirrored(word), true)),
        _ => None,
    }
}

/// Who sent each id first: which sandbox, and as its how manieth.
#[derive(Debug, Default)]
pub struct Names {
    of: HashMap<String, (usize, usize)>,
    given: HashMap<usize, usize>,
}

impl Names {
    /// Digest of what a sandbox sent, or was told.
    pub fn digest(&mut self, sandbox: usize, bytes: &[u8]) -> u64 {
        let mut digest = DefaultHasher::new();
        pieces(bytes, |piece| match piece {
            Piece::Text(text) => text.hash(&mut digest),
            Piece::Id(id, is_mirrored) => (self.name(sandbox, &id), is_mirrored).hash(&mut digest),
            Piece::Other => "other".hash(&mut digest),
        });
        digest.finish()
    }

    fn name(&mut self, sandbox: usize, id: &str) -> (usize, usize) {
        if let Some(name) = self.of.get(id) {
            return *name;
        }
        let given = self.given.entry(sandbox).or_default();
        let name = (sandbox, *given);
        *given += 1;
        self.of.insert(id.to_owned(), name);
        name
    }

    /// Gives an id's name to another id.
    pub fn rename(&mut self, id: &str, other: &str) {
        if let Some(name) = self.of.remove(id) {
            self.of.insert(other.to_owned(), name);
        }
    }
}
