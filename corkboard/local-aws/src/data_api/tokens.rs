//! The pieces of SQL, as the database reads them that gets it.

/// How an engine reads SQL, as far as its pieces depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    MySql(MySql),
    Sqlite,
}

/// The properties of a server that decide how it reads SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MySql {
    /// As executable comments count it: 80403 is 8.4.3.
    pub version: u32,
    pub is_mariadb: bool,
    /// Whether a backslash in a literal makes a literal of what follows it.
    pub has_backslash_escapes: bool,
    /// Whether `"` begins an identifier.
    pub has_ansi_quotes: bool,
}

impl MySql {
    /// The properties of the server with this `VERSION()` and `@@sql_mode`.
    pub fn new(version: &str, sql_mode: &str) -> Self {
        let mut parts = version.split(|character: char| !character.is_ascii_digit());
        let mut part = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let number = match (part(), part(), part()) {
            (Some(major), Some(minor), patch) => {
                major * 10_000 + minor * 100 + patch.unwrap_or_default()
            }
            // Where the version cannot be read, every executable comment counts as executed.
            _ => u32::MAX,
        };
        let has = |mode| sql_mode.split(',').any(|set| set == mode);
        Self {
            version: number,
            is_mariadb: version.contains("MariaDB"),
            has_backslash_escapes: !has("NO_BACKSLASH_ESCAPES"),
            has_ansi_quotes: has("ANSI_QUOTES"),
        }
    }

    /// The length of `/*!`, `/*M!` and the version behind it, where the server executes what follows.
    /// <https://dev.mysql.com/doc/refman/8.4/en/comments.html>,
    /// <https://mariadb.com/kb/en/comment-syntax/>
    fn executed(self, sql: &str) -> Option<usize> {
        let of_mariadb = self.is_mariadb && sql.starts_with("/*M!");
        let mark = if of_mariadb { 4 } else { 3 };
        if !of_mariadb && !sql.starts_with("/*!") {
            return None;
        }
        let digits = sql[mark..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .take(6)
            .count();
        // MySQL takes a sixth digit as part of the version only before white space.
        let is_followed_by_space = sql[mark + digits..].starts_with(is_space);
        let length = match digits {
            0..=4 => return Some(mark),
            6 if self.is_mariadb || is_followed_by_space => 6,
            _ => 5,
        };
        let version: u32 = sql[mark..mark + length].parse().ok()?;
        // MariaDB parted from MySQL before 5.7, and skips comments for MySQL from 5.7 on.
        let is_foreign = self.is_mariadb && !of_mariadb && (50_700..=99_999).contains(&version);
        (version <= self.version && !is_foreign).then_some(mark + length)
    }
}

/// What a piece of SQL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// White space, comments, and the marks around what is executed of a comment.
    Space,
    Word,
    /// A literal or a quoted identifier.
    Quoted,
    /// `:name`
    Parameter,
    /// A parameter without a name of its own.
    Positional,
    /// `;`
    End,
    Other,
}

/// Each piece with its text; together the texts are the SQL.
pub struct Tokens<'a> {
    rest: &'a str,
    dialect: Dialect,
    /// Whether the text is within a comment that is executed. As on the server such comments do not nest: the first end
    /// is the end.
    is_in_comment: bool,
}

impl<'a> Tokens<'a> {
    pub fn of(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            rest: sql,
            dialect,
            is_in_comment: false,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (Token, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.rest.chars().next()?;
        let (token, length) = match self.dialect {
            Dialect::MySql(server) => self.mysql(first, server),
            Dialect::Sqlite => sqlite(self.rest, first),
        };
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some((token, text))
    }
}

impl Tokens<'_> {
    fn mysql(&mut self, first: char, server: MySql) -> (Token, usize) {
        let sql = self.rest;
        match first {
            '-' if is_mysql_line_comment(sql) => (Token::Space, line(sql)),
            '#' => (Token::Space, line(sql)),
            '/' if sql.starts_with("/*") => {
                if let Some(length) = server.executed(sql) {
                    self.is_in_comment = true;
                    return (Token::Space, length);
                }
                let is_of_other_version =
                    sql.starts_with("/*!") || (server.is_mariadb && sql.starts_with("/*M!"));
                (Token::Space, comment(sql, is_of_other_version))
            }
            '*' if self.is_in_comment && sql.starts_with("*/") => {
                self.is_in_comment = false;
                (Token::Space, 2)
            }
            '"' if server.has_ansi_quotes => (Token::Quoted, quoted(sql, '"', false)),
            '\'' | '"' => (
                Token::Quoted,
                quoted(sql, first, server.has_backslash_escapes),
            ),
            _ => common(sql, first),
        }
    }
}

