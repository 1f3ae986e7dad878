use std::fs;
use std::path::Path;

use bytes::Bytes;
use domain::{Format, Picture};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{parts, run};

/// What is written anew is this long at most, and longer than what it takes the place of: an orientation, or the
/// texts of a profile.
const ADDED: usize = 256;

/// A change to a picture.
#[derive(Debug, Clone)]
pub enum Change {
    /// A byte is another.
    Byte(Index, u8),
    /// Two bytes are another number.
    Number(Index, u16),
    Cut(Index),
    Append(Vec<u8>),
    /// Some bytes go.
    Remove(Index, u8),
    /// Some bytes come again.
    Repeat(Index, u8),
    /// A part goes, comes again, or changes places with another.
    RemovePart(Index),
    RepeatPart(Index, u8),
    SwapParts(Index, Index),
    /// A part comes from a picture of the same format.
    Take(Index, Index, Index),
    /// A byte of a part is another; its checksum is made right.
    BytesOfPart(Index, Index, Vec<u8>),
}

/// A picture of the corpus, and changes to it.
pub fn changed() -> impl Strategy<Value = (usize, Vec<Change>)> {
    changed_of(CORPUS.with(|corpus| (0..corpus.len()).collect()))
}

/// A picture of the corpus whose name says this format, and changes to it.
pub fn changed_of_format(format: Format) -> impl Strategy<Value = (usize, Vec<Change>)> {
    changed_of(CORPUS.with(|corpus| {
        let numbers = 0..corpus.len();
        numbers
            .filter(|number| corpus[*number].0 == Some(format))
            .collect()
    }))
}

/// One of these pictures of the corpus, and changes to it.
fn changed_of(numbers: Vec<usize>) -> impl Strategy<Value = (usize, Vec<Change>)> {
    let telling = select(vec![
        0_u8, 1, 2, 3, 0x7f, 0x80, 0xd8, 0xd9, 0xda, 0xe1, 0xfe, 0xff,
    ]);
    let byte = prop_oneof![any::<u8>(), telling];
    let change = prop_oneof![
        4 => (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (any::<Index>(), any::<u16>()).prop_map(|(at, number)| Change::Number(at, number)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => vec(byte.clone(), 0..40).prop_map(Change::Append),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, length)| Change::Repeat(at, length)),
        3 => any::<Index>().prop_map(Change::RemovePart),
        3 => (any::<Index>(), 0..12_u8).prop_map(|(at, times)| Change::RepeatPart(at, times)),
        3 => any::<(Index, Index)>().prop_map(|(one, other)| Change::SwapParts(one, other)),
        6 => any::<(Index, Index, Index)>().prop_map(|(picture, part, at)| Change::Take(picture, part, at)),
        6 => (any::<Index>(), any::<Index>(), vec(byte, 1..5))
            .prop_map(|(part, at, bytes)| Change::BytesOfPart(part, at, bytes)),
    ];
    (select(numbers), vec(change, 0..5))
}

thread_local! {
    /// Every picture under `tests/pictures`, with faults or without, and the format that its name says.
    static CORPUS: Vec<(Option<Format>, Vec<u8>)> = corpus();
}

fn corpus() -> Vec<(Option<Format>, Vec<u8>)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures"));
    let folders = [folder.to_owned(), folder.join("odd")];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let pictures = files.into_iter().filter_map(|file| {
        let extension = file.extension()?.to_str()?;
        let format = extension.parse().ok();
        (format.is_some() || extension == "bmp").then(|| (format, fs::read(&file).unwrap()))
    });
    pictures.collect()
}

/// The picture that these changes make.
pub fn picture((number, changes): (usize, Vec<Change>)) -> Vec<u8> {
    CORPUS.with(|corpus| {
        let (format, bytes) = &corpus[number];
        changes
            .into_iter()
            .fold(bytes.clone(), |mut bytes, change| {
                apply(change, *format, &mut bytes, corpus);
                bytes
            })
    })
}

