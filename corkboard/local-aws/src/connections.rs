//! HTTP/1 on a listener. The date of an answer is that of the clock, also after that was set back: hyper's own would
//! stay what it was, and a client that corrects its clock by it would sign with a time that nobody believes. A client has 30 seconds for the head of a request (hyper's default), so that one
//! that sends nothing does not hold its connection for ever.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use headers::{Date, HeaderMapExt as _};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

/// How long requests under way may take once the end has come.
pub const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Answers requests until `shutdown` completes, then lets those under way finish.
pub async fn serve<A, F, B, E>(listener: TcpListener, answer: A, shutdown: impl Future<Output = ()>)
where
    A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).auto_date_header(false);
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: let some connections end first.
                    warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Otherwise a body that comes after its head waits for the client to acknowledge that, 40 ms.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answered = answer(request, peer);
            async {
                let mut response = answered.await?;
                let now = Date::from(SystemTime::now());
                response.headers_mut().typed_insert(now);
                Ok::<_, E>(response)
            }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if timeout(LAST_REQUESTS, connections.shutdown())
        .await
        .is_err()
    {
        warn!("requests were still under way at shutdown");
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn an_answer_has_the_date_of_the_clock() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async |_, _| Ok::<_, Infallible>(Response::new(String::new()));
        let server = tokio::spawn(serve(listener, answer, pending()));
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async |_, _| Ok::<_, Infallible>(Response::new(String::new()));
        let server = tokio::spawn(serve(listener, answer, pending()));
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
}