fn sqlite(sql: &str, first: char) -> (Token, usize) {
    match first {
        '-' if sql.starts_with("--") => (Token::Space, line(sql)),
        '/' if sql.starts_with("/*") => (Token::Space, comment(sql, false)),
        '\'' | '"' => (Token::Quoted, quoted(sql, first, false)),
        '[' => (
            Token::Quoted,
            sql.find(']').map_or(sql.len(), |end| end + 1),
        ),
        '@' | '$' => (Token::Positional, 1),
        _ => common(sql, first),
    }
}

fn common(sql: &str, first: char) -> (Token, usize) {
    match first {
        '`' => (Token::Quoted, quoted(sql, first, false)),
        ';' => (Token::End, 1),
        '?' => (Token::Positional, 1),
        ':' if sql.starts_with("::") => (Token::Other, 2),
        ':' => match word(&sql[1..]) {
            0 => (Token::Other, 1),
            length => (Token::Parameter, 1 + length),
        },
        _ if first.is_whitespace() => (Token::Space, first.len_utf8()),
        _ => match word(sql) {
            0 => (Token::Other, first.len_utf8()),
            length => (Token::Word, length),
        },
    }
}

/// `--` begins a comment only before white space, a control character or the end.
fn is_mysql_line_comment(sql: &str) -> bool {
    sql.strip_prefix("--").is_some_and(|after| {
        after.is_empty()
            || after.starts_with(|next: char| is_space(next) || next.is_ascii_control())
    })
}

/// What the server takes for white space, which is less than Unicode does.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

fn line(sql: &str) -> usize {
    sql.find('\n').unwrap_or(sql.len())
}

/// The length of a comment that is not executed. A comment for another version of the server may have comments within,
/// one level deep.
fn comment(sql: &str, may_have_comments: bool) -> usize {
    let mut end = 2;
    let mut is_within = false;
    while let Some(next) = sql[end..].find("*/") {
        // Where `/*` and `*/` share their asterisk (`/*/`), the beginning counts, which comes first.
        match sql[end..=end + next].find("/*") {
            Some(inner) if may_have_comments && !is_within => {
                is_within = true;
                end += inner + 2;
            }
            _ if is_within => {
                is_within = false;
                end += next + 2;
            }
            _ => return end + next + 2,
        }
    }
    sql.len()
}

