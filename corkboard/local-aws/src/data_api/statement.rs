//! One SQL statement: its named parameters made positional, and what this endpoint refuses of it.

use std::collections::HashMap;

use super::error::Error;
use super::tokens::{Dialect, Token, Tokens};

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

/// The statements that are refused, by their first words, with the reason.
const REFUSED: [(&[&str], &str); 4] = [
    (
        &[
            "BEGIN",
            "COMMIT",
            "END",
            "RELEASE",
            "ROLLBACK",
            "SAVEPOINT",
            "START",
            "XA",
        ],
        "Transactions have the operations BeginTransaction, CommitTransaction and RollbackTransaction.",
    ),
    (
        &[
            "DEALLOCATE",
            "EXECUTE",
            "HANDLER",
            "LOCK",
            "PRAGMA",
            "PREPARE",
            "SET",
            "UNLOCK",
            "USE",
        ],
        "It is about a session, and a session ends with its call or its transaction: what it is like cannot be changed.",
    ),
    (
        &["CALL"],
        "A procedure may change its session and return more than one result.",
    ),
    (&["ATTACH", "DETACH", "LOAD", "VACUUM"], FILES),
];

const FILES: &str = "It reads or writes other files than the database's.";

/// The statements that may follow a WITH clause and write.
const WRITES: [&str; 4] = ["DELETE", "INSERT", "REPLACE", "UPDATE"];

