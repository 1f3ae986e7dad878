//! S3: it answers at once, over TLS, what AWS would. Nothing that is measured asks the RDS Data API.

use std::error::Error;
use std::io::{self, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::http::{self, Request};

pub const BUCKET: &str = "corkboard.media";
/// A bucket whose carrousel has not been written yet.
pub const NEW_BUCKET: &str = "corkboard.new";
/// The oldest message of the board.
pub const MESSAGE: &str = "01KATQ8Z5W0000000000000000";

const PICTURES: usize = 20;
/// How many messages are listed for a page: its own, one more, and those that a page passes over where they are deleted.
const LISTED: usize = 41;
/// How many messages the first page has.
const PAGE: usize = 20;
const E_TAG: &str = "5f363e0e58a95f06cbe9bbc662c5dfb6";
/// Crockford's alphabet, in which ids are written.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const S3: &str = "x-amz-id-2: R/BdNnsMMuQ4+2Pmz0pfNcKqL5DcdUP4pBoPlc6KQKMTq1zzYTSiBoxMlpy1Dbd2\r\n\
    x-amz-request-id: 6B86B273FF34FCE1\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nServer: AmazonS3";

/// The services, and how they are used.
pub struct Services {
    /// `https://127.0.0.1:port`: what it takes to look a name up is not the function's.
    pub url: String,
    /// Who issued their certificate, in PEM.
    pub authority: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    calls: AtomicUsize,
}

impl Services {
    pub fn start() -> Result<Self, Box<dyn Error>> {
        let (authority, config) = certified()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let url = format!("https://127.0.0.1:{}", listener.local_addr()?.port());
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (counts, config) = (Arc::clone(&shared), Arc::clone(&config));
                // An error is the function's end.
                thread::spawn(move || serve(stream, config, &counts));
            }
        });
        Ok(Self {
            url,
            authority,
            counts,
        })
    }

    /// Calls and connections since it was asked last.
    pub fn used(&self) -> (usize, usize) {
        let Counts { connections, calls } = &*self.counts;
        (
            calls.swap(0, Ordering::SeqCst),
            connections.swap(0, Ordering::SeqCst),
        )
    }
}

/// The authority, and a server that it certified. Amazon's chain has one more between them, but of RSA, whose
/// signatures are verified faster than these of ECDSA.
fn certified() -> Result<(String, Arc<ServerConfig>), Box<dyn Error>> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &root)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![server.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    Ok((root.pem(), Arc::new(config)))
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    counts: &Counts,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let stream = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut stream = BufReader::new(stream);
    while let Some(request) = http::read(&mut stream)? {
        counts.calls.fetch_add(1, Ordering::SeqCst);
        answer(stream.get_mut(), &request)?;
    }
    Ok(())
}

fn answer(stream: &mut impl io::Write, request: &Request) -> io::Result<()> {
    let ok = |kind: &str| format!("200 OK\r\n{S3}\r\nContent-Type: {kind}");
    let object = |kind: &str| {
        format!(
            "{}\r\nETag: \"{E_TAG}\"\r\nAccept-Ranges: bytes\r\n\
             Last-Modified: Sun, 22 Nov 2026 09:00:00 GMT\r\nx-amz-server-side-encryption: AES256",
            ok(kind)
        )
    };
    let words: Vec<_> = request.line.split(['?', ' ', '&']).collect();
    let is_new = words[1].starts_with(&format!("/{NEW_BUCKET}"));
    let (head, body) = match words[0] {
        "PUT" => (object("text/plain"), String::new()),
        "GET" if words.contains(&"list-type=2") => (ok("application/xml"), listing(&words)),
        "GET" if words[1].ends_with("/board/newest.json") => {
            (object("application/json"), newest().to_string())
        }
        "GET" if words[1].ends_with(&message_key(MESSAGE)) => {
            (object("application/json"), published(MESSAGE).to_string())
        }
        "GET" if words[1].ends_with("/carrousel/carrousel.json") && !is_new => {
            let cached = "Cache-Control: public, max-age=0, s-maxage=1, stale-if-error=60";
            (
                format!("{}\r\n{cached}", object("application/json")),
                carrousel().to_string(),
            )
        }
        _ => (
            format!("404 Not Found\r\n{S3}\r\nContent-Type: application/xml"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
             <Message>The specified key does not exist.</Message></Error>"
                .into(),
        ),
    };
    http::answer(stream, &head, body.as_bytes())
}

fn keys() -> impl Iterator<Item = String> {
    (0..PICTURES).map(|n| format!("images/01KATQ8Z5W00000000000000{n:02}.jpg"))
}

fn listed(key: &str, size: u32) -> String {
    format!(
        "<Contents><Key>{key}</Key><LastModified>2026-11-22T09:00:00.000Z</LastModified>\
         <ETag>&quot;{E_TAG}&quot;</ETag><Size>{size}</Size>\
         <StorageClass>STANDARD</StorageClass></Contents>"
    )
}

/// A listing of the pictures, or of the newest messages, behind which there are more.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn listing(query: &[&str]) -> String {
    let of_messages = query.contains(&"prefix=board%2Fmessages%2F");
    let objects: Vec<_> = if of_messages {
        ids().map(|id| listed(&message_key(&id), 256)).collect()
    } else if query.contains(&"prefix=images%2F") {
        keys().map(|key| listed(&key, 102_400)).collect()
    } else {
        vec![]
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{BUCKET}</Name>\
         <Prefix></Prefix><KeyCount>{}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>\
         <IsTruncated>{of_messages}</IsTruncated>{}</ListBucketResult>",
        objects.len(),
        objects.concat()
    )
}

fn carrousel() -> Value {
    keys()
        .map(|key| json!({"url": format!("/{key}")}))
        .collect()
}

/// The ids of the messages that are listed, newest first.
fn ids() -> impl Iterator<Item = String> {
    (0..LISTED)
        .rev()
        .map(|n| format!("01KATQ8Z5W00000000000000{n:02}"))
}

/// The key of a message: each character of its id is the one that stands as far from the alphabet's other end.
fn message_key(id: &str) -> String {
    let mirrored = |character: u8| {
        let place = ALPHABET.iter().position(|&it| it == character);
        place.map_or('?', |place| {
            char::from(ALPHABET[ALPHABET.len() - 1 - place])
        })
    };
    let name: String = id.bytes().map(mirrored).collect();
    format!("board/messages/{name}.json")
}

/// A published message, in the shape that message-board writes.
fn published(id: &str) -> Value {
    json!({"id": id, "author": "Ada", "text": "hello ".repeat(10), "createdAt": "2025-11-24T10:00:00.000Z",
        "picture": {"alt": "a red bridge", "width": 1600, "height": 1200, "type": "image/jpeg"}})
}

/// The file of the newest messages, so that no body of the first page has to be asked for.
fn newest() -> Value {
    let messages = ids()
        .take(PAGE)
        .map(|id| json!({"eTag": format!("\"{E_TAG}\""), "message": published(&id)}));
    json!({"messages": messages.collect::<Vec<_>>()})
}
