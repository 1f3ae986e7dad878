//! The drive is full, or the folder turns read-only, while the board runs.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use serde_json::{Value, json};
use support::corkboard::alone;

use crate::answer::Answer;
use crate::board::{BUCKET, Board, picture};

/// Mounts a drive of 64 MiB as the first argument, and runs the others.
const ON_A_DRIVE: &str = "
    mount -t tmpfs -o size=64m,mode=700 tmpfs \"$1\"
    shift
    exec \"$@\"
";

/// A board with its data on a drive of its own, which goes with the board.
struct OnDrive {
    board: Board,
    data: PathBuf,
}

impl OnDrive {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let data = path.join("data");
        fs::create_dir(&data).unwrap();
        let board = Board::start_on(folder, |command| {
            let mut mounted = Command::new("unshare");
            mounted.arg("--mount");
            if !geteuid().is_root() {
                mounted.args(["--user", "--map-root-user"]);
            }
            mounted
                .args(["sh", "-euc", ON_A_DRIVE, "sh"])
                .arg(&data)
                .arg(env!("CARGO_BIN_EXE_corkboard"));
            let path_variable = std::env::var_os("PATH").unwrap();
            alone(&mut mounted, &path).env("PATH", path_variable);
            *command = mounted;
        });
        Self { board, data }
    }

    /// Where the drive is seen from here.
    fn path(&self) -> PathBuf {
        let root = format!("/proc/{}/root", self.board.process_id());
        Path::new(&root).join(self.data.strip_prefix("/").unwrap())
    }

    fn fill(&self) {
        let mut file = File::create(self.path().join("fill")).unwrap();
        for bytes in [1024 * 1024, 4096, 1] {
            while file.write_all(&vec![b'x'; bytes]).is_ok() {}
        }
    }
}

async fn post(board: &Board, text: &str) -> Answer {
    board.post(&json!({ "text": text })).await
}

async fn delete(board: &Board, posted: &Value) -> u16 {
    let text = |field: &str| posted[field].as_str().unwrap().to_owned();
    board.delete(&text("id"), &text("deleteToken")).await.status
}

async fn is_readable(board: &Board, with_picture: &Value) {
    assert_eq!(board.get("/api/messages").await.status, 200);
    assert_eq!(board.get("/api/messages?limit=1").await.status, 200);
    let url = with_picture["picture"]["url"].as_str().unwrap();
    assert_eq!(board.get(url).await.status, 200);
}

async fn takes_nothing(board: &Board) {
    let refused = post(board, "too much").await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    let ready = board.get("/api/health/ready").await;
    assert_eq!(
        (ready.status, &ready.json()["media"]),
        (503, &json!("down"))
    );
    let object = board
        .s3()
        .put_object()
        .bucket(BUCKET)
        .key("images/large.jpg");
    let put = object.body(vec![0; 100_000].into()).send().await;
    assert_eq!(
        put.unwrap_err().raw_response().unwrap().status().as_u16(),
        503
    );
}

async fn takes_all_again(board: &Board) {
    board
        .post_picture("again", picture("orientation-1.jpg"))
        .await;
    assert_eq!(board.get("/api/health/ready").await.status, 200);
}

#[tokio::test]
async fn on_a_full_drive_everything_can_be_read_and_deleted() {
    let on_drive = OnDrive::start();
    let board = &on_drive.board;
    let text = board.post_text("text").await;
    let kept = board
        .post_picture("kept", picture("orientation-1.jpg"))
        .await;
    let deleted = board
        .post_picture("deleted", picture("orientation-1.jpg"))
        .await;
    on_drive.fill();
    takes_nothing(board).await;
    is_readable(board, &kept).await;
    assert_eq!(delete(board, &text).await, 204);
    assert_eq!(delete(board, &deleted).await, 204);
    let left: Vec<_> = board.messages().await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &kept["id"]));
    takes_nothing(board).await;
    fs::remove_file(on_drive.path().join("fill")).unwrap();
    takes_all_again(board).await;
}

#[tokio::test]
async fn in_a_folder_that_turns_read_only_everything_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let board = Board::start_on(folder, |command| {
        // To an administrator no folder is read-only.
        let mut limited = Command::new("setpriv");
        limited.args([
            "--bounding-set=-all",
            "--inh-caps=-all",
            env!("CARGO_BIN_EXE_corkboard"),
        ]);
        alone(&mut limited, &path);
        if geteuid().is_root() {
            *command = limited;
        }
    });
    let kept = board
        .post_picture("kept", picture("orientation-1.jpg"))
        .await;
    let set = |mode| {
        for folder in ["data", "data/s3", "data/s3/bodies"] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(path.join(folder), mode).unwrap();
        }
    };
    set(0o500);
    takes_nothing(&board).await;
    is_readable(&board, &kept).await;
    set(0o700);
    takes_all_again(&board).await;
    assert_eq!(delete(&board, &kept).await, 204);
}
