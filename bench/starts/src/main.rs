//! Starts the functions as Lambda does, many times and in turns with a function that does nothing, and prints as
//! JSON what each start took: `starts FOLDER ROUNDS`, where `FOLDER` has `<function>/bootstrap`; `starts FOLDER ROUNDS
//! FUNCTION` looks at that one alone.
//!
//! - [`lambda`]: the environment and the runtime API, and the clock;
//! - [`services`]: what stands for S3;
//! - [`http`]: what both speak.
//!
//! Plain threads, each waiting for one socket: what is measured are single milliseconds.

mod http;
mod lambda;
mod services;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use lambda::{Lambda, Start};
use serde_json::{Value, json};
use services::{BUCKET, MESSAGE, NEW_BUCKET, Services};

/// The first rounds read the programs from the disk.
const WARMING: usize = 3;

/// A function, and what it is started for.
struct Case {
    name: &'static str,
    function: &'static str,
    /// The event that the function is handed; without one a start is over with the first `/next`.
    event: Option<String>,
    /// Where it finds the authorities that it trusts; nowhere means the system's own place.
    trust: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().collect();
    let [_, folder, rounds, only @ ..] = &arguments[..] else {
        return Err("starts FOLDER ROUNDS [FUNCTION]".into());
    };
    let (services, lambda) = (Services::start()?, Lambda::new()?);
    let trust = tempfile::tempdir()?;
    let mut cases = cases(&services, trust.path())?;
    cases.retain(|case| only.is_empty() || only.iter().any(|name| name == case.function));
    let mut seen: Vec<_> = cases.iter().map(|_| Seen::default()).collect();
    for round in 0..WARMING + rounds.parse::<usize>()? {
        for (case, seen) in cases.iter().zip(&mut seen) {
            let start = |function, event| {
                lambda.start(
                    &Path::new(folder).join(function).join("bootstrap"),
                    &settings(case, &services),
                    event,
                )
            };
            let hello = case.event.as_ref().map(|_| get("/api/hello"));
            let hello = start("hello", hello.as_deref())?;
            services.used();
            let ours = start(case.function, case.event.as_deref())?;
            let used = services.used();
            if round >= WARMING {
                seen.take(case, used, hello, ours)?;
            }
        }
    }
    let seen = cases.iter().zip(seen);
    let seen: Vec<_> = seen.map(|(case, seen)| seen.json(case)).collect();
    println!("{}", Value::from(seen));
    Ok(())
}

/// What is measured.
fn cases(services: &Services, folder: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let one = folder.join("one.pem");
    fs::write(&one, &services.authority)?;
    // A file with as many authorities as a system trusts: Lambda's own, and this machine's, are some 140.
    let many = folder.join("many.pem");
    let system = fs::read_to_string("/etc/ssl/certs/ca-certificates.crt")?;
    fs::write(&many, system + &services.authority)?;

    let case = |name, function, event: Option<String>, trust: &Path| Case {
        name,
        function,
        trust: event.is_some().then(|| trust.to_owned()),
        event,
    };
    let message = || Some(get(&format!("/api/messages/{MESSAGE}")));
    let picture = |bucket| Some(picture_came(bucket));
    Ok(vec![
        case("next", "message-board", None, &one),
        case("next", "sync-s3-bucket", None, &one),
        case("next", "small-pictures", None, &one),
        case("next", "migrate-database", None, &one),
        case("one message", "message-board", message(), &one),
        case(
            "one message, many authorities",
            "message-board",
            message(),
            &many,
        ),
        case(
            "first page",
            "message-board",
            Some(get("/api/messages")),
            &one,
        ),
        case(
            "carrousel",
            "message-board",
            Some(get("/api/carrousel.json")),
            &one,
        ),
        case("repeated event", "sync-s3-bucket", picture(BUCKET), &one),
        case(
            "repeated event, many authorities",
            "sync-s3-bucket",
            picture(BUCKET),
            &many,
        ),
        case("first picture", "sync-s3-bucket", picture(NEW_BUCKET), &one),
    ])
}

