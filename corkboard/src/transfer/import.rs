use std::io::{self, Read};

use aws_sdk_s3::primitives::{ByteStream, Length};
use bytes::Bytes;
use domain::{Alt, Author, MessageId, MessageText, NewPicture, Picture};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use media::is_picture;

use super::AT_ONCE;
use super::archive::{Archive, Line, LinePicture, Span, key_of};
use super::board::{Board, failed};
use super::export::posted;
use super::report::{Fate, Report, Transferred};
use super::time::is_in_future;

/// Takes over what an archive has.
pub async fn run(board: &Board, archive: &Archive) -> Result<Report, String> {
    let mut report = Report::of(archive.message_count + archive.others.len() as u64);
    let mut outcomes = stream::iter(archive.lines()?)
        .map(|line| async {
            let (id, line) = line?;
            Ok::<_, String>((id, message(board, archive, id, line).await?))
        })
        .buffered(AT_ONCE);
    while let Some((id, outcome)) = outcomes.try_next().await? {
        report.message(id, &outcome);
    }
    drop(outcomes);
    for entry in archive.log()? {
        let entry = entry?;
        let fate = if is_in_future(entry.id) {
            Fate::NotTaken("its time lies in the future".into())
        } else if board.store().import_log(&entry).await.map_err(failed)? {
            Fate::Taken
        } else {
            Fate::AlreadyThere
        };
        report.entry(entry.id, &fate);
    }
    for (key, span) in &archive.others {
        report.picture(key, &other_picture(board, archive, key, *span).await?);
    }
    Ok(report)
}

async fn message(
    board: &Board,
    archive: &Archive,
    id: MessageId,
    line: Line,
) -> Result<Transferred, String> {
    if is_in_future(id) {
        return Ok(Transferred::not_taken("its time lies in the future"));
    }
    let text = MessageText::parse(&line.text).map_err(|error| format!("its text {error}"));
    let author = Author::parse(line.author.as_deref().unwrap_or_default())
        .map_err(|error| format!("its author {error}"));
    let (text, author) = match (text, author) {
        (Ok(text), Ok(author)) => (text, author),
        (Err(why), _) | (_, Err(why)) => return Ok(Transferred::not_taken(why)),
    };
    let is_held = line.held;
    let read = |line: LinePicture| picture(archive, id, &line, is_held);
    let picture = line.picture.map(read);
    board.import(id, author, text, picture, is_held).await
}

/// A message's picture, which must be what the message says.
fn picture(
    archive: &Archive,
    id: MessageId,
    line: &LinePicture,
    is_held: bool,
) -> Result<NewPicture, String> {
    let alt = Alt::parse(line.alt.as_deref().unwrap_or_default())
        .map_err(|error| format!("its description {error}"))?;
    let span = archive.posted.get(&line.key);
    let span = *span.ok_or("it is not in the archive")?;
    if span.size > Picture::LIMIT as u64 {
        return Err("the picture is larger than 4 MiB".into());
    }
    let mut bytes = Vec::new();
    archive
        .section(span)
        .and_then(|mut section| section.read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    let picture = Picture::parse(&Bytes::from(bytes)).map_err(|error| error.to_string())?;
    let is_as_said = (picture.width(), picture.height()) == (line.width, line.height)
        && line.key == key_of(id, picture.format(), is_held);
    if !is_as_said {
        return Err("it is another one than its message says".into());
    }
    Ok(NewPicture { picture, alt })
}

/// A picture that the operator put under `images/`. It is told by its first bytes; what the operator had
/// is the operator's, so it is neither measured nor changed.
async fn other_picture(
    board: &Board,
    archive: &Archive,
    key: &str,
    span: Span,
) -> Result<Fate, String> {
    let refused = |why: &str| Ok(Fate::NotTaken(why.into()));
    if posted(key).is_some() {
        return refused("it belongs to no message of the archive");
    }
    if !is_picture(key) {
        return refused("its name is not a picture's");
    }
    let Some(media_type) = media_type(archive, span).map_err(|error| error.to_string())? else {
        return refused("it is not a picture");
    };
    if let Some(same) = is_there(board, archive, key, span).await? {
        return if same {
            Ok(Fate::AlreadyThere)
        } else {
            refused("another picture has its name")
        };
    }
    let body = ByteStream::read_from()
        .path(&archive.path)
        .offset(span.start)
        .length(Length::Exact(span.size))
        .build()
        .await
        .map_err(|error| error.to_string())?;
    let Err(error) = board.bucket().put_image(key, media_type, body).await else {
        return Ok(Fate::Taken);
    };
    // Either the bucket does not take this key, or it takes nothing.
    board.bucket().ping().await.map_err(failed)?;
    Ok(Fate::NotTaken(error.to_string()))
}

/// Whether the bucket has the same picture under `key`, if it has one.
async fn is_there(
    board: &Board,
    archive: &Archive,
    key: &str,
    span: Span,
) -> Result<Option<bool>, String> {
    let Some(mut object) = board.bucket().object(key).await.map_err(failed)? else {
        return Ok(None);
    };
    if object.size != span.size {
        return Ok(Some(false));
    }
    let mut ours = archive.section(span).map_err(|error| error.to_string())?;
    let mut expected = Vec::new();
    while let Some(piece) = object.body.next().await {
        let piece = piece.map_err(failed)?;
        expected.resize(piece.len(), 0);
        ours.read_exact(&mut expected)
            .map_err(|error| error.to_string())?;
        if piece != expected {
            return Ok(Some(false));
        }
    }
    Ok(Some(true))
}

/// By the first bytes; `None` for what is no picture of a carrousel.
fn media_type(archive: &Archive, span: Span) -> io::Result<Option<&'static str>> {
    let mut start = Vec::new();
    archive.section(span)?.take(12).read_to_end(&mut start)?;
    Ok(match &start[..] {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("image/webp"),
        [b'B', b'M', ..] => Some("image/bmp"),
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'a',
            b'v',
            b'i',
            b'f' | b's',
        ] => Some("image/avif"),
        _ => None,
    })
}
