use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use thiserror::Error;
use ulid::Ulid;

use super::since_1970;

/// A message's id: a ULID, made by the server. Ids sort by time, as text too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Ulid);

/// The text is not a ULID in its one spelling, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a message id")]
pub struct NotAMessageId;

impl MessageId {
    /// A new id of this moment.
    pub fn generate() -> Self {
        Self(Ulid::generate())
    }

    /// The least id of the moment that lies `age` before `now`; what is older sorts below it.
    pub fn least_of(now: SystemTime, age: Duration) -> Self {
        let moment = now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let milliseconds = u64::try_from(since_1970(moment).as_millis()).unwrap_or(u64::MAX);
        Self(Ulid::from_parts(milliseconds, 0))
    }

    /// The id of a message that has a time of its own: `milliseconds` since 1970 (the lowest 48 bits of it),
    /// and among those of one millisecond in the order of `rest` (the lowest 80 bits).
    pub fn from_parts(milliseconds: u64, rest: u128) -> Self {
        Self(Ulid::from_parts(milliseconds, rest))
    }

    /// The same 128 bits as UUIDs are written.
    pub fn as_uuid(self) -> String {
        let hex = format!("{:032x}", self.0.0);
        let (a, b, c) = (&hex[..8], &hex[8..12], &hex[12..16]);
        format!("{a}-{b}-{c}-{}-{}", &hex[16..20], &hex[20..])
    }

    /// The id's time in RFC 3339, UTC, to the millisecond.
    pub fn created_at(self) -> String {
        let milliseconds = i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX);
        DateTime::<Utc>::from_timestamp_millis(milliseconds)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for MessageId {
    type Err = NotAMessageId;

    fn from_str(text: &str) -> Result<Self, NotAMessageId> {
        let id = Ulid::from_string(text).map_err(|_| NotAMessageId)?;
        // The library takes lower case too; two spellings of one id would be two cache entries.
        if id.to_string() == text {
            Ok(Self(id))
        } else {
            Err(NotAMessageId)
        }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The name under which a message and its picture are published. A name is published once: what was taken down and
/// restored is published under the name of the next generation, so that a request that is late changes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The message's id.
    pub id: MessageId,
    /// 0 for a message that was never restored.
    pub generation: u32,
}

impl Name {
    /// This name and those before it.
    pub fn up_to(self) -> impl Iterator<Item = Self> {
        (0..=self.generation).map(move |generation| Self { generation, ..self })
    }
}

impl From<MessageId> for Name {
    fn from(id: MessageId) -> Self {
        Self { id, generation: 0 }
    }
}

/// The name as it stands in keys: `<id>`, and from generation 1 on `<id>-<generation>`.
impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(formatter)?;
        match self.generation {
            0 => Ok(()),
            generation => write!(formatter, "-{generation}"),
        }
    }
}

impl FromStr for Name {
    type Err = NotAMessageId;

    fn from_str(text: &str) -> Result<Self, NotAMessageId> {
        let Some((id, number)) = text.split_once('-') else {
            return Ok(Self::from(text.parse::<MessageId>()?));
        };
        let name = Self {
            id: id.parse()?,
            generation: number.parse().map_err(|_| NotAMessageId)?,
        };
        // A name has one spelling only, as an id has.
        (name.to_string() == text)
            .then_some(name)
            .ok_or(NotAMessageId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = MessageId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(
            id.to_string().to_lowercase().parse::<MessageId>(),
            Err(NotAMessageId)
        );
        for bad in [
            "",
            "01ARZ3NDEKTSV4RRFFQ69G5FA",
            "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
            "81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "01ARZ3NDEKTSV4RRFFQ69G5FÄ",
        ] {
            assert_eq!(bad.parse::<MessageId>(), Err(NotAMessageId), "{bad}");
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        for name in [
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV-1",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV-12",
        ] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
        for bad in ["-0", "-01", "-+1", "-", "-1-1", "-a", "-4294967296"] {
            let bad = format!("01ARZ3NDEKTSV4RRFFQ69G5FAV{bad}");
            assert_eq!(bad.parse::<Name>(), Err(NotAMessageId), "{bad}");
        }
        let name: Name = "01ARZ3NDEKTSV4RRFFQ69G5FAV-2".parse().unwrap();
        let names: Vec<_> = name.up_to().map(|name| name.generation).collect();
        assert_eq!(names, [0, 1, 2]);
    }

    #[test]
    fn the_time_is_in_the_id() {
        let id: MessageId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(id.created_at(), "2016-07-30T23:54:10.259Z");
        assert_eq!(id.as_uuid(), "01563e3a-b5d3-d676-4c61-efb99302bd5b");
    }

    #[test]
    fn an_id_of_given_parts_has_their_time_and_order() {
        let of = MessageId::from_parts;
        assert_eq!(
            of(1_469_922_850_259, 0).created_at(),
            "2016-07-30T23:54:10.259Z"
        );
        assert!(of(1, 0) < of(1, 1) && of(1, 1) < of(2, 0));
    }

    #[test]
    fn what_is_older_sorts_below() {
        let now = SystemTime::now();
        let hour = Duration::from_hours(1);
        assert!(MessageId::generate() > MessageId::least_of(now, hour));
        assert!(MessageId::least_of(now, 2 * hour) < MessageId::least_of(now, hour));
        assert!(MessageId::generate().to_string() > MessageId::least_of(now, hour).to_string());
    }
}
