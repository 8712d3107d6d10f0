//! `cargo xtask bench store`.

use crate::clients::Task;
use crate::load::{self, LoadReport};
use crate::nginx::Nginx;
use crate::python_tuf::PythonTuf;
use crate::sample::Sample;
use crate::wire::Wire;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tuf_client::{Client, DirectoryStore, HttpRepository, Poll, UtcTime, Validator, initialise};

/// The programs that are compared; each is the same loop over another library.
pub struct Programs<'a> {
    /// `refresh-loop` of this crate, as a device would have it built.
    pub ours: &'a Path,
    /// `tough-loop`, unless it is left out.
    pub tough: Option<&'a Path>,
    /// The reference implementation.
    pub python: &'a PythonTuf,
}

/// What was measured, all in one run on one machine.
#[derive(Clone, Debug, Serialize)]
pub struct StoreReport {
    /// Processor time from the first root to a verified target, in microseconds.
    pub cpu_micros: Comparison<u64>,
    /// How many times ours the others take.
    pub times_ours: Comparison<f64>,
    /// An idle poll of our client.
    pub idle_poll_bytes: IdlePoll,
    /// nginx under idle polls.
    pub nginx: LoadReport,
}

/// The same figure for each client.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Comparison<T> {
    /// tuf-client.
    pub ours: T,
    /// python-tuf.
    pub python_tuf: T,
    /// tough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tough: Option<T>,
}

/// The bytes of one conditional request, headers and all.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IdlePoll {
    /// To the server.
    pub sent: usize,
    /// From the server.
    pub received: usize,
}

const POLLING: Duration = Duration::from_secs(5);

/// Makes a store with forty snaps, serves it with nginx, and measures. Each client goes
/// `rounds` times from the first root to the last snap, of 256 KiB.
///
/// # Errors
/// One of the others is not there, or one of the clients does not get to its target.
pub fn measure(image_keyring: &Path, programs: &Programs<'_>, rounds: u32) -> Result<StoreReport> {
    let sample = Sample::make(image_keyring)?;
    let nginx = Nginx::serve(&sample.layout().public())?;
    let address = format!("http://{}", nginx.address());
    let first_root = sample.first_root();
    let task = Task {
        address: &address,
        first_root: &first_root,
        target: &sample.target,
    };
    let tough = programs
        .tough
        .map(|program| task.by_program(program, rounds));
    let cpu_micros = Comparison {
        ours: task.by_program(programs.ours, rounds)?,
        python_tuf: task.by_python(programs.python, rounds)?,
        tough: tough.transpose()?,
    };
    let times = |micros: u64| micros as f64 / cpu_micros.ours.max(1) as f64;
    let (idle_poll_bytes, tag) = poll(&nginx, &first_root)?;
    Ok(StoreReport {
        times_ours: Comparison {
            ours: 1.0,
            python_tuf: times(cpu_micros.python_tuf),
            tough: cpu_micros.tough.map(times),
        },
        cpu_micros,
        idle_poll_bytes,
        nginx: load::measure(nginx.address(), &tag.0, POLLING)?,
    })
}

fn poll(nginx: &Nginx, first_root: &Path) -> Result<(IdlePoll, Validator)> {
    let directory = TempDir::new().context("cannot make a directory")?;
    let mut store = DirectoryStore::new(directory.path());
    initialise(&mut store, &fs::read(first_root)?).map_err(anyhow::Error::new)?;
    let now = UtcTime::of_this_machine();
    let client = |address| {
        let address = format!("http://{address}/metadata");
        let repository = HttpRepository::new(&address, &address);
        Client::new(DirectoryStore::new(directory.path()), repository, now)
    };
    let mut first = client(nginx.address())?;
    first.refresh()?;
    let tag = first
        .validator()
        .cloned()
        .context("nginx gave no entity tag")?;
    let wire = Wire::to(nginx.address())?;
    let mut second = client(wire.address())?;
    let polled = second.poll(&tag)?;
    drop(second);
    ensure!(polled == Poll::Unchanged, "an idle poll found news");
    let traffic = wire.traffic()?;
    let bytes = IdlePoll {
        sent: traffic.sent.len(),
        received: traffic.received.len(),
    };
    Ok((bytes, tag))
}

impl fmt::Display for StoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "refresh, verify, download: processor time of a round")?;
        let (micros, times) = (&self.cpu_micros, &self.times_ours);
        writeln!(f, "  tuf-client  {:>8} us", micros.ours)?;
        writeln!(
            f,
            "  python-tuf  {:>8} us  {:.1} times ours",
            micros.python_tuf, times.python_tuf
        )?;
        match (micros.tough, times.tough) {
            (Some(micros), Some(times)) => {
                writeln!(f, "  tough       {micros:>8} us  {times:.1} times ours")?;
            }
            _ => writeln!(f, "  tough       was left out")?,
        }
        let poll = &self.idle_poll_bytes;
        writeln!(
            f,
            "idle poll: {} bytes sent, {} received",
            poll.sent, poll.received
        )?;
        write!(
            f,
            "nginx: {:.0} idle polls in a second, {:.0} times a million devices that poll hourly",
            self.nginx.polls_per_sec, self.nginx.times_a_million_hourly
        )
    }
}
