//! A call's parameters: named values, checked against their type hints.
//!
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_SqlParameter.html>

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::de::IgnoredAny;

use super::error::Error;
use super::wire::{Field, SqlParameter};

/// The parameters of one call by their names.
pub fn values(parameters: Vec<SqlParameter>) -> Result<HashMap<String, Field>, Error> {
    let mut values = HashMap::new();
    for parameter in parameters {
        let name = parameter
            .name
            .ok_or_else(|| Error::bad_request("a parameter has no name"))?;
        let fail = |reason: &str| Error::bad_request(format!("parameter {name}: {reason}"));
        let value = parameter.value.ok_or_else(|| fail("it has no value"))?;
        if value.get("arrayValue").is_some() {
            return Err(fail("Array parameters are not supported."));
        }
        let field: Field =
            serde_json::from_value(value).map_err(|error| fail(&error.to_string()))?;
        if let Some(hint) = parameter.type_hint {
            check_hint(&hint, &field).map_err(|reason| fail(&reason))?;
        }
        if values.insert(name.clone(), field).is_some() {
            return Err(Error::bad_request(format!(
                "parameter {name} is given twice"
            )));
        }
    }
    Ok(values)
}

/// Checks that a value has the form that its type hint promises: the database takes the text as it is.
fn check_hint(hint: &str, field: &Field) -> Result<(), String> {
    let text = match field {
        Field::StringValue(text) => text.as_str(),
        Field::IsNull(_) => return Ok(()),
        _ => return Err(format!("typeHint {hint} needs a stringValue")),
    };
    let is_valid = match hint {
        "DATE" => NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        "TIME" => NaiveTime::parse_from_str(text, "%H:%M:%S%.f").is_ok(),
        "TIMESTAMP" => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").is_ok(),
        "DECIMAL" => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            [whole, fraction]
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        }
        "JSON" => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        "UUID" => {
            let lengths = text.split('-').map(str::len);
            lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
        }
        _ => {
            return Err(format!(
                "typeHint {hint} is not one of DATE, DECIMAL, JSON, TIME, TIMESTAMP, UUID"
            ));
        }
    };
    if is_valid {
        Ok(())
    } else {
        Err(format!("the value is not a {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn value(parameter: Value) -> Result<Field, String> {
        let parameters = serde_json::from_value(Value::Array(vec![parameter])).unwrap();
        match values(parameters) {
            Ok(mut values) => Ok(values.remove("p").unwrap()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn every_kind_of_field_is_read_and_written_alike() {
        for (json, field) in [
            (json!({"isNull": true}), Field::NULL),
            (json!({"booleanValue": false}), Field::BooleanValue(false)),
            (json!({"longValue": i64::MIN}), Field::LongValue(i64::MIN)),
            (json!({"doubleValue": 1.5}), Field::DoubleValue(1.5)),
            (
                json!({"stringValue": "é🙂"}),
                Field::StringValue("é🙂".into()),
            ),
            (json!({"blobValue": "AP8="}), Field::BlobValue(vec![0, 255])),
        ] {
            assert_eq!(value(json!({"name": "p", "value": json})).unwrap(), field);
            assert_eq!(serde_json::to_value(&field).unwrap(), json);
        }
    }

    #[test]
    fn what_is_no_field_is_refused_by_name() {
        for (json, reason) in [
            (
                json!({"arrayValue": {"longValues": [1]}}),
                "Array parameters are not supported.",
            ),
            (json!({"isNull": false}), "isNull can only be true"),
            (json!({"blobValue": "?"}), "blobValue is not base64"),
            (
                json!({"longValue": 1.5}),
                "invalid type: floating point `1.5`, expected i64",
            ),
            (json!({"colour": 1}), "unknown variant `colour`"),
            (json!({}), "expected"),
            (json!({"longValue": 1, "stringValue": "1"}), "expected"),
        ] {
            let error = value(json!({"name": "p", "value": json})).unwrap_err();
            assert!(
                error.starts_with("parameter p: ") && error.contains(reason),
                "{error}"
            );
        }
        assert!(
            value(json!({"name": "p"}))
                .unwrap_err()
                .contains("no value")
        );
    }

    #[test]
    fn a_type_hint_must_be_kept() {
        for (hint, good, bad) in [
            ("DATE", "2026-11-22", "2026-02-30"),
            ("TIME", "23:59:59.5", "24:00"),
            (
                "TIMESTAMP",
                "2026-11-22 10:00:00.123",
                "2026-11-22T10:00:00Z",
            ),
            ("DECIMAL", "-12.50", "1e3"),
            ("JSON", r#"{"a":[1]}"#, "{a}"),
            ("UUID", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ] {
            let hinted = |text| {
                value(json!({"name": "p", "typeHint": hint, "value": {"stringValue": text}}))
            };
            assert_eq!(hinted(good).unwrap(), Field::StringValue(good.into()));
            assert_eq!(
                hinted(bad).unwrap_err(),
                format!("parameter p: the value is not a {hint}")
            );
        }
        let null = json!({"name": "p", "typeHint": "DATE", "value": {"isNull": true}});
        assert_eq!(value(null).unwrap(), Field::NULL);
        for (hint, json) in [
            ("DATE", json!({"longValue": 1})),
            ("XML", json!({"stringValue": "a"})),
        ] {
            assert!(value(json!({"name": "p", "typeHint": hint, "value": json})).is_err());
        }
    }
}
