//! Connections of this process to itself: through memory, so that its own calls need neither ports nor files, and
//! strangers' connections never keep them out.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::mpsc;
use tower::Service;

/// Bytes on the way in one direction.
const BUFFER: usize = 64 * 1024;

/// The side that is called.
pub struct Calls(mpsc::UnboundedReceiver<DuplexStream>);

/// The side that calls: a connector for an HTTP client. Clones call the same.
#[derive(Debug, Clone)]
pub struct Connector(mpsc::UnboundedSender<DuplexStream>);

/// The two sides. What is called before somebody answers waits.
pub fn line() -> (Connector, Calls) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Connector(sender), Calls(receiver))
}

impl Calls {
    pub(super) async fn next(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Caller>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _address: Uri) -> Self::Future {
        let (near, far) = duplex(BUFFER);
        // Where nobody answers any more, the connection is closed.
        let _ = self.0.send(far);
        ready(Ok(TokioIo::new(Caller(near))))
    }
}

/// The caller's end of a connection.
#[derive(Debug)]
pub struct Caller(DuplexStream);

impl Connection for Caller {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Caller {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Caller {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
