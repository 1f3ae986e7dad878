//! How many connections and how much memory the process may have, by what the system gives it.

use std::sync::Arc;

use local_aws::connections::limits::{Connections, Limits};
use local_aws::connections::memory::Memory;
use local_aws::gateway::BodyMemory;

use crate::options::Options;

/// Files that are open besides those of connections: databases, listeners, the folders.
const OWN_FILES: usize = 64;
/// How many files a connection may need: itself, the body of an object, a connection to a MySQL or to `cargo lambda
/// watch`, and one more that is about to be closed.
const FILES_OF_A_CONNECTION: usize = 4;
/// The most connections, each of which takes some 20 KiB of memory.
const MOST_CONNECTIONS: usize = 4_096;

/// What all listeners share.
#[derive(Clone)]
pub struct Budget {
    pub limits: Limits,
    pub connections: Arc<Connections>,
    /// The memory for the bodies of requests to the site.
    pub site_memory: BodyMemory,
    /// The memory for what other programs ask of S3 and the Data API, so that these do not wait for the site.
    pub program_memory: Memory,
}

impl Budget {
    /// The budget by the flags, and by how many files the process may open: the soft limit is raised as far as it can
    /// be.
    pub fn of(options: &Options) -> Self {
        let files = open_files().saturating_sub(OWN_FILES);
        let in_all = (files / FILES_OF_A_CONNECTION).clamp(8, MOST_CONNECTIONS);
        let limits = Limits {
            in_all,
            per_address: (in_all / 8).max(8),
            proxies: options.trusted_proxy.into_iter().collect(),
        };
        let memory = usize::from(options.body_memory) * 1024 * 1024;
        Self {
            connections: Connections::within(limits.clone()),
            limits,
            site_memory: BodyMemory::of(memory / 4 * 3),
            program_memory: Memory::of(memory / 4),
        }
    }
}

/// Raises the soft limit of open files to the hard one, and says what it is now.
#[cfg(unix)]
fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let enough = (OWN_FILES + MOST_CONNECTIONS * FILES_OF_A_CONNECTION) as u64;
    let before = limit.current.unwrap_or(enough);
    let raise = |wanted: &u64| {
        let raised = Rlimit {
            current: Some(*wanted),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised).is_ok()
    };
    // Some systems refuse more than 10,240 files whatever the hard limit is.
    let now = [enough, 10_240]
        .map(|wanted| limit.maximum.unwrap_or(wanted).min(wanted))
        .into_iter()
        .filter(|wanted| *wanted > before)
        .find(raise)
        .unwrap_or(before);
    usize::try_from(now).unwrap_or(usize::MAX)
}

/// Without a limit: where there is no `setrlimit`, sockets are not counted among files.
#[cfg(not(unix))]
fn open_files() -> usize {
    usize::MAX
}
