//! Notices of a running board, by webhook: in a network without a way out, in which the public hosts are this test's own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use support::corkboard::{Addresses, alone};
use tempfile::TempDir;

use crate::parts::namespace::Network;

const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOSTS: [(&str, &str); 5] = [
    ("hook.example", "8.8.8.8"),
    ("another.example", "8.8.8.8"),
    ("inside.example", "10.0.0.1"),
    ("both.example", "8.8.8.8"),
    ("both.example", "10.0.0.1"),
];

/// What a host was asked: the head and the body.
type Asked = (String, String);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// TLS with a certificate for `names`.
fn config(names: &[&str], authority: &Authority) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap();
    let certificate = certificate.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    Arc::new(config.unwrap())
}

/// A host by https that leads to `inside.example` whoever asks for `/to`.
fn host(address: &str, config: Arc<ServerConfig>) -> Receiver<Asked> {
    let listener = TcpListener::bind((address, 443)).unwrap();
    let (sender, asked) = channel();
    // It ends with the process, which is this test's alone.
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(tls, tcp.unwrap()));
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap_or(0) > 0 {}
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let answer = if head.contains(" /to ") {
                "302 Found\r\nLocation: https://inside.example/"
            } else {
                "204 No Content"
            };
            if stream.read_exact(&mut body).is_ok() {
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.get_mut().write_all(answer.as_bytes());
            }
            let _ = sender.send((head, String::from_utf8(body).unwrap()));
        }
    });
    asked
}

