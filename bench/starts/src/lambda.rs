//! Lambda, as a function sees it: an environment, and the runtime API.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::error::Error;
use std::fs;
use std::io::BufReader;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::http;

/// What one start of a function was seen to take.
pub struct Start {
    /// Milliseconds from just before it was started to its first `/next`.
    pub next: f64,
    /// What it answered to its first event, if it was given one.
    pub answer: Option<Answer>,
}

pub struct Answer {
    /// Milliseconds from the same moment to the whole answer.
    pub time: f64,
    /// The most memory that the function had until then, in MiB.
    pub memory: f64,
    /// What it used of the processors until then, in milliseconds.
    pub processor: f64,
    pub body: String,
}

pub struct Lambda {
    listener: TcpListener,
}

impl Lambda {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        })
    }

    /// Starts a function, hands it an event if there is one, and ends it.
    pub fn start(
        &self,
        program: &Path,
        settings: &[(&str, String)],
        event: Option<&str>,
    ) -> Result<Start, Box<dyn Error>> {
        let api = self.listener.local_addr()?.to_string();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .envs([
                ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLE12"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_FUNCTION_NAME", "corkboard"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "eu-central-1"),
                (
                    "AWS_SECRET_ACCESS_KEY",
                    "a secret of forty characters, not a real",
                ),
                ("AWS_SESSION_TOKEN", "a token, which is longer in Lambda"),
                ("RUST_BACKTRACE", "0"),
            ])
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let start = Instant::now();
        let mut function = command.spawn()?;
        let seen = self.serve(&mut function, start, event);
        function.kill()?;
        function.wait()?;
        seen
    }

    /// One connection after the other: the runtime asks one thing at a time. What was seen ends the function,
    /// before it can complain of a connection that is closed.
    fn serve(
        &self,
        function: &mut Child,
        start: Instant,
        event: Option<&str>,
    ) -> Result<Start, Box<dyn Error>> {
        let since = || start.elapsed().as_secs_f64() * 1e3;
        let mut next = None;
        loop {
            let (stream, _) = self.listener.accept()?;
            stream.set_nodelay(true)?;
            let mut stream = BufReader::new(stream);
            while let Some(request) = http::read(&mut stream)? {
                let now = since();
                match (next, event) {
                    (None, None) => {
                        function.kill()?;
                        return Ok(Start {
                            next: now,
                            answer: None,
                        });
                    }
                    (None, Some(event)) => {
                        next = Some(now);
                        http::answer(stream.get_mut(), &invocation()?, event.as_bytes())?;
                    }
                    (Some(next), _) => {
                        let answer = Answer {
                            time: now,
                            memory: memory(function)?,
                            processor: processor(function)?,
                            body: String::from_utf8(request.body)?,
                        };
                        function.kill()?;
                        if !request.line.contains("/response ") {
                            return Err(answer.body.into());
                        }
                        return Ok(Start {
                            next,
                            answer: Some(answer),
                        });
                    }
                }
            }
        }
    }
}

fn invocation() -> Result<String, Box<dyn Error>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 28_000;
    Ok(format!(
        "200 OK\r\nContent-Type: application/json\r\n\
         Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:corkboard\r\n\
         Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"
    ))
}

/// <https://docs.kernel.org/filesystems/proc.html>
fn memory(function: &Child) -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string(format!("/proc/{}/status", function.id()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.ok_or("no VmHWM")?.trim().trim_end_matches(" kB");
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}

/// The processor time of all threads of the function that have not ended.
fn processor(function: &Child) -> Result<f64, Box<dyn Error>> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{}/task", function.id()))? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        let running = times.split(' ').next().ok_or("no schedstat")?;
        nanoseconds += running.parse::<f64>()?;
    }
    Ok(nanoseconds / 1e6)
}
