//! One SQL statement: its named parameters made positional, and what this endpoint refuses of it.

use std::collections::HashMap;

use super::error::Error;

/// How an engine reads SQL, as far as finding parameters depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    MySql,
    Sqlite,
}

/// A single statement that may be prepared.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    /// The SQL with a `?` for each parameter.
    pub sql: String,
    /// The parameters' names, in the order of the `?`; one used twice stands here twice.
    pub names: Vec<String>,
    /// The first word, in upper case.
    pub verb: String,
    /// Whether it surely writes nothing.
    pub reads: bool,
    /// The table that an `INSERT` or `REPLACE` names, without its quotes.
    pub inserts_into: Option<String>,
}

/// What would outlive its call on a connection that other calls share, reach another file, or return
/// more than one result.
const REFUSED_VERBS: [&str; 22] = [
    "ATTACH",
    "BEGIN",
    "CALL",
    "COMMIT",
    "DEALLOCATE",
    "DETACH",
    "END",
    "EXECUTE",
    "HANDLER",
    "LOAD",
    "LOCK",
    "PRAGMA",
    "PREPARE",
    "RELEASE",
    "ROLLBACK",
    "SAVEPOINT",
    "SET",
    "START",
    "UNLOCK",
    "USE",
    "VACUUM",
    "XA",
];

/// The statements that may follow a WITH clause and write.
const WRITES: [&str; 4] = ["DELETE", "INSERT", "REPLACE", "UPDATE"];

impl Statement {
    /// Finds the `:name` parameters of `sql`: not those in literals, quoted identifiers and comments,
    /// nor the `::` and `:=` operators.
    pub fn parse(sql: &str, dialect: Dialect) -> Result<Self, Error> {
        let mut out = String::with_capacity(sql.len());
        let mut names = Vec::new();
        let mut words = Vec::new();
        let mut ended = false;
        let mut rest = sql;
        while let Some(first) = rest.chars().next() {
            let token = Token::first(rest, first, dialect);
            let (text, tail) = rest.split_at(token.length());
            rest = tail;
            if ended && !matches!(token, Token::Space(_)) {
                return Err(Error::bad_request("Multistatements aren't supported."));
            }
            match token {
                Token::Parameter(_) => {
                    names.push(text[1..].to_owned());
                    out.push('?');
                    continue;
                }
                Token::Positional(_) => {
                    return Err(Error::bad_request(
                        "Parameters are named here (:name); ?, @name and $name are not supported.",
                    ));
                }
                Token::Word(_) | Token::Quoted(_) => words.push(text),
                Token::End(_) => ended = true,
                Token::Space(_) | Token::Other(_) => {}
            }
            out.push_str(text);
        }

        let Some(verb) = words.first().map(|word| word.to_uppercase()) else {
            return Err(Error::bad_request("the SQL has no statement"));
        };
        if REFUSED_VERBS.contains(&verb.as_str()) {
            let message = format!(
                "{verb} is not supported here. Transactions have the operations BeginTransaction, \
                 CommitTransaction and RollbackTransaction."
            );
            return Err(Error::bad_request(message));
        }
        let reads = match verb.as_str() {
            "EXPLAIN" | "SELECT" | "VALUES" => true,
            "WITH" => !words
                .iter()
                .any(|word| WRITES.iter().any(|verb| word.eq_ignore_ascii_case(verb))),
            _ => false,
        };
        let inserts_into = matches!(verb.as_str(), "INSERT" | "REPLACE")
            .then(|| {
                words
                    .iter()
                    .skip_while(|word| !word.eq_ignore_ascii_case("into"))
                    .nth(1)
            })
            .flatten()
            .map(|table| table.trim_matches(['`', '"', '\'']).to_owned());
        Ok(Self {
            sql: out,
            names,
            verb,
            reads,
            inserts_into,
        })
    }

