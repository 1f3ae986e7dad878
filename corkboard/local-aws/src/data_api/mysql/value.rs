//! Values between the Data API's fields and MySQL's protocol.

use sqlx::mysql::types::MySqlTime;
use sqlx::mysql::{MySqlArguments, MySqlRow, MySqlValueRef};
use sqlx::{Arguments, Decode, MySql, Row, Type, TypeInfo, ValueRef};

use super::Failure;
use crate::data_api::column::{ColumnType, Kind};
use crate::data_api::error::Error;
use crate::data_api::wire::Field;

/// Adds a parameter's value.
pub fn bind(arguments: &mut MySqlArguments, value: &Field) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Field::IsNull(_) => arguments.add(None::<&str>),
        Field::BooleanValue(value) => arguments.add(value),
        Field::LongValue(value) => arguments.add(value),
        Field::DoubleValue(value) => arguments.add(value),
        Field::StringValue(value) => arguments.add(value.as_str()),
        Field::BlobValue(value) => arguments.add(value.as_slice()),
    }
}

/// A row's values in the fields that their columns' types call for.
pub fn fields(row: &MySqlRow) -> Result<Vec<Field>, Failure> {
    let field_at = |index| {
        let value = row.try_get_raw(index)?;
        if value.is_null() {
            Ok(Field::NULL)
        } else {
            field(value)
        }
    };
    (0..row.columns().len()).map(field_at).collect()
}

fn field(value: MySqlValueRef<'_>) -> Result<Field, Failure> {
    fn read<'r, T: Decode<'r, MySql>>(value: MySqlValueRef<'r>) -> Result<T, sqlx::Error> {
        T::decode(value).map_err(sqlx::Error::Decode)
    }
    let type_info = value.type_info().into_owned();
    let name = type_info.name();
    let column = ColumnType::parse(name);
    Ok(match column.kind {
        Kind::Boolean => Field::BooleanValue(read::<i64>(value)? != 0),
        Kind::Integer if name.ends_with("UNSIGNED") => {
            let number: u64 = read(value)?;
            let too_large = |_| {
                Error::unsupported_result(format!("{number} is more than a longValue can hold"))
            };
            Field::LongValue(i64::try_from(number).map_err(too_large)?)
        }
        Kind::Integer => Field::LongValue(read(value)?),
        // By way of its decimal digits: 1.1 as MySQL shows it, not 1.100000023841858.
        Kind::Double if name == "FLOAT" => {
            let digits = read::<f32>(value)?.to_string();
            Field::DoubleValue(digits.parse().unwrap_or_default())
        }
        Kind::Double => Field::DoubleValue(read(value)?),
        Kind::Decimal => Field::StringValue(read(value)?),
        Kind::Temporal => Field::StringValue(match name {
            "TIME" => time(read(value)?),
            _ => date(read(value)?, name != "DATE")?,
        }),
        // The driver's names take a text in a binary collation (utf8mb4_bin) for a blob.
        Kind::Text | Kind::Blob
            if name == "JSON" || <str as Type<MySql>>::compatible(&type_info) =>
        {
            Field::StringValue(read(value)?)
        }
        Kind::Text | Kind::Blob => Field::BlobValue(read(value)?),
        Kind::Unknown => {
            return Err(Error::unsupported_result(format!(
                "columns of type {name} are not supported here"
            ))
            .into());
        }
    })
}

/// A DATE, DATETIME or TIMESTAMP as text, from the protocol's binary form with its length byte (the
/// driver's own decoding would bring a second SQLite into the build).
/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html>
fn date(bytes: &[u8], has_time: bool) -> Result<String, Error> {
    let (Some(4 | 7 | 11), [_, low, high, month, day, time @ ..]) = (bytes.first(), bytes) else {
        // The rows of a statement that could not be prepared come as text.
        let text = str::from_utf8(bytes);
        return Ok(text
            .map_err(|_| Error::unsupported_result("a date is not readable"))?
            .to_owned());
    };
    let date = format!(
        "{:04}-{month:02}-{day:02}",
        u16::from_le_bytes([*low, *high])
    );
    Ok(match time {
        [hour, minute, second, micros @ ..] => {
            let micros = micros.try_into().map_or(0, u32::from_le_bytes);
            format!(
                "{date} {hour:02}:{minute:02}:{second:02}{}",
                fraction(micros)
            )
        }
        _ if has_time => format!("{date} 00:00:00"),
        _ => date,
    })
}

fn fraction(microseconds: u32) -> String {
    match microseconds {
        0 => String::new(),
        micros if micros % 1000 == 0 => format!(".{:03}", micros / 1000),
        micros => format!(".{micros:06}"),
    }
}

fn time(time: MySqlTime) -> String {
    // Not by `MySqlTime::is_negative`, which in sqlx 0.9.0 says the opposite.
    let sign = if time.sign().is_negative() { "-" } else { "" };
    let (hours, minutes, seconds) = (time.hours(), time.minutes(), time.seconds());
    let fraction = fraction(time.microseconds());
    format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}
