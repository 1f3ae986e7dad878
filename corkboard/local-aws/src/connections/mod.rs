//! HTTP/1 on a listener, and for the calls of this process without one.
//!
//! - [`limits`]: how many connections there may be, and which ends first;
//! - [`memory`]: how much memory the bodies of all requests may take;
//! - [`in_process`]: connections of this process to itself.
//!
//! A client has 30 seconds for the head of a request (hyper's default), so that one that sends nothing does not hold
//! its connection for ever, and as long to take some of an answer. The date of an answer is that of the clock, also
//! after that was set back: hyper's own would stay what it was, and a client that corrects its clock by it would sign
//! with a time that nobody believes.

pub mod in_process;
pub mod limits;
pub mod memory;

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use headers::{Date, HeaderMapExt as _};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::{debug, warn};

use in_process::Calls;
use limits::{Connection, Connections, Room};

/// How long requests under way may take once the end has come.
pub const LAST_REQUESTS: Duration = Duration::from_secs(5);
/// Bytes of the longest head, and of an answer that waits to be taken.
const BUFFER: usize = 64 * 1024;
/// How long a client may take nothing of its answer.
const STALLED: Duration = Duration::from_secs(30);

/// Where connections come from.
pub struct Listener {
    /// From the network.
    pub tcp: TcpListener,
    /// From this process; no limit applies to them.
    pub calls: Option<Calls>,
    /// Where those from the network are counted.
    pub connections: Arc<Connections>,
}

#[cfg(test)]
impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self {
            tcp,
            calls: None,
            connections: Connections::within(limits::Limits::default()),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub enum Peer {
    /// Somebody who connected to the listener from this address.
    Network(SocketAddr),
    /// This process.
    OwnCall,
}

impl Peer {
    /// The address that a request comes from.
    pub fn address(self) -> SocketAddr {
        match self {
            Self::Network(address) => address,
            Self::OwnCall => (Ipv4Addr::LOCALHOST, 0).into(),
        }
    }
}

/// Answers requests until `shutdown` completes, then lets those under way finish.
pub async fn serve<A, F, B, E>(listener: Listener, answer: A, shutdown: impl Future<Output = ()>)
where
    A: Fn(Request<Incoming>, Peer) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let Listener {
        tcp,
        mut calls,
        connections,
    } = listener;
    let under_way = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            (room, accepted) = accept(&tcp, &connections) => match accepted {
                Ok((stream, peer)) => {
                    let Some(connection) = connections.open(peer.ip(), room) else {
                        debug!(%peer, "a connection is one too many");
                        continue;
                    };
                    // With Nagle's algorithm the body of an answer would wait 40 ms for the client to acknowledge its
                    // head.
                    let _ = stream.set_nodelay(true);
                    let mut stream = TimeoutStream::new(stream);
                    stream.set_write_timeout(Some(STALLED));
                    let peer = Peer::Network(peer);
                    converse(Box::pin(stream), peer, Arc::new(connection), answer.clone(), &under_way);
                }
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    connections.end_an_idle_one();
                    sleep(Duration::from_millis(50)).await;
                }
            },
            Some(stream) = next(&mut calls) => {
                let connection = Arc::new(connections.unlimited());
                converse(stream, Peer::OwnCall, connection, answer.clone(), &under_way);
            }
            () = &mut shutdown => break,
        }
    }
    drop((tcp, calls));
    if timeout(LAST_REQUESTS, under_way.shutdown()).await.is_err() {
        warn!("requests were still under way at shutdown");
    }
}

async fn accept(
    tcp: &TcpListener,
    connections: &Connections,
) -> (Room, io::Result<(TcpStream, SocketAddr)>) {
    let room = connections.room().await;
    (room, tcp.accept().await)
}

async fn next(calls: &mut Option<Calls>) -> Option<tokio::io::DuplexStream> {
    match calls {
        Some(calls) => calls.next().await,
        None => None,
    }
}

