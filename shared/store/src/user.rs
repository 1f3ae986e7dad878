//! The database's user that message-board is: it reads and writes rows, and cannot change the schema.

use serde::Deserialize;
use thiserror::Error;
use tokio::time::Instant;

use crate::database::Database;
use crate::sql::StoreError;

/// A user and its password, of a secret such as `{"username":"board_a","password":"…"}`: the shape that the
/// Data API wants.
///
/// Both are letters, digits and (in the name) underscores only. `CREATE USER` takes no parameters, so they
/// stand in the statement, and nothing in them can mean anything there.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Secret")]
pub struct DatabaseUser {
    name: String,
    password: String,
}

#[derive(Deserialize)]
struct Secret {
    username: String,
    password: String,
}

/// The secret is not one of a user. Its text has nothing of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the user's secret is not {{\"username\":…,\"password\":…}} with a name of 1 to 32 letters, digits and \
     underscores, and a password of at least 16 letters and digits"
)]
pub struct InvalidUser;

impl TryFrom<Secret> for DatabaseUser {
    type Error = InvalidUser;

    fn try_from(Secret { username, password }: Secret) -> Result<Self, InvalidUser> {
        let named = (1..=32).contains(&username.len())
            && username
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let guarded = password.len() >= 16 && password.bytes().all(|b| b.is_ascii_alphanumeric());
        if !named || !guarded {
            return Err(InvalidUser);
        }
        Ok(Self {
            name: username,
            password,
        })
    }
}

impl DatabaseUser {
    /// Reads a secret's text.
    ///
    /// # Errors
    /// Where it is not of the shape above.
    pub fn parse(secret: &str) -> Result<Self, InvalidUser> {
        serde_json::from_str(secret).map_err(|_| InvalidUser)
    }

    /// Makes the user, or gives the one of this name its password, and lets it read and write rows. Doing it
    /// twice is doing it once.
    ///
    /// # Errors
    /// Where the database fails or does not let us. The error has nothing of the password.
    pub async fn grant(&self, database: &Database, deadline: Instant) -> Result<(), StoreError> {
        let Self { name, password } = self;
        // In a grant, a database's name is a pattern.
        let connection = database.connection();
        let schema = connection
            .name()
            .replace('`', "``")
            .replace('_', "\\_")
            .replace('%', "\\%");
        for statement in [
            format!("CREATE USER IF NOT EXISTS '{name}'@'%' IDENTIFIED BY '{password}'"),
            format!("ALTER USER '{name}'@'%' IDENTIFIED BY '{password}'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{schema}`.* TO '{name}'@'%'"),
        ] {
            connection
                .execute(deadline, &statement, vec![])
                .await
                // MySQL's errors may quote the statement.
                .map_err(|error| error.without(password))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_user(username: &str, password: &str) -> bool {
        let secret = serde_json::json!({"username": username, "password": password});
        DatabaseUser::parse(&secret.to_string()).is_ok()
    }

    #[test]
    fn what_could_mean_something_in_a_statement_is_no_user() {
        let password = "0123456789abcdefABCDEF";
        assert!(is_user("board_a", password));
        for name in ["", "board'", "b\\", "böard", "a b", "a%", &"b".repeat(33)] {
            assert!(!is_user(name, password), "{name}");
        }
        for wrong in [
            "",
            "short",
            "0123456789'abcdef",
            "0123456789abcde\\",
            "0123456789 abcdef",
        ] {
            assert!(!is_user("board_a", wrong), "{wrong}");
        }
    }

    #[test]
    fn a_secret_of_another_shape_is_refused_without_showing_it() {
        for secret in [
            "",
            "hunter2hunter2hunter2",
            "{}",
            r#"{"username":"board_a"}"#,
            "[]",
        ] {
            let error = DatabaseUser::parse(secret).err().unwrap();
            assert_eq!(error, InvalidUser);
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
