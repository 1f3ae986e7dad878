//! Column types: from a declaration such as `DECIMAL(10,2)` to what the Data API says of a column.

use super::wire::ColumnMetadata;

/// A type as declared in MySQL's SQL. SQLite keeps the declaration as it was written, so that it says
/// the same on both engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnType {
    /// In upper case, without its arguments: `BIGINT UNSIGNED`, `VARCHAR`.
    pub name: String,
    pub precision: i32,
    pub scale: i32,
    pub kind: Kind,
}

/// The field that a column's values come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Integer,
    Double,
    Decimal,
    Text,
    /// Dates and times, which come as text.
    Temporal,
    Blob,
    /// An expression in SQLite has no type: its values come as they are.
    Unknown,
}

impl ColumnType {
    pub fn parse(declaration: &str) -> Self {
        let upper = declaration.trim().to_uppercase();
        let (base, rest) = upper.split_once('(').unwrap_or((&upper, ""));
        let (arguments, suffix) = rest.split_once(')').unwrap_or((rest, ""));
        let mut arguments = arguments
            .split(',')
            .map(|number| number.trim().parse().unwrap_or(0));
        let precision = arguments.next().unwrap_or(0);
        let scale = arguments.next().unwrap_or(0);

        let base = base.trim();
        let unsigned = !base.contains("UNSIGNED") && suffix.contains("UNSIGNED");
        let name = if unsigned {
            format!("{base} UNSIGNED")
        } else {
            base.to_owned()
        };
        let kind = kind(base.split(' ').next().unwrap_or_default(), precision);
        Self {
            name,
            precision,
            scale,
            kind,
        }
    }

    fn is_unsigned(&self) -> bool {
        self.name.ends_with("UNSIGNED")
    }

    /// The constant of `java.sql.Types`, which is what the Data API's `type` is.
    fn jdbc_type(&self) -> i32 {
        match self.name.split(' ').next().unwrap_or_default() {
            "TINYINT" if self.kind == Kind::Integer => -6,
            "SMALLINT" => 5,
            "MEDIUMINT" | "INT" | "INTEGER" => 4,
            "BIGINT" => -5,
            "FLOAT" => 7,
            "CHAR" => 1,
            "DATE" => 91,
            "TIME" => 92,
            "BINARY" => -2,
            "VARBINARY" => -3,
            name => match self.kind {
                Kind::Boolean => -7,
                Kind::Integer => 4,
                Kind::Double => 8,
                Kind::Decimal => 3,
                Kind::Temporal => 93,
                Kind::Blob => -4,
                Kind::Text if name.ends_with("TEXT") => -1,
                Kind::Text | Kind::Unknown => 12,
            },
        }
    }

    /// What the type alone says; the engine adds names and constraints.
    pub fn metadata(&self) -> ColumnMetadata {
        let numeric = matches!(self.kind, Kind::Integer | Kind::Double | Kind::Decimal);
        ColumnMetadata {
            jdbc_type: self.jdbc_type(),
            type_name: self.name.clone(),
            is_signed: numeric && !self.is_unsigned(),
            precision: self.precision,
            scale: self.scale,
            ..ColumnMetadata::default()
        }
    }
}

fn kind(base: &str, precision: i32) -> Kind {
    match base {
        "" => Kind::Unknown,
        "TINYINT" if precision == 1 => Kind::Boolean,
        "BOOLEAN" | "BOOL" => Kind::Boolean,
        "DECIMAL" | "NUMERIC" | "DEC" => Kind::Decimal,
        "FLOAT" | "DOUBLE" | "REAL" => Kind::Double,
        "DATE" | "TIME" | "DATETIME" | "TIMESTAMP" => Kind::Temporal,
        "JSON" | "ENUM" | "SET" => Kind::Text,
        _ if base.ends_with("INT") || base == "INTEGER" => Kind::Integer,
        _ if base.ends_with("CHAR") || base.ends_with("TEXT") => Kind::Text,
        _ if base.ends_with("BLOB") || base.ends_with("BINARY") => Kind::Blob,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_says_its_field_and_its_numbers() {
        for (declaration, name, precision, scale, kind) in [
            ("tinyint(1)", "TINYINT", 1, 0, Kind::Boolean),
            ("BOOLEAN", "BOOLEAN", 0, 0, Kind::Boolean),
            ("TINYINT", "TINYINT", 0, 0, Kind::Integer),
            (
                "bigint(20) unsigned",
                "BIGINT UNSIGNED",
                20,
                0,
                Kind::Integer,
            ),
            ("BIGINT UNSIGNED", "BIGINT UNSIGNED", 0, 0, Kind::Integer),
            ("DECIMAL(10, 2)", "DECIMAL", 10, 2, Kind::Decimal),
            ("varchar(40)", "VARCHAR", 40, 0, Kind::Text),
            ("MEDIUMTEXT", "MEDIUMTEXT", 0, 0, Kind::Text),
            ("enum('a','b')", "ENUM", 0, 0, Kind::Text),
            ("DATETIME(3)", "DATETIME", 3, 0, Kind::Temporal),
            ("VARBINARY(32)", "VARBINARY", 32, 0, Kind::Blob),
            ("double", "DOUBLE", 0, 0, Kind::Double),
            ("", "", 0, 0, Kind::Unknown),
        ] {
            let expected = ColumnType {
                name: name.into(),
                precision,
                scale,
                kind,
            };
            assert_eq!(ColumnType::parse(declaration), expected, "{declaration}");
        }
    }
}
