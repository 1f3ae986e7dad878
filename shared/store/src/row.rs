//! A message as a row, and rows as messages.

use std::fmt::Write as _;
use std::str::FromStr;

use tracing::warn;

use crate::sql::{Parameters, Row, StoreError, Value};
use domain::{Format, Message, MessageId, PostedPicture};

/// A column, and what it has in the tombstone of a deleted message; `None` where that stays as it is.
struct Column {
    name: &'static str,
    blank: Option<&'static str>,
}

/// What a message says, in the order of [`said`].
const SAID: [Column; 3] = [
    Column {
        name: "generation",
        // The generation stays: it names the objects that are to be removed.
        blank: None,
    },
    Column {
        name: "author",
        blank: Some("NULL"),
    },
    Column {
        name: "text",
        blank: Some("''"),
    },
];

/// What is known of its picture, in the order of [`shown`].
const SHOWN: [Column; 5] = [
    Column {
        name: "picture_format",
        // The format stays: it is part of the picture's key, and the picture goes before the row does.
        blank: None,
    },
    Column {
        name: "picture_width",
        blank: Some("NULL"),
    },
    Column {
        name: "picture_height",
        blank: Some("NULL"),
    },
    Column {
        name: "picture_animated",
        blank: Some("NULL"),
    },
    Column {
        name: "picture_alt",
        blank: Some("NULL"),
    },
];

fn said(message: &Message) -> [Value; SAID.len()] {
    let Message {
        id: _,
        generation,
        author,
        text,
        picture: _,
    } = message;
    [
        Some(*generation).into(),
        author.as_deref().into(),
        text.as_str().into(),
    ]
}

fn shown(picture: Option<&PostedPicture>) -> [Value; SHOWN.len()] {
    let Some(PostedPicture {
        format,
        width,
        height,
        animated,
        alt,
    }) = picture
    else {
        return [const { Value::Null }; SHOWN.len()];
    };
    [
        format.extension().into(),
        Some(*width).into(),
        Some(*height).into(),
        animated.map(u32::from).into(),
        alt.as_deref().into(),
    ]
}

/// The columns of a message: `id, generation, author, text, …`; each begins with `before`.
pub fn columns(before: &str) -> String {
    let mut names = format!("{before}id");
    for Column { name, .. } in SAID.iter().chain(&SHOWN) {
        // Writing to a string cannot fail.
        let _ = write!(names, ", {before}{name}");
    }
    names
}

/// A parameter for each of [`columns`], of the same name.
pub fn parameters(message: &Message) -> Parameters {
    let id = [("id", id_value(message.id))].into_iter();
    id.chain(named(&SAID, said(message)))
        .chain(picture_parameters(message.picture.as_ref()))
        .collect()
}

/// The parameters of a picture alone.
pub fn picture_parameters(
    picture: Option<&PostedPicture>,
) -> impl Iterator<Item = (&'static str, Value)> {
    named(&SHOWN, shown(picture))
}

fn named<const N: usize>(
    columns: &'static [Column; N],
    values: [Value; N],
) -> impl Iterator<Item = (&'static str, Value)> {
    columns.iter().map(|column| column.name).zip(values)
}

/// Sets the columns of a picture to [`picture_parameters`].
pub fn picture_assignments() -> String {
    let set: Vec<_> = SHOWN
        .iter()
        .map(|Column { name, .. }| format!("{name} = :{name}"))
        .collect();
    set.join(", ")
}

/// Makes a tombstone of a row.
pub fn tombstone_assignments() -> String {
    let mut set = "status = 'deleted'".to_owned();
    for Column { name, blank } in SAID.iter().chain(&SHOWN) {
        if let Some(blank) = blank {
            let _ = write!(set, ", {name} = {blank}");
        }
    }
    set
}

/// What `read` makes of a row, whose first column is its id; or that id, where the row is one that the code never
/// writes: whoever put the row in by hand finds its id in the log, and everybody else finds the rest of the board.
pub fn readable<T>(
    row: Row,
    read: impl FnOnce(&mut Columns) -> Result<T, StoreError>,
) -> Result<T, String> {
    let id = row.first().cloned();
    read(&mut Columns::of(row)).map_err(|cause| {
        // What stands there in place of an id may be anything.
        let id = match id {
            Some(Value::Text(id)) => id.chars().take(26).collect(),
            _ => "none".to_owned(),
        };
        warn!(id, %cause, "a row cannot be read");
        id
    })
}

/// A page of at most `limit`, out of its rows, whose first column is the id, and of one more where there are others: what
/// `read` makes of them, without those that cannot be read, and the id after which to go on, unless these are the last.
pub fn page<T>(
    mut rows: Vec<Row>,
    limit: u32,
    read: impl Fn(Row) -> Option<T>,
) -> (Vec<T>, Option<MessageId>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_last = rows.len() <= limit;
    rows.truncate(limit);
    let id = |row: &Row| Columns::of(row.clone()).parsed().ok();
    let next = if is_last {
        None
    } else {
        rows.iter().rev().find_map(id)
    };
    (rows.into_iter().filter_map(read).collect(), next)
}

/// The message of a row of [`columns`].
pub fn message(columns: &mut Columns) -> Result<Message, StoreError> {
    Ok(Message {
        id: columns.parsed()?,
        generation: columns.number()?,
        author: columns.text_or_null()?,
        text: columns.text_or_null()?.unwrap_or_default(),
        picture: match columns.parsed_or_null()? {
            None => None,
            Some(format) => Some(PostedPicture {
                format,
                width: columns.number()?,
                height: columns.number()?,
                animated: columns.number_or_null()?.map(|moves: i64| moves != 0),
                alt: columns.text_or_null()?,
            }),
        },
    })
}

/// Reads a row column by column. A value that the schema does not allow is a fault.
pub struct Columns(std::vec::IntoIter<Value>);

impl Columns {
    pub fn of(row: Row) -> Self {
        Self(row.into_iter())
    }

    /// The columns that were not read.
    pub fn rest(self) -> Row {
        self.0.collect()
    }

    pub fn text_or_null(&mut self) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            _ => Err(unexpected()),
        }
    }

    pub fn parsed_or_null<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let text = self.text_or_null()?;
        text.map(|text| text.parse().map_err(|_| unexpected()))
            .transpose()
    }

    pub fn parsed<T: FromStr>(&mut self) -> Result<T, StoreError> {
        self.parsed_or_null()?.ok_or_else(unexpected)
    }

    pub fn number<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        self.number_or_null()?.ok_or_else(unexpected)
    }

    pub fn number_or_null<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        match self.0.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Integer(number)) => number.try_into().map(Some).map_err(|_| unexpected()),
            _ => Err(unexpected()),
        }
    }

    /// The format of a picture that is to go. One that cannot be read is none: the code put no picture for it.
    pub fn format_or_none(&mut self) -> Option<Format> {
        self.parsed_or_null().ok().flatten()
    }
}

pub fn id_value(id: MessageId) -> Value {
    Value::Text(id.to_string())
}

fn unexpected() -> StoreError {
    StoreError::Fault("a row that the schema does not allow".into())
}
