//! As much of HTTP/1.1 as the SDK and the runtime speak with their servers.

use std::io::{self, BufRead, Error, ErrorKind, Read as _, Write};

pub struct Request {
    /// `GET /path HTTP/1.1`.
    pub line: String,
    pub body: Vec<u8>,
}

/// `None` where the client has gone.
pub fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let line = line(stream)?;
    if line.is_empty() {
        return Ok(None);
    }
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let header = self::line(stream)?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(broken)?;
        }
        is_chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
    }
    let mut body = vec![];
    if is_chunked {
        while let size @ 1.. = u64::from_str_radix(&self::line(stream)?, 16).map_err(broken)? {
            stream.by_ref().take(size).read_to_end(&mut body)?;
            self::line(stream)?;
        }
        self::line(stream)?;
    } else {
        stream.by_ref().take(length).read_to_end(&mut body)?;
    }
    Ok(Some(Request { line, body }))
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidData, error)
}

/// Answers in one write. `head` has the status, and all headers but the length.
pub fn answer(stream: &mut impl Write, head: &str, body: &[u8]) -> io::Result<()> {
    let mut answer =
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    stream.write_all(&answer)?;
    stream.flush()
}