fn apply(
    change: Change,
    format: Option<Format>,
    bytes: &mut Vec<u8>,
    corpus: &[(Option<Format>, Vec<u8>)],
) {
    if bytes.is_empty() {
        return;
    }
    let range = |at: Index, length: u8| {
        let start = at.index(bytes.len());
        start..(start + usize::from(length)).min(bytes.len())
    };
    match change {
        Change::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Change::Number(at, number) => {
            let range = range(at, 2);
            bytes.splice(range, number.to_be_bytes());
        }
        Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Change::Append(more) => bytes.extend(more),
        Change::Remove(at, length) => {
            bytes.drain(range(at, length));
        }
        Change::Repeat(at, length) => {
            let repeated = bytes[range(at, length)].to_vec();
            let at = at.index(bytes.len());
            bytes.splice(at..at, repeated);
        }
        change => {
            if let Some(format) = format {
                *bytes = with_parts(change, format, bytes, corpus);
            }
        }
    }
}

fn with_parts(
    change: Change,
    format: Format,
    bytes: &[u8],
    corpus: &[(Option<Format>, Vec<u8>)],
) -> Vec<u8> {
    let owned = |(name, bytes): &parts::Part<'_>| (name.clone(), bytes.to_vec());
    let mut parts: Vec<_> = parts::of(format, bytes).iter().map(owned).collect();
    let count = parts.len();
    match change {
        Change::RemovePart(at) => {
            parts.remove(at.index(count));
        }
        Change::RepeatPart(at, times) => {
            let at = at.index(count);
            let repeated = vec![parts[at].clone(); times.into()];
            parts.splice(at..at, repeated);
        }
        Change::SwapParts(one, other) => parts.swap(one.index(count), other.index(count)),
        Change::Take(picture, part, at) => {
            let same = corpus.iter().filter(|(other, _)| *other == Some(format));
            let same: Vec<_> = same.collect();
            let from = parts::of(format, &same[picture.index(same.len())].1);
            let at = at.index(count + 1);
            parts.insert(at, owned(&from[part.index(from.len())]));
        }
        Change::BytesOfPart(part, at, new) => {
            let bytes = &mut parts[part.index(count)].1;
            let start = at.index(bytes.len());
            let end = (start + new.len()).min(bytes.len());
            bytes.splice(start..end, new.into_iter().take(end - start));
        }
        _ => {}
    }
    parts::join(format, &parts)
}

#[test]
fn whatever_is_kept_of_a_picture_may_be_kept_and_is_kept_again() {
    let accepted = std::cell::Cell::new(0_u64);
    let seen = std::cell::Cell::new(0_u64);
    run("pictures", 15_000, &changed(), |changed| {
        seen.set(seen.get() + 1);
        let sent = Bytes::from(picture(changed));
        let Ok(kept) = Picture::parse(&sent) else {
            return Ok(());
        };
        accepted.set(accepted.get() + 1);
        let bytes = kept.bytes();
        if !sent.starts_with(b"BM") {
            prop_assert!(bytes.len() <= sent.len() + ADDED);
        }
        let parts = parts::of(kept.format(), bytes);
        for part in &parts {
            let (name, bytes) = part;
            prop_assert!(parts::may_stay(kept.format(), part), "{name:?} {bytes:x?}");
        }
        let last = matches!(&parts.last().unwrap().0[..], "EOI" | "IEND" | "trailer");
        prop_assert!(last || kept.format() == Format::WebP);
        let again = Picture::parse(bytes);
        prop_assert!(again.is_ok(), "{again:?}");
        let again = again.unwrap();
        prop_assert_eq!(again.bytes(), bytes);
        prop_assert_eq!(again.bytes().as_ptr(), bytes.as_ptr());
        prop_assert_eq!(
            (again.format(), again.width(), again.height()),
            (kept.format(), kept.width(), kept.height())
        );
        Ok(())
    });
    println!(
        "fuzz pictures: {} of {} accepted",
        accepted.get(),
        seen.get()
    );
    // Otherwise it would look at refusals only.
    assert!(accepted.get() * 5 > seen.get());
}
