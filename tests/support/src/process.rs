//! Programs that end with the tests, however the tests end.

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// Runs a command until it ends by itself or whoever holds the other end of standard input lets go, be it
/// because it was killed. A group of its own: Ctrl-C in a terminal reaches the tests, and they let go.
const SUPERVISE: &str = r#"
    exec 3<&0 </dev/null
    "$@" 3<&- &
    program=$!
    { read -r _ <&3; kill -9 "$program"; } 2>/dev/null &
    watcher=$!
    wait "$program"; status=$?
    kill "$watcher" 2>/dev/null
    exit "$status"
"#;

/// Removes a folder when the tests have ended and the programs that write into it as well.
const SWEEP: &str = r#"
    read -r _
    for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2>/dev/null && exit; sleep 0.2; done
"#;

/// A command that is killed with the tests.
pub fn supervised(program: impl AsRef<Path>) -> Command {
    let mut command = shell(SUPERVISE);
    command.arg(program.as_ref());
    command
}

fn shell(script: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script, "sh"])
        .stdin(Stdio::piped())
        .process_group(0);
    command
}

/// A running [`supervised`] command. Dropped, the program is killed as by `kill -9`, and gone.
pub struct Process {
    shell: Child,
    leash: Option<ChildStdin>,
}

impl Process {
    /// Starts a [`supervised`] command.
    pub fn spawn(command: &mut Command) -> Self {
        let mut shell = command.spawn().unwrap();
        let leash = shell.stdin.take();
        Self { shell, leash }
    }

    /// The shell that supervises the program.
    pub fn shell(&mut self) -> &mut Child {
        &mut self.shell
    }

    /// Whether the program has ended.
    pub fn is_over(&mut self) -> bool {
        self.shell.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.shell.wait();
    }
}

/// A new folder, removed when the tests have ended.
pub fn folder() -> PathBuf {
    static ALL: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (all, _) = ALL.get_or_init(|| {
        let all = tempfile::Builder::new()
            .prefix("corkboard-test-")
            .tempdir()
            .unwrap()
            .keep();
        let sweeper = shell(SWEEP).arg(&all).spawn().unwrap();
        (all, sweeper)
    });
    tempfile::tempdir_in(all).unwrap().keep()
}