    /// The values in the order of the `?`. Values that the SQL does not name are left out.
    pub fn bind<T: Clone>(&self, values: &HashMap<String, T>) -> Result<Vec<T>, Error> {
        let value = |name: &String| {
            let missing = || Error::bad_request(format!("Cannot find parameter: {name}"));
            values.get(name).cloned().ok_or_else(missing)
        };
        self.names.iter().map(value).collect()
    }

    /// Statements that MySQL commits implicitly before and after.
    /// <https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>
    pub fn is_ddl(&self) -> bool {
        let ddl = [
            "ALTER", "ANALYZE", "CREATE", "DROP", "REINDEX", "RENAME", "TRUNCATE",
        ];
        ddl.contains(&self.verb.as_str())
    }
}

/// A piece of SQL with its length in bytes.
enum Token {
    Space(usize),
    Word(usize),
    Quoted(usize),
    Parameter(usize),
    Positional(usize),
    End(usize),
    Other(usize),
}

impl Token {
    fn length(&self) -> usize {
        match *self {
            Self::Space(length)
            | Self::Word(length)
            | Self::Quoted(length)
            | Self::Parameter(length)
            | Self::Positional(length)
            | Self::End(length)
            | Self::Other(length) => length,
        }
    }

    /// The token that `sql` begins with; `first` is its first character.
    fn first(sql: &str, first: char, dialect: Dialect) -> Self {
        let mysql = dialect == Dialect::MySql;
        match first {
            '-' if is_line_comment(sql, dialect) => Self::Space(line(sql)),
            '#' if mysql => Self::Space(line(sql)),
            '/' if sql.starts_with("/*") => {
                Self::Space(sql[2..].find("*/").map_or(sql.len(), |end| end + 4))
            }
            '\'' | '"' => Self::Quoted(quoted(sql, first, mysql)),
            '`' => Self::Quoted(quoted(sql, first, false)),
            '[' if !mysql => Self::Quoted(sql.find(']').map_or(sql.len(), |end| end + 1)),
            ';' => Self::End(1),
            '?' => Self::Positional(1),
            '@' | '$' if !mysql => Self::Positional(1),
            ':' if sql.starts_with("::") => Self::Other(2),
            ':' => match word(&sql[1..]) {
                0 => Self::Other(1),
                length => Self::Parameter(1 + length),
            },
            _ if first.is_whitespace() => Self::Space(first.len_utf8()),
            _ => match word(sql) {
                0 => Self::Other(first.len_utf8()),
                length => Self::Word(length),
            },
        }
    }
}

/// `--` begins a comment; in MySQL only before a space or the end.
fn is_line_comment(sql: &str, dialect: Dialect) -> bool {
    let Some(after) = sql.strip_prefix("--") else {
        return false;
    };
    dialect == Dialect::Sqlite || after.chars().next().is_none_or(char::is_whitespace)
}

fn line(sql: &str) -> usize {
    sql.find('\n').unwrap_or(sql.len())
}

/// The length of a literal or quoted identifier; a doubled quote is part of it, as is, in MySQL's
/// strings, whatever follows a backslash.
fn quoted(sql: &str, quote: char, backslash_escapes: bool) -> usize {
    let mut characters = sql.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == '\\' && backslash_escapes {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return index + 1;
        }
    }
    sql.len()
}

