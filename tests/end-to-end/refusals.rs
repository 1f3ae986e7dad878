//! What `corkboard` cannot do, it says in one line before anything is started.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::board::{Board, command, exit_of};

/// The exit code and what was written to standard error, where nothing was written to standard output.
pub fn refusal(folder: &TempDir, configure: impl FnOnce(&mut Command)) -> (i32, String) {
    let mut command = command(folder);
    configure(&mut command);
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = exit_of(&mut process);
    let (mut output, mut errors) = (String::new(), String::new());
    process.stdout.unwrap().read_to_string(&mut output).unwrap();
    process.stderr.unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(output, "");
    (status.code().unwrap(), errors)
}

/// That it ends with exit code 1 and this line, and leaves no data behind.
#[track_caller]
fn assert_refused(expected: &str, configure: impl FnOnce(&mut Command)) {
    let folder = tempfile::tempdir().unwrap();
    let (code, errors) = refusal(&folder, configure);
    assert_eq!((code, errors), (1, format!("corkboard: {expected}\n")));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_chooses_another() {
    for flag in ["--listen", "--s3-listen", "--data-api-listen"] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let port = address.port();
        let expected = format!("port {port} is in use: choose another with {flag}");
        assert_refused(&expected, |command| {
            command.args([flag, &address.to_string()]);
        });
    }
}

#[test]
fn an_address_of_another_machine_cannot_be_listened_on() {
    let expected =
        "--listen 192.0.2.1:0 cannot be listened on: Cannot assign requested address (os error 99)";
    assert_refused(expected, |command| {
        command.args(["--listen", "192.0.2.1:0"]);
    });
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for (path, reason) in [
        (file.join("below"), "Not a directory (os error 20)"),
        (file.clone(), "File exists (os error 17)"),
    ] {
        let path = path.to_str().unwrap();
        let expected = format!(
            "the data directory {path} cannot be used: {reason}: choose another with --data-dir"
        );
        assert_refused(&expected, |command| {
            command.args(["--data-dir", path]);
        });
    }
}

#[test]
fn a_data_directory_with_foreign_content_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/s3");
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(&path, "x".repeat(4_096)).unwrap();
    let (code, errors) = refusal(&folder, |_| {});
    let path = path.display();
    let expected = format!("corkboard: {path} cannot be used: File exists (os error 17)\n");
    assert_eq!((code, errors), (1, expected));
}

#[tokio::test]
async fn a_damaged_database_is_named_with_what_to_do() {
    let board = Board::start();
    board.post_text("kept").await;
    let (_, _, folder) = board.stop(Signal::TERM);
    let path = folder.path().join("data/corkboard.sqlite");
    let whole = fs::read(&path).unwrap();
    let cannot = |why: &str| format!("the database {} cannot be opened: {why}", path.display());
    for (content, what) in [
        (&b"x".repeat(4_096)[..], cannot("file is not a database")),
        (&whole[..3_000], cannot("database disk image is malformed")),
        (b"", "the database is empty".into()),
    ] {
        fs::write(&path, content).unwrap();
        let (code, errors) = refusal(&folder, |_| {});
        let expected = format!(
            "corkboard: {what}: put {} back from a backup, or move it away to begin without messages\n",
            path.display()
        );
        assert_eq!((code, errors), (1, expected));
    }
    fs::write(&path, whole).unwrap();
    let board = Board::start_on(folder, |_| {});
    assert_eq!(board.messages().await[0]["text"], "kept");
}

#[test]
fn a_data_directory_has_one_corkboard_at_a_time() {
    let board = Board::start();
    let data = board.folder().path().join("data");
    let data = data.to_str().unwrap();
    let expected = format!(
        "the data directory {data} is in use by another corkboard: stop it first, or choose another with --data-dir"
    );
    assert_refused(&expected, |command| {
        command.args(["--data-dir", data]);
    });
    // The first one is not disturbed.
    drop(Board::start_on(board.kill(), |_| {}));
}

#[test]
fn a_database_that_does_not_answer_is_named_without_the_password() {
    let expected = "the database at 127.0.0.1 cannot be used: no connection to MySQL at 127.0.0.1:1: \
                    error communicating with database: Connection refused (os error 111)";
    assert_refused(expected, |command| {
        command.args(["--database", "mysql://ada:hidden@127.0.0.1:1/board"]);
    });
}