impl Statement {
    /// Finds the `:name` parameters of `sql`: not those in literals, quoted identifiers and comments,
    /// nor the `::` and `:=` operators.
    pub fn parse(sql: &str, dialect: Dialect) -> Result<Self, Error> {
        let mut out = String::with_capacity(sql.len());
        let mut names = Vec::new();
        let mut pieces = Vec::new();
        let mut ended = false;
        for (token, text) in Tokens::of(sql, dialect) {
            if ended && token != Token::Space {
                return Err(Error::bad_request("Multistatements aren't supported."));
            }
            match token {
                Token::Parameter => {
                    names.push(text[1..].to_owned());
                    out.push('?');
                    continue;
                }
                Token::Positional => {
                    return Err(Error::bad_request(
                        "Parameters are named here (:name); ?, @name and $name are not supported.",
                    ));
                }
                Token::End => ended = true,
                Token::Word | Token::Quoted | Token::Space | Token::Other => {}
            }
            if token != Token::Space {
                pieces.push((token, text));
            }
            out.push_str(text);
        }

        if let Some(what) = file_in(&pieces) {
            let message = format!("{what} is not supported here. {FILES}");
            return Err(Error::bad_request(message));
        }
        let words = pieces
            .iter()
            .filter(|(token, _)| matches!(token, Token::Word | Token::Quoted));
        let words: Vec<_> = words.map(|(_, text)| *text).collect();
        let Some(verb) = words.first().map(|word| word.to_uppercase()) else {
            return Err(Error::bad_request("the SQL has no statement"));
        };
        let refused = REFUSED
            .iter()
            .find(|(verbs, _)| verbs.contains(&verb.as_str()));
        if let Some((_, reason)) = refused {
            let message = format!("{verb} is not supported here. {reason}");
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

/// The part of a statement, wherever it stands, that reads or writes a file of the server's. A function's name may be
/// quoted; a table may have the name of either word.
fn file_in(pieces: &[(Token, &str)]) -> Option<&'static str> {
    let is = |text: &str, word: &str| text.eq_ignore_ascii_case(word);
    let written = pieces.windows(3).find_map(|pieces| match pieces {
        [(Token::Word, into), (Token::Word, file), (Token::Quoted, _)] if is(into, "INTO") => {
            let mut kinds = ["OUTFILE", "DUMPFILE"].into_iter();
            kinds.find(|kind| is(file, kind))
        }
        _ => None,
    });
    written.or_else(|| {
        let read = pieces.windows(2).any(|pieces| match pieces {
            [
                (Token::Word | Token::Quoted, name),
                (Token::Other, parenthesis),
            ] => is(name.trim_matches(['`', '"']), "LOAD_FILE") && parenthesis.starts_with('('),
            _ => false,
        });
        read.then_some("LOAD_FILE")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_api::tokens::MySql;

    fn mysql() -> Dialect {
        Dialect::MySql(MySql::new("8.4.3", ""))
    }

    fn parse(sql: &str) -> Statement {
        Statement::parse(sql, mysql()).unwrap()
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
            "SELECT /* :a */ 1 /*!99999 :a ? ; */",
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
    fn what_stands_in_executable_comments_is_part_of_the_statement() {
        let statement = parse("SELECT :a /*! , :b */ /*!80000 , :c */ /*!99999 , :d */");
        assert_eq!(statement.names, ["a", "b", "c"]);
        for sql in [
            "/*! SET autocommit = 0 */",
            "/*!40101 SET autocommit = 0 */",
            "/*!SET*/ autocommit = 0",
            "/* x *//*!80000 set autocommit = 0 */",
            "/*! */ /*!40101 BEGIN */",
            "/*!99999 a /* b */ c */ SET autocommit = 0",
            "SELECT 1 /*! ; SET autocommit = 0 */",
        ] {
            let error = Statement::parse(sql, mysql()).unwrap_err();
            assert_eq!(error.code, "BadRequestException", "{sql}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_statement_is_about() {
        for (sql, reason) in [
            ("SET character_set_client = latin1", "It is about a session"),
            ("SET @@sql_mode = ''", "It is about a session"),
            ("commit", "Transactions have the operations"),
            ("CALL p()", "A procedure may"),
            (
                "LOAD DATA INFILE 'a' INTO TABLE t",
                "It reads or writes other files",
            ),
        ] {
            let error = Statement::parse(sql, mysql()).unwrap_err();
            let verb = sql.split(' ').next().unwrap().to_uppercase();
            let expected = format!("{verb} is not supported here. {reason}");
            assert!(error.message.starts_with(&expected), "{}", error.message);
        }
    }

    #[test]
    fn what_has_to_do_with_a_file_of_the_servers_is_refused() {
        for (sql, what) in [
            ("SELECT 1 INTO OUTFILE '/tmp/a'", "OUTFILE"),
            (
                "select text into /* x */ dumpfile '/tmp/a' FROM message",
                "DUMPFILE",
            ),
            ("(SELECT 1 /*! INTO OUTFILE */ '/tmp/a')", "OUTFILE"),
            ("SELECT LOAD_FILE('/etc/passwd')", "LOAD_FILE"),
            ("INSERT INTO t SELECT `load_file` (:a)", "LOAD_FILE"),
            (
                "UPDATE t SET a = concat(load_file/**/(0x2f), 'a')",
                "LOAD_FILE",
            ),
        ] {
            let error = Statement::parse(sql, mysql()).unwrap_err();
            let expected = format!("{what} is not supported here. {FILES}");
            assert_eq!(error.message, expected, "{sql}");
        }
        for sql in [
            "INSERT INTO dumpfile (a) VALUES ('INTO OUTFILE')",
            "SELECT load_file, 'LOAD_FILE(' FROM t -- INTO OUTFILE 'a'",
        ] {
            parse(sql);
        }
    }

    #[test]
    fn sql_without_a_statement_is_refused() {
        for sql in ["", " ", "-- nothing", "/*!99999 SELECT 1 */", ";"] {
            assert!(Statement::parse(sql, mysql()).is_err(), "{sql}");
        }
    }

    #[test]
    fn unnamed_parameters_are_refused() {
        for sql in ["SELECT ?", "SELECT @a", "SELECT $a"] {
            assert!(Statement::parse(sql, Dialect::Sqlite).is_err(), "{sql}");
        }
        assert!(Statement::parse("SELECT @a", mysql()).is_ok());
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
