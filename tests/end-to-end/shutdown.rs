//! Ctrl-C, and the system's request to end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::board::{Board, PATIENCE};

const PAUSE: Duration = Duration::from_millis(20);

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A connection that stays open after an answer, as a browser keeps it.
fn idle_connection(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    write!(
        stream,
        "GET /api/health HTTP/1.1\r\nHost: {address}\r\n\r\n"
    )
    .unwrap();
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1");
    stream
}

/// One that logs as it does unless told otherwise.
fn quiet_board() -> Board {
    Board::start_with(|command| {
        command.env_remove("RUST_LOG");
    })
}

#[tokio::test]
async fn it_ends_cleanly_though_connections_are_open() {
    for signal in [Signal::INT, Signal::TERM] {
        let board = quiet_board();
        let created = board.post_text("before").await;
        let addresses = board.addresses();
        let idle = addresses.map(idle_connection);
        let unused = addresses.map(connect);
        let (status, errors, folder) = board.stop(signal);
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
        drop((idle, unused));
        let board = Board::start_on(folder, |_| {});
        assert_eq!(board.messages().await[0]["id"], created["id"]);
    }
}

#[tokio::test]
async fn a_post_under_way_is_still_answered() {
    let board = quiet_board();
    let [site, ..] = board.addresses();
    let body = json!({"text": "under way"}).to_string();
    let mut stream = connect(site);
    write!(
        stream,
        "POST /api/messages HTTP/1.1\r\nHost: {site}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // Now it is known to be read.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    let end = thread::spawn(move || board.stop(Signal::INT));
    // Until nobody new is let in, or for a moment: another process may have got the port.
    for _ in 0..50 {
        if TcpStream::connect_timeout(&site, PAUSE).is_err() {
            break;
        }
        thread::sleep(PAUSE);
    }
    let mut answer = String::new();
    let answered = stream
        .write_all(body.as_bytes())
        .and_then(|()| stream.read_to_string(&mut answer));
    let (status, errors, folder) = end.join().unwrap();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert!(answered.is_ok(), "{answered:?}");
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let board = Board::start_on(folder, |_| {});
    assert_eq!(board.messages().await[0]["text"], "under way");
}