/// A board that sends notices.
struct Board {
    process: Child,
    site: String,
    folder: TempDir,
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Board {
    fn start(authority: &Authority, configure: impl FnOnce(&mut Command, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (errors, trusted) = (folder.path().join("stderr"), folder.path().join("ca.pem"));
        fs::write(&trusted, authority.pem()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_corkboard"));
        alone(&mut command, folder.path())
            .env("SSL_CERT_FILE", trusted)
            .env("PUBLIC_BASE_URL", "https://board.example");
        configure(&mut command, folder.path());
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let site = Addresses::told(stdout, &errors, true).site;
        Self {
            process,
            site,
            folder,
        }
    }

    fn with_webhook(url: &str, authority: &Authority) -> Self {
        Self::start(authority, |command, _| {
            command
                .env("NOTICE_WEBHOOK_URL", url)
                .env("NOTICE_WEBHOOK_SECRET", SECRET);
        })
    }

    async fn post(&self) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = http.post(format!("{}/api/messages", self.site));
        let posted = post.json(&json!({"text": "the text is nobody's business"}));
        assert_eq!(posted.send().await.unwrap().status(), 201);
    }

    /// Why the notice could not be sent, when that is known.
    async fn failure(&self) -> String {
        let failed = async {
            loop {
                let log = fs::read_to_string(self.folder.path().join("stderr")).unwrap();
                let line = log
                    .lines()
                    .find(|it| it.contains("a notice could not be sent"));
                if let Some(line) = line {
                    return line.to_owned();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, failed).await.unwrap()
    }
}

#[test]
fn a_notice_goes_to_a_public_host_signed_and_to_no_other() {
    let network = Network {
        addresses: &["8.8.8.8", "10.0.0.1"],
        names: &HOSTS,
    };
    network.run(async {
        let authority = authority();
        let names = ["hook.example", "both.example", "inside.example"];
        let public = host("8.8.8.8", config(&names, &authority));
        let inside = host("10.0.0.1", config(&names, &authority));

        let board = Board::with_webhook("https://hook.example/a?b=c", &authority);
        board.post().await;
        let (head, body) = public.recv_timeout(PATIENCE).unwrap();
        assert!(head.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{head}");
        for header in [
            "host: hook.example",
            "webhook-id: msg_",
            "webhook-signature: v1,",
        ] {
            assert!(head.contains(&format!("\r\n{header}")), "{head}");
        }
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            told["data"],
            json!({"new": 1, "held": 0, "url": "https://board.example/"})
        );
        drop(board);

        for (url, reason) in [
            ("https://inside.example/hidden", "not public"),
            ("https://both.example/hidden", "not public"),
            ("https://hook.example/to", "answered 302"),
            ("https://another.example/hidden", "no connection"),
        ] {
            let board = Board::with_webhook(url, &authority);
            board.post().await;
            let failure = board.failure().await;
            assert!(failure.contains(reason), "{url}: {failure}");
            let log = fs::read_to_string(board.folder.path().join("stderr")).unwrap();
            for secret in ["hidden", "example", SECRET] {
                assert!(!log.contains(secret), "{secret}: {log}");
            }
        }
        assert!(inside.try_recv().is_err(), "it was never asked");
    });
}

/// A mail server that speaks TLS from the first byte or not at all, and what it was told line by line.
fn mail_server(port: u16, tls: Option<Arc<ServerConfig>>) -> Receiver<String> {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (sender, told) = channel();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let tcp = tcp.unwrap();
            match &tls {
                Some(config) => {
                    let tls = ServerConnection::new(Arc::clone(config)).unwrap();
                    take_mail(StreamOwned::new(tls, tcp), &sender);
                }
                None => take_mail(tcp, &sender),
            }
        }
    });
    told
}

fn take_mail(stream: impl std::io::Read + std::io::Write, told: &Sender<String>) {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 mail.example";
    let mut is_text = false;
    loop {
        if !answer.is_empty() {
            let _ = write!(stream.get_mut(), "{answer}\r\n");
            let _ = stream.get_mut().flush();
        }
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        answer = match line.get(..4).unwrap_or(&line) {
            "." => {
                is_text = false;
                "250 taken"
            }
            _ if is_text => "",
            "EHLO" => "250-mail.example\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => {
                is_text = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let _ = told.send(line);
    }
}

#[test]
fn mail_goes_by_tls_with_the_password_of_a_file_and_never_without() {
    let network = Network {
        addresses: &[],
        names: &[("mail.example", "127.0.0.1")],
    };
    network.run(async {
        let authority = authority();
        let by_tls = mail_server(465, Some(config(&["mail.example"], &authority)));
        let without = mail_server(587, None);
        let by_mail = |server: &str| {
            let server = server.to_owned();
            Board::start(&authority, move |command, folder| {
                let password = folder.join("password");
                fs::write(&password, "hunter2\n").unwrap();
                command
                    .env("CORKBOARD_NOTICE_SMTP", server)
                    .env("CORKBOARD_NOTICE_FROM", "board@board.example")
                    .env("CORKBOARD_NOTICE_TO", "ada@board.example")
                    .env("CORKBOARD_NOTICE_SMTP_PASSWORD_FILE", password);
            })
        };
        let board = by_mail("smtps://ada@mail.example");
        board.post().await;
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != ".") {
            lines.push(by_tls.recv_timeout(PATIENCE).unwrap());
        }
        // "\0ada\0hunter2"
        for expected in [
            "AUTH PLAIN AGFkYQBodW50ZXIy",
            "RCPT TO:<ada@board.example>",
            "Subject: 1 new message",
            "https://board.example/",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{lines:?}");
        }
        drop(board);

        // A server that does not offer TLS is told nothing.
        let board = by_mail("smtp+starttls://ada@mail.example");
        board.post().await;
        board.failure().await;
        for line in without.try_iter() {
            assert!(line.starts_with("EHLO") || line == "QUIT", "{line}");
        }
    });
}

#[test]
fn wrong_settings_are_one_clear_line() {
    for (settings, expected) in [
        (
            &[("NOTICE_WEBHOOK_URL", "http://hook.example/hidden")][..],
            "corkboard: NOTICE_WEBHOOK_URL is malformed: expected an https URL of a public host, without user and password\n",
        ),
        (
            &[
                ("NOTICE_WEBHOOK_URL", "https://hook.example/hidden"),
                ("NOTICE_WEBHOOK_FORM", "ntfy"),
                ("PUBLIC_BASE_URL", ""),
            ],
            "corkboard: PUBLIC_BASE_URL is missing: expected an http(s) URL without a trailing slash, to which notices lead\n",
        ),
        (
            &[
                ("CORKBOARD_NOTICE_SMTP", "smtps://ada:hidden@mail.example"),
                ("CORKBOARD_NOTICE_FROM", "a@b.example"),
                ("CORKBOARD_NOTICE_TO", "a@b.example"),
            ],
            "corkboard: --notice-smtp has a password in it: give it by --notice-smtp-password-file or CORKBOARD_NOTICE_SMTP_PASSWORD\n",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_corkboard"));
        let command = alone(&mut command, folder.path());
        let ended = command
            .env("PUBLIC_BASE_URL", "https://board.example")
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), expected);
    }
}
