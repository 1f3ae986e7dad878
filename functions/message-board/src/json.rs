//! A JSON object, of which only the members asked for are kept: all else costs no memory, however much of it
//! a body of 6 MB has.

use std::collections::BTreeMap;
use std::fmt::{Formatter, Result as FmtResult};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Error;

/// How many texts of a list are taken.
pub const MOST_TEXTS: usize = 100;

/// What a member is, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Text(String),
    /// A list of texts: the first ones of it, one more than any operation takes.
    Texts(Vec<String>),
    Other,
    /// Given more than once.
    Several,
}

/// The members of these names; `None` where the body is no object.
pub fn members(
    body: &[u8],
    names: &[&'static str],
) -> Result<Option<BTreeMap<&'static str, Value>>, Error> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return serde_json::from_slice::<Value>(body).map(|_| None);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let members = Members(names).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Some(members))
}

struct Members<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = BTreeMap<&'static str, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = BTreeMap<&'static str, Value>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value()?;
            if let Some(name) = self.0.iter().find(|wanted| **wanted == name) {
                members
                    .entry(*name)
                    .and_modify(|first| *first = Value::Several)
                    .or_insert(value);
            }
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneValue)
    }
}

/// Goes through every value by itself, since what serde ignores may be nested without end.
struct OneValue;

impl<'de> Visitor<'de> for OneValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (mut texts, mut is_of_texts) = (Vec::new(), true);
        while let Some(item) = items.next_element::<Value>()? {
            match item {
                Value::Text(text) if texts.len() <= MOST_TEXTS => texts.push(text),
                Value::Text(_) => {}
                _ => is_of_texts = false,
            }
        }
        Ok(if is_of_texts {
            Value::Texts(texts)
        } else {
            Value::Other
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, Value>()?.is_some() {}
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_members_asked_for_are_kept() {
        let body = br#" {"a": "x", "b": null, "c": [1, {"a": "y"}], "d": -1, "e": "z", "f": true, "e": 1, "a": null}"#;
        let found = members(body, &["a", "b", "c", "d", "f", "g"]);
        let expected = BTreeMap::from([
            ("a", Value::Several),
            ("b", Value::Null),
            ("c", Value::Other),
            ("d", Value::Other),
            ("f", Value::Other),
        ]);
        assert_eq!(found.unwrap(), Some(expected));
    }

    #[test]
    fn of_a_list_of_texts_no_more_are_kept_than_tell_that_they_are_too_many() {
        let list = |texts: &[String]| {
            let body = serde_json::json!({ "a": texts }).to_string();
            members(body.as_bytes(), &["a"])
                .unwrap()
                .unwrap()
                .remove("a")
        };
        assert_eq!(list(&[]), Some(Value::Texts(vec![])));
        let many = vec!["x".to_owned(); 1_000];
        let kept = Some(Value::Texts(many[..=MOST_TEXTS].to_vec()));
        assert_eq!(list(&many), kept);
        let nested = members(br#"{"a": ["x", ["y"]]}"#, &["a"]).unwrap().unwrap();
        assert_eq!(nested["a"], Value::Other);
    }

    #[test]
    fn what_is_no_object_is_none_and_what_is_no_json_an_error() {
        for other in ["[]", "1", "null", "\"{}\""] {
            assert_eq!(members(other.as_bytes(), &["a"]).unwrap(), None, "{other}");
        }
        for broken in [
            "",
            "{",
            "{}}",
            "{\"a\"}",
            "[1",
            "{} x",
            "{\"a\": \"\u{1}\"}",
        ] {
            assert!(members(broken.as_bytes(), &["a"]).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_nested_deeply_is_an_error_wherever_it_is() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for body in [
            nested(200),
            format!("{{\"a\": {}}}", nested(200)),
            format!("{{\"unknown\": {}}}", nested(200)),
            format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200)),
        ] {
            assert!(members(body.as_bytes(), &["a"]).is_err(), "{body}");
        }
        let shallow = format!("{{\"unknown\": {}}}", nested(100));
        assert_eq!(
            members(shallow.as_bytes(), &["a"]).unwrap(),
            Some(BTreeMap::new())
        );
    }
}