/// The function's settings, as `template.yaml` has them.
fn settings(case: &Case, services: &Services) -> Vec<(&'static str, String)> {
    let arn = |what| format!("arn:aws:{what}:eu-central-1:123456789012:{what}:board");
    let mut settings = vec![
        ("AWS_ENDPOINT_URL_RDS_DATA", services.url.clone()),
        ("AWS_ENDPOINT_URL_S3", services.url.clone()),
        (
            "BOARD_SECRET",
            "for a benchmark only: never deploy this".into(),
        ),
        ("DATABASE_CLUSTER_ARN", arn("rds")),
        ("DATABASE_NAME", "corkboard".into()),
        ("DATABASE_SECRET_ARN", arn("secretsmanager")),
        ("DATABASE_USER_SECRET_ARN", arn("secretsmanager")),
        ("MEDIA_BUCKET", BUCKET.into()),
        ("ORIGIN_SECRET", "for a benchmark only, too".into()),
        ("PUBLIC_BASE_URL", String::new()),
        ("RUST_LOG", "info".into()),
    ];
    if let Some(trust) = &case.trust {
        settings.push(("SSL_CERT_FILE", trust.display().to_string()));
    }
    settings
}

/// A request, as API Gateway hands it on.
fn get(path: &str) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {
            "accept": "*/*", "content-length": "0", "host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "user-agent": "curl/8.14.1", "x-forwarded-for": "203.0.113.9", "x-forwarded-port": "443",
            "x-forwarded-proto": "https", "x-amzn-trace-id": "Root=1-6b02bd20-3f1c5b7a4e8d9f0011223340",
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abcdefghij", "domainPrefix": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9",
                "userAgent": "curl/8.14.1"},
            "requestId": "UfXbMh0zliAEPxw=", "routeKey": "$default", "stage": "$default",
            "time": "22/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_341_600_317_u64,
        },
        "isBase64Encoded": false,
    })
    .to_string()
}

/// An event of S3's.
fn picture_came(bucket: &str) -> String {
    json!({"Records": [{
        "eventVersion": "2.5", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
        "eventTime": "2026-11-22T10:01:07.137Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLEUSERIDABCD"},
        "requestParameters": {"sourceIPAddress": "203.0.113.9"},
        "responseElements": {"x-amz-request-id": "6B86B273FF34FCE1", "x-amz-id-2": "R/BdNnsMMuQ4+2Pmz0pfNcKqL5Dc"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "4f6f1c1e-2c1b-4a44-9f0e-7d2a1b3c5e6f",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": "images/bridge.jpg", "size": 1464, "eTag": "5f363e0e58a95f06cbe9bbc662c5dfb6",
                "sequencer": "006B02BD00001EEF"},
        },
    }]})
    .to_string()
}

/// What the rounds of a case took.
#[derive(Default)]
struct Seen {
    hello: Times,
    ours: Times,
    /// Calls and connections of one start.
    used: (usize, usize),
}

#[derive(Default)]
struct Times {
    next: Vec<f64>,
    answer: Vec<f64>,
    memory: Vec<f64>,
    processor: Vec<f64>,
}

impl Seen {
    fn take(
        &mut self,
        case: &Case,
        used: (usize, usize),
        hello: Start,
        ours: Start,
    ) -> Result<(), Box<dyn Error>> {
        self.used = used;
        self.hello.take(&hello);
        self.ours.take(&ours);
        for (function, start) in [("hello", hello), (case.function, ours)] {
            let Some(answer) = start.answer else { continue };
            // An event is answered with `null`, a request with a status.
            if answer.body != "null" && !answer.body.contains("\"statusCode\":200") {
                return Err(format!("{function}, {}: {}", case.name, answer.body).into());
            }
        }
        Ok(())
    }

    fn json(self, case: &Case) -> Value {
        json!({"case": case.name, "function": case.function, "calls": self.used.0, "connections": self.used.1,
            "hello": self.hello.json(), "ours": self.ours.json()})
    }
}

impl Times {
    fn take(&mut self, start: &Start) {
        self.next.push(start.next);
        if let Some(answer) = &start.answer {
            self.answer.push(answer.time);
            self.memory.push(answer.memory);
            self.processor.push(answer.processor);
        }
    }

    fn json(self) -> Value {
        json!({"next": self.next, "answer": self.answer, "memory": self.memory, "processor": self.processor})
    }
}
