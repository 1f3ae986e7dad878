//! Pictures are decoded in a process of their own, which has limits of memory and time: a decoder that a picture breaks
//! ends that process, and not the board.

use std::io::{self, Read as _, Write as _};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use media::Small;
use pixels::Original;
use small_pictures::{Decoder, Made, NotMade, Wanted, decode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How many pictures are decoded at the same time: each on a processor, and each takes memory.
const MOST_AT_ONCE: usize = 2;
/// How much of a processor's time a picture may take, in seconds.
#[cfg(unix)]
const PROCESSOR_SECONDS: u64 = 15;
/// Within what time a picture must have found and used a processor, as in Lambda.
const PATIENCE: Duration = Duration::from_secs(18);
/// The most address space of a decoder, in bytes: the largest picture that the board takes needs some 600 MB.
#[cfg(unix)]
const MEMORY: u64 = 1_536 * 1024 * 1024;
/// All small versions of a picture together are no larger, in bytes.
const MOST_MADE: u64 = 64 * 1024 * 1024;
/// The number that stands for the link preview in place of a version's width.
const LINK_PREVIEW: u32 = 0;

/// Decodes by `corkboard decode-picture`. Clones share the limit of pictures at the same time.
#[derive(Debug, Clone)]
pub struct Child(Arc<Semaphore>);

impl Child {
    /// A decoder of as many pictures at the same time as there are processors, and of two at most.
    pub fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors.min(MOST_AT_ONCE))))
    }
}

impl Decoder for Child {
    fn decode(
        &self,
        original: Original,
        wanted: Wanted,
    ) -> BoxFuture<'static, Result<Vec<Made>, NotMade>> {
        let places = Arc::clone(&self.0);
        async move {
            let made = async {
                let _place = places.acquire().await.map_err(busy)?;
                let (status, made) = in_child(original.bytes().clone(), wanted)
                    .await
                    .map_err(busy)?;
                if !status.success() {
                    let cause = format!("the decoder ended: {status}");
                    return Err(NotMade::Undecodable(cause));
                }
                let broken = || NotMade::Undecodable("the decoder's answer is broken".to_owned());
                parse(made).ok_or_else(broken)
            };
            // This is for a decoder that waits for a processor: one that takes too much of its time ends by its own
            // limit before.
            timeout(PATIENCE, made).await.map_err(busy)?
        }
        .boxed()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn busy(cause: impl ToString) -> NotMade {
    NotMade::Busy(cause.to_string())
}

async fn in_child(original: Bytes, wanted: Wanted) -> io::Result<(ExitStatus, Bytes)> {
    let mut command = Command::new(this_program()?);
    command.arg("decode-picture").env_clear().kill_on_drop(true);
    if wanted == Wanted::LinkPreview {
        command.arg("--link-preview");
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the decoder has no pipes"));
    };
    let send = async move {
        // A decoder that reads no further, or died, says why by its exit status.
        let _ = input.write_all(&original).await;
    };
    let mut made = Vec::new();
    let mut output = output.take(MOST_MADE);
    let ((), read) = tokio::join!(send, output.read_to_end(&mut made));
    read?;
    Ok((child.wait().await?, made.into()))
}

/// The path of this program as it runs, also where its file was replaced meanwhile.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn this_program() -> io::Result<std::path::PathBuf> {
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
fn this_program() -> io::Result<std::path::PathBuf> {
    std::env::current_exe()
}

/// Each version as its width, its length, and its bytes.
fn parse(mut made: Bytes) -> Option<Vec<Made>> {
    let mut all = Vec::new();
    while made.has_remaining() {
        let width = made.try_get_u32().ok()?;
        let length = usize::try_from(made.try_get_u32().ok()?).ok()?;
        let small = match width {
            LINK_PREVIEW => Small::LinkPreview,
            width => Small::Width(width),
        };
        if length > made.remaining() {
            return None;
        }
        let bytes = made.split_to(length);
        all.push(Made { small, bytes });
    }
    Some(all)
}

/// `corkboard decode-picture`: an original on standard input, its small versions on standard output.
pub fn run(is_link_preview: bool) -> Result<(), String> {
    limit().map_err(|error| error.to_string())?;
    give_way();
    let mut original = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut original);
    read.map_err(|error| error.to_string())?;
    let original = Original::inspect(original.into()).map_err(|error| error.to_string())?;
    let wanted = if is_link_preview {
        Wanted::LinkPreview
    } else {
        Wanted::Widths
    };
    let made = decode(&original, wanted).map_err(|error| error.to_string())?;
    let mut output = io::stdout().lock();
    let mut written = made.iter().map(|Made { small, bytes }| {
        let width = match small {
            Small::Width(width) => *width,
            Small::LinkPreview => LINK_PREVIEW,
        };
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        output.write_all(&width.to_be_bytes())?;
        output.write_all(&length.to_be_bytes())?;
        output.write_all(bytes)
    });
    let written: io::Result<()> = written.by_ref().collect();
    written.map_err(|error| error.to_string())
}

/// Limits this process, before it decodes a stranger's picture: its memory and its time; and it may open no files,
/// write none, and leave no core.
#[cfg(unix)]
fn limit() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    for (resource, most) in [
        (Resource::As, MEMORY),
        (Resource::Core, 0),
        (Resource::Cpu, PROCESSOR_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

/// Lowers this process's priority: the board's answers come before pictures that are to be made.
#[cfg(unix)]
fn give_way() {
    /// How nice this process is, of 19 at most.
    const NICE: i32 = 5;
    // The decoder works as well at the priority that it has.
    let _ = rustix::process::nice(NICE);
}

#[cfg(not(unix))]
fn give_way() {}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
fn limit() -> io::Result<()> {
    Ok(())
}
