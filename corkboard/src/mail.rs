//! Notices by mail, through a server that is spoken to by TLS alone.

use std::fs;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use notify::{Channel, NotSent, Notice};
use percent_encoding::percent_decode_str;
use settings::{environment, optional};
use url::Url;

use crate::options::Notices;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How long each step of the conversation with the server may take; for the whole of it, notify has a limit.
const STEP: Duration = Duration::from_secs(8);
const PASSWORD: &str = "CORKBOARD_NOTICE_SMTP_PASSWORD";

/// Mail to the operator.
pub struct Mail {
    transport: Transport,
    from: Mailbox,
    to: Mailbox,
}

impl Mail {
    /// The channel that the flags ask for; `None` where they name no server. No error shows a password.
    pub fn by(options: &Notices) -> Result<Option<Self>, String> {
        let (Some(server), Some(from), Some(to)) = (&options.smtp, &options.from, &options.to)
        else {
            return Ok(None);
        };
        let mailbox = |flag: &str, address: &str| {
            let expected = "expected an address, such as board@example.org";
            let mailbox = address.parse::<Mailbox>();
            mailbox.map_err(|_| format!("{flag} is malformed: {expected}"))
        };
        Ok(Some(Self {
            transport: transport(server, options)?,
            from: mailbox("--notice-from", from)?,
            to: mailbox("--notice-to", to)?,
        }))
    }

    fn message(&self, notice: &Notice, board: &str) -> Result<Message, lettre::error::Error> {
        let text = notice.text();
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            // The notice's id is in it, so that whoever gets the same notice twice can tell.
            .message_id(Some(format!("<{}@{domain}>", notice.id)))
            .subject(&text)
            .body(format!("{text}\r\n\r\n{}\r\n", notice.link(board)))
    }
}

fn transport(server: &str, options: &Notices) -> Result<Transport, String> {
    const EXPECTED: &str =
        "--notice-smtp is malformed: expected smtps://user@host or smtp+starttls://user@host";
    let url = Url::parse(server).map_err(|_| EXPECTED)?;
    if url.password().is_some() {
        return Err(format!(
            "--notice-smtp has a password in it: give it by --notice-smtp-password-file or {PASSWORD}"
        ));
    }
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or(EXPECTED)?;
    let builder = match url.scheme() {
        "smtps" => Transport::relay(host),
        "smtp+starttls" => Transport::starttls_relay(host),
        _ => return Err(EXPECTED.into()),
    };
    let mut builder = builder.map_err(|_| EXPECTED)?.timeout(Some(STEP));
    if let Some(port) = url.port() {
        builder = builder.port(port);
    }
    let user = percent_decode_str(url.username()).decode_utf8();
    let user = user.map_err(|_| EXPECTED)?.into_owned();
    if !user.is_empty() {
        builder = builder.credentials(Credentials::new(user, password(options)?));
    }
    Ok(builder.build())
}

fn password(options: &Notices) -> Result<String, String> {
    let Some(file) = &options.password_file else {
        return optional(&environment, PASSWORD).ok_or_else(|| {
            format!("the mail server's password is missing: give --notice-smtp-password-file or {PASSWORD}")
        });
    };
    let read = fs::read_to_string(file);
    let read = read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(read.trim_end_matches(['\r', '\n']).to_owned())
}

#[async_trait]
impl Channel for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    async fn send(&self, notice: &Notice, board: &str) -> Result<(), NotSent> {
        let message = self.message(notice, board);
        let message = message.map_err(|_| NotSent::because("it cannot be written"))?;
        let sent = self.transport.send(message).await;
        sent.map(|_| ())
            .map_err(|error| NotSent::because(reason(&error)))
    }
}

/// Why a mail was not sent. The server's own words are left out, since they may have addresses in them.
fn reason(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_tls() => "the mail server and TLS do not agree".to_owned(),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None => "the mail server is not reached".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::options::Options;

    fn by(arguments: &[&str]) -> Result<Option<Mail>, String> {
        Mail::by(&Options::parse_from([&["corkboard"], arguments].concat()).notices)
    }

    #[tokio::test]
    async fn without_a_server_no_mail_is_sent() {
        assert!(by(&[]).unwrap().is_none());
    }

    #[tokio::test]
    async fn wrong_flags_are_one_clear_line_without_the_password() {
        let with = |server, from, to| {
            by(&[
                "--notice-smtp",
                server,
                "--notice-from",
                from,
                "--notice-to",
                to,
            ])
            .err()
            .unwrap()
        };
        let (from, to) = ("board@example.org", "ada@example.org");
        for (error, expected) in [
            (
                with("smtp://mail.example.org", from, to),
                "--notice-smtp is malformed",
            ),
            (
                with("mail.example.org:465", from, to),
                "--notice-smtp is malformed",
            ),
            (
                with("smtps://ada:hidden@mail.example.org", from, to),
                "--notice-smtp has a password",
            ),
            (
                with("smtps://ada@mail.example.org", from, to),
                "the mail server's password is missing",
            ),
            (
                with("smtps://mail.example.org", "board", to),
                "--notice-from is malformed",
            ),
            (
                with("smtps://mail.example.org", from, "a b"),
                "--notice-to is malformed",
            ),
        ] {
            assert!(error.starts_with(expected), "{error}");
            assert!(
                !error.contains("hidden") && !error.contains('\n'),
                "{error}"
            );
        }
        let alone = Options::try_parse_from(["corkboard", "--notice-smtp", "smtps://a@b"]);
        assert!(alone.is_err());
    }

    #[tokio::test]
    async fn a_mail_counts_leads_to_the_board_and_is_known_by_its_notice() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "secret\n").unwrap();
        let mail = by(&[
            "--notice-smtp",
            "smtp+starttls://ada%40example.org@mail.example.org:2525",
            "--notice-from",
            "Corkboard <board@example.org>",
            "--notice-to",
            "ada@example.org",
            "--notice-smtp-password-file",
            file.to_str().unwrap(),
        ]);
        let notice = serde_json::from_str(r#"{"id": "msg_1", "new": 12, "held": 3, "made": 0}"#);
        let message = mail.unwrap().unwrap();
        let message = message
            .message(&notice.unwrap(), "https://board.example")
            .unwrap();
        let message = String::from_utf8(message.formatted()).unwrap();
        for line in [
            "From: Corkboard <board@example.org>",
            "To: ada@example.org",
            "Message-ID: <msg_1@example.org>",
            "Subject: 12 new messages, 3 wait for you",
            "https://board.example/#moderate",
        ] {
            assert!(message.contains(&format!("{line}\r\n")), "{message}");
        }
    }
}