/// The length of the word that `sql` begins with; a word does not begin with a digit, so that `10:30`
/// outside a literal is left to the database to refuse.
fn word(sql: &str) -> usize {
    if sql.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    sql.find(|character| !is_word(character))
        .unwrap_or(sql.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(sql: &str) -> Statement {
        Statement::parse(sql, Dialect::MySql).unwrap()
    }

    #[test]
    fn named_parameters_become_positional_in_their_order() {
        let statement = parse("INSERT INTO t (a, b, c) VALUES (:a,:b_2, :a)");
        assert_eq!(statement.sql, "INSERT INTO t (a, b, c) VALUES (?,?, ?)");
        assert_eq!(statement.names, ["a", "b_2", "a"]);
        assert_eq!(statement.verb, "INSERT");
    }

    #[test]
    fn what_is_quoted_or_commented_or_an_operator_is_no_parameter() {
        for sql in [
            "SELECT ':a', ':a'':a', \":a\", `:a`",
            "SELECT 1 -- :a",
            "SELECT 1 # :a\n + 1",
            "SELECT /* :a */ 1 /*!40101 :a ? ; */",
            "SELECT '\\':a', \"\\\":a\"",
            "SELECT @n := 1, a::b",
            "SELECT '嗨:a' WHERE x = ':'",
        ] {
            let statement = parse(sql);
            assert_eq!(statement.sql, sql);
            assert!(statement.names.is_empty(), "{sql}");
        }
        assert_eq!(parse("SELECT 5--:a").names, ["a"]);
        assert_eq!(
            parse("/* x */ update t set a='🙂' where b=:名").names,
            ["名"]
        );
    }

    #[test]
    fn a_backslash_escapes_nothing_in_sqlite() {
        let statement = Statement::parse(r"SELECT '\', :a, [:b], 1--:c", Dialect::Sqlite).unwrap();
        assert_eq!(statement.names, ["a"]);
    }

    #[test]
    fn more_than_one_statement_is_refused() {
        for sql in ["SELECT 1; DROP TABLE t", "SELECT 1;;", "SELECT 1; 'x'"] {
            assert!(Statement::parse(sql, Dialect::Sqlite).is_err(), "{sql}");
        }
        assert_eq!(parse("SELECT 1; -- end\n ").names.len(), 0);
        assert_eq!(parse("SELECT ';'").verb, "SELECT");
    }

    #[test]
    fn what_would_change_a_shared_connection_is_refused() {
        for sql in [
            "begin",
            "/* x */ Set names latin1",
            "PRAGMA foreign_keys=off",
            "USE mysql",
        ] {
            let error = Statement::parse(sql, Dialect::Sqlite).unwrap_err();
            assert_eq!(error.code, "BadRequestException", "{sql}");
        }
    }

    #[test]
    fn sql_without_a_statement_is_refused() {
        for sql in ["", " ", "-- nothing", "/*!40101 SET NAMES latin1 */", ";"] {
            assert!(Statement::parse(sql, Dialect::MySql).is_err(), "{sql}");
        }
    }

    #[test]
    fn unnamed_parameters_are_refused() {
        for sql in ["SELECT ?", "SELECT @a", "SELECT $a"] {
            assert!(Statement::parse(sql, Dialect::Sqlite).is_err(), "{sql}");
        }
        assert!(Statement::parse("SELECT @a", Dialect::MySql).is_ok());
    }

    #[test]
    fn a_parameter_without_a_value_is_refused() {
        let statement = parse("SELECT :a, :b");
        let error = statement
            .bind(&HashMap::from([("a".into(), 1)]))
            .unwrap_err();
        assert_eq!(error.message, "Cannot find parameter: b");
        let values = HashMap::from([("a".into(), 1), ("b".into(), 2), ("c".into(), 3)]);
        assert_eq!(statement.bind(&values).unwrap(), [1, 2]);
    }

    #[test]
    fn what_only_reads_is_known() {
        for (sql, reads) in [
            ("select 1", true),
            ("(SELECT 1) UNION (SELECT 2)", true),
            ("WITH a AS (SELECT 1) SELECT 'delete' FROM a", true),
            ("WITH a AS (SELECT 1) DELETE FROM t", false),
            ("UPDATE t SET a = 1", false),
        ] {
            assert_eq!(parse(sql).reads, reads, "{sql}");
        }
    }

    #[test]
    fn the_table_of_an_insert_is_known() {
        assert_eq!(
            parse("INSERT INTO message (id) VALUES (1)")
                .inserts_into
                .unwrap(),
            "message"
        );
        assert_eq!(
            parse("replace into `a b`(id) select 1")
                .inserts_into
                .unwrap(),
            "a b"
        );
        assert_eq!(parse("UPDATE t SET a = 1").inserts_into, None);
    }
}