/// Answers the requests of one connection, in a task of its own.
fn converse<S, A, F, B, E>(
    stream: S,
    peer: Peer,
    connection: Arc<Connection>,
    answer: A,
    under_way: &GracefulShutdown,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>, Peer) -> F + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).auto_date_header(false);
    http.max_buf_size(BUFFER);
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |request| {
            let busy = connection.busy();
            let answered = answer(request, peer);
            async {
                let mut response = answered.await?;
                let now = Date::from(SystemTime::now());
                response.headers_mut().typed_insert(now);
                // The connection is busy until the whole body is written and dropped.
                Ok::<_, E>(response.map(|body| {
                    body.map_frame(move |frame| {
                        let _ = &busy;
                        frame
                    })
                }))
            }
        })
    };
    let stream = Watched {
        stream,
        connection: Arc::clone(&connection),
    };
    let conversation = under_way.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        let ended = tokio::select! {
            biased;
            () = connection.let_go() => Ok(()),
            ended = conversation => ended,
        };
        if let Err(error) = ended {
            debug!(%error, "a connection ended early");
        }
    });
}

/// A stream whose connection is told when all that was written is on its way.
struct Watched<S> {
    stream: S,
    connection: Arc<Connection>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes when its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.connection.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::limits::Limits;
    use super::*;

    /// A server that answers everything with a body of so many bytes.
    async fn server(limits: Limits, bytes: usize) -> (JoinHandle<()>, SocketAddr) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let listener = Listener {
            tcp,
            calls: None,
            connections: Connections::within(limits),
        };
        let answer =
            move |_, _| async move { Ok::<_, Infallible>(Response::new("x".repeat(bytes))) };
        (tokio::spawn(serve(listener, answer, pending())), address)
    }

    #[tokio::test]
    async fn an_answer_has_the_date_of_the_clock() {
        let (server, address) = server(Limits::default(), 0).await;
        let before = SystemTime::now() - Duration::from_secs(1);
        let answered = reqwest::get(format!("http://{address}")).await.unwrap();
        let dates: Vec<_> = answered.headers().get_all("date").iter().collect();
        assert_eq!(dates.len(), 1);
        let date: SystemTime = answered.headers().typed_get::<Date>().unwrap().into();
        assert!(before <= date && date <= SystemTime::now());
        server.abort();
    }

    /// The clock goes on by itself while nothing happens.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_finish_its_head_is_hung_up_on() {
        let (server, address) = server(Limits::default(), 0).await;
        for head in [&b""[..], b"GET / HTTP/1.1\r\nHost: a\r\n"] {
            let started = Instant::now();
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(head).await.unwrap();
            let mut answered = Vec::new();
            let _ = client.read_to_end(&mut answered).await;
            assert_eq!(started.elapsed().as_secs(), 30);
        }
        server.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_of_its_answer_is_hung_up_on() {
        // More than the buffers of both ends hold.
        let bytes = 64 * 1024 * 1024;
        let (server, address) = server(Limits::default(), bytes).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        sleep(STALLED * 2).await;
        let mut taken = Vec::new();
        let _ = client.read_to_end(&mut taken).await;
        assert!(taken.len() < bytes, "{}", taken.len());
        server.abort();
    }

    #[tokio::test]
    async fn whoever_still_reads_an_answer_gets_all_of_it() {
        let limits = Limits {
            in_all: 2,
            per_address: 2,
            ..Limits::default()
        };
        // More than the system's buffers hold.
        let bytes = 16 * 1024 * 1024;
        let (server, address) = server(limits, bytes).await;
        let mut reader = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        reader.write_all(request).await.unwrap();
        let mut start = [0; 8];
        reader.read_exact(&mut start).await.unwrap();
        let mut others = Vec::new();
        for _ in 0..20 {
            others.push(TcpStream::connect(address).await.unwrap());
        }
        // They were all looked at when one of them is answered.
        let answered = reqwest::get(format!("http://{address}")).await.unwrap();
        assert_eq!(answered.bytes().await.unwrap().len(), bytes);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert!(rest.len() > bytes);
        server.abort();
    }

    #[tokio::test]
    async fn idle_connections_give_way_to_new_ones() {
        let limits = Limits {
            in_all: 8,
            per_address: 8,
            ..Limits::default()
        };
        let (server, address) = server(limits, 1).await;
        let mut idle = Vec::new();
        for number in 0..100 {
            let mut connection = TcpStream::connect(address).await.unwrap();
            // Before its first request, or after one.
            if number % 2 == 0 {
                let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
                connection.write_all(request).await.unwrap();
                let mut answer = [0; 8];
                connection.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"HTTP/1.1");
            }
            idle.push(connection);
        }
        let answered = reqwest::get(format!("http://{address}")).await.unwrap();
        assert_eq!(answered.text().await.unwrap(), "x");
        server.abort();
    }
}