#[test]
fn a_malformed_database_is_refused_without_repeating_it() {
    let malformed = "--database is malformed: expected mysql://user:password@host:3306/name";
    let incomplete =
        "the database at 127.0.0.1 cannot be used: expected mysql://user:password@host:3306/name";
    for (url, expected) in [
        ("hidden", malformed),
        ("mysql://ada:hidden@[", malformed),
        ("postgres://ada:hidden@127.0.0.1/board", malformed),
        ("mysql://ada:hidden@127.0.0.1", incomplete),
    ] {
        assert_refused(expected, |command| {
            command.args(["--database", url]);
        });
        assert_refused(expected, |command| {
            command.env("CORKBOARD_DATABASE", url);
        });
    }
}

#[test]
fn a_database_to_connect_to_directly_is_one_line_too() {
    assert_refused(
        "--database and DATABASE_URL are both given: leave one out",
        |command| {
            command.env("DATABASE_URL", "mysql://ada:hidden@127.0.0.1:1/board");
            command.args(["--database", "mysql://ada:hidden@127.0.0.1:1/board"]);
        },
    );
    let expected = "DATABASE_URL is malformed: expected mysql://user:password@host:3306/name";
    for url in ["hidden", "mysql://ada:hidden@127.0.0.1"] {
        assert_refused(expected, |command| {
            command.env("DATABASE_URL", url);
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let (code, errors) = refusal(&folder, |command| {
        command.env("DATABASE_URL", "mysql://ada:hidden@127.0.0.1:1/board");
    });
    assert_eq!((code, errors.lines().count()), (1, 1));
    let line = "corkboard: the database cannot be used: the database is unavailable: ";
    assert!(
        errors.starts_with(line) && !errors.contains("hidden"),
        "{errors}"
    );
}

#[test]
fn a_lambda_that_is_not_there_is_named() {
    for (url, reason) in [
        ("http://127.0.0.1:1/", "Connection refused (os error 111)"),
        ("https://127.0.0.1:1/", "an http URL is expected"),
    ] {
        let expected =
            format!("nothing answers at --lambda {url}: start cargo lambda watch first ({reason})");
        assert_refused(&expected, |command| {
            command.args(["--lambda", url]);
        });
    }
}

#[test]
fn an_endpoint_beyond_loopback_wants_credentials_of_ones_own() {
    for flag in ["--s3-listen", "--data-api-listen"] {
        let expected = format!(
            "{flag} 0.0.0.0:0 is not loopback: set --access-key-id and --secret-access-key, or bind to 127.0.0.1"
        );
        assert_refused(&expected, |command| {
            command.args([flag, "0.0.0.0:0"]);
        });
    }
}

#[test]
fn a_malformed_setting_is_named_without_its_value() {
    for (variable, expected) in [
        ("POSTS_PER_MINUTE", "a whole number, 0 for no limit"),
        (
            "BOARD_NAME",
            "one line of at most 100 characters, without control characters",
        ),
        (
            "RUST_LOG",
            "a level such as info, or several such as warn,store=debug",
        ),
        ("POSTING", "open, reviewed or closed"),
        ("BOARD_ACCENT", "a colour such as #0f6b63"),
        (
            "BOARD_HEAD",
            "the key of a picture such as images/hill.jpg, or its address on this board",
        ),
        ("CONTACT_URL", "an http, https or mailto URL"),
        ("ORIGIN_REQUIRED", "true or false"),
        (
            "MODERATORS_REVOKED",
            "moderators' names, comma-separated, - for the one without a name",
        ),
        ("BOARD_SECRET", "at least 32 characters"),
        (
            "PUBLIC_BASE_URL",
            "an http(s) URL without a trailing slash, or the empty string for root-relative URLs",
        ),
    ] {
        let line = format!("{variable} is malformed: expected {expected}");
        assert_refused(&line, |command| {
            command.env(variable, "no\u{1}sense");
        });
    }
}

#[test]
fn wrong_usage_is_exit_code_two() {
    for (arguments, expected) in [
        (
            ["--nonsense", ""],
            "error: unexpected argument '--nonsense' found",
        ),
        (
            ["--listen", "8080"],
            "error: invalid value '8080' for '--listen <ADDRESS>': invalid socket address syntax",
        ),
        (
            ["--lambda", "nonsense"],
            "error: invalid value 'nonsense' for '--lambda <URL>': relative URL without a base",
        ),
        (
            ["--trusted-proxy", "10.0.0.0"],
            "error: invalid value '10.0.0.0' for '--trusted-proxy <CIDR>': invalid IP address syntax",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (code, errors) = refusal(&folder, |command| {
            command.args(arguments);
        });
        assert_eq!(code, 2);
        assert_eq!(errors.lines().next(), Some(expected));
        assert!(!folder.path().join("data").exists());
    }
}