/// The length of a literal or quoted identifier; a doubled quote is part of it, as is, in MySQL's
/// strings, whatever follows a backslash.
fn quoted(sql: &str, quote: char, has_backslash_escapes: bool) -> usize {
    let mut characters = sql.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == '\\' && has_backslash_escapes {
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

    const MYSQL: &str = "8.4.3";
    const MARIADB: &str = "10.11.6-MariaDB-0+deb12u1";

    /// What is left of `sql` without white space and comments.
    fn read(sql: &str, version: &str, sql_mode: &str) -> String {
        let server = Dialect::MySql(MySql::new(version, sql_mode));
        let kept = Tokens::of(sql, server).filter(|(token, _)| *token != Token::Space);
        let kept: Vec<_> = kept.map(|(_, text)| text).collect();
        kept.join(" ")
    }

    #[test]
    fn a_servers_version_is_read_as_executable_comments_count_it() {
        for (version, number, is_mariadb) in [
            (MYSQL, 80_403, false),
            (MARIADB, 101_106, true),
            ("9.7.0-debug", 90_700, false),
            ("8.0.mysql_aurora.3.08.0", 80_000, false),
            ("unknown", u32::MAX, false),
        ] {
            let server = MySql::new(version, "");
            assert_eq!((server.version, server.is_mariadb), (number, is_mariadb));
        }
    }

    #[test]
    fn executable_comments_are_read_as_each_server_reads_them() {
        for (sql, mysql, mariadb) in [
            ("/*! SET x */", "SET x", "SET x"),
            ("/*!SET x */", "SET x", "SET x"),
            ("/*!40101 SET x */", "SET x", "SET x"),
            ("/*!40101SET x */", "SET x", "SET x"),
            ("/*!80403 SET x */", "SET x", ""),
            ("/*!080403 SET x */", "SET x", ""),
            ("/*!80404 SET x */", "", ""),
            ("/*!50700 SET x */", "SET x", ""),
            ("/*!50699 SET x */", "SET x", "SET x"),
            ("/*!100100 SET x */", "", "SET x"),
            ("/*!100100SET x */", "0 SET x", "SET x"),
            ("/*!101107 SET x */", "", ""),
            ("/*M! SET x */", "", "SET x"),
            ("/*M!50700 SET x */", "", "SET x"),
            ("/*M!101106 SET x */", "", "SET x"),
            ("/*M!101107 SET x */", "", ""),
            ("/*m! SET x */", "", ""),
            ("/*!123 SET x */", "123 SET x", "123 SET x"),
            ("/* ! SET x */", "", ""),
            ("/*+ SET_VAR(x = 1) */ a", "a", "a"),
        ] {
            let spaced = |text: &str| text.replace(' ', "");
            assert_eq!(spaced(&read(sql, MYSQL, "")), spaced(mysql), "{sql}");
            assert_eq!(spaced(&read(sql, MARIADB, "")), spaced(mariadb), "{sql}");
        }
    }

    #[test]
    fn comments_begin_and_end_where_the_server_has_it() {
        for (sql, kept) in [
            ("/*! a /* b */ c */ d", "a c d"),
            ("/*! a /*! b */ c */ d", "a b c * / d"),
            ("/*!99999 a /* b */ c */ d", "d"),
            ("/*!99999 a /* b /* c */ d */ e", "e"),
            ("/*!99999 a /*/ b */ c */ d", "d"),
            ("/* a /* b */ c", "c"),
            ("/*/ a */ b", "b"),
            ("5*/*a*/6", "5 * 6"),
            ("a /*! '*/' */ b", "a '*/' b"),
            ("'/*!' a '*/'", "'/*!' a '*/'"),
            ("`/*!` a", "`/*!` a"),
            ("/* ' */ a '", "a '"),
            ("-- /*!\na", "a"),
            ("/*! -- */\n a */ b", "a b"),
            ("/*! # */\n a */ b", "a b"),
            ("--a\nb", "- - a b"),
            ("--\u{a0}a", "- - a"),
            ("--\u{1}a\nb", "b"),
            ("--", ""),
            ("a --\tb", "a"),
            ("/* a", ""),
            ("/*! a", "a"),
        ] {
            let kept = kept.replace(' ', "");
            for version in [MYSQL, MARIADB] {
                let read = read(sql, version, "").replace([' ', '\u{a0}'], "");
                assert_eq!(read, kept, "{sql}");
            }
        }
    }

    #[test]
    fn literals_end_where_the_servers_mode_has_it() {
        for (sql, sql_mode, kept) in [
            (r"'\' # a'", "", r"'\' # a'"),
            (
                r"'\' # a'",
                "STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES",
                r"'\'",
            ),
            (r#""\" # a""#, "", r#""\" # a""#),
            (r#""\" # a""#, "ANSI_QUOTES", r#""\""#),
        ] {
            assert_eq!(read(sql, MYSQL, sql_mode), kept, "{sql_mode}");
        }
    }
}
