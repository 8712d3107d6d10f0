//! Every system call of an update: the program is killed at it, or it fails once.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Programs;
use crate::account::Account;
use crate::device::Device;
use crate::judge::{Boots, judge};
use crate::root::{DeviceRoot, Ended};
use crate::server::{Server, honest};
use crate::trace::{Call, calls_of, is_reached};

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A sample, the same at each run.
    Everyday,
    /// Every call, with each of its errors.
    Full,
}

/// How many of each kind an everyday run takes.
const SAMPLE: usize = 60;
const WORKERS: usize = 2;
/// What touches files, the disk or the network.
const TRACED: &str = "trace=%file,%desc,%network";
/// Pauses are no part of what is tried.
const NO_PAUSES: &str = "inject=clock_nanosleep:retval=0";

/// What happens at a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Blow {
    Kill,
    Error(&'static str),
}

#[derive(Clone, Debug)]
struct Point {
    call: Call,
    blow: Blow,
}

/// What can go wrong with a call of that name.
fn errors_of(name: &str) -> &'static [&'static str] {
    match name {
        "write" | "pwrite64" => &["EIO", "ENOSPC"],
        "fsync" | "fdatasync" => &["EIO", "ENOSPC"],
        "open" | "openat" => &["EIO", "EMFILE"],
        "read" | "pread64" => &["EIO", "EINTR"],
        "recvfrom" | "recv" | "recvmsg" => &["ECONNRESET", "EINTR"],
        "sendto" | "send" | "sendmsg" => &["EPIPE", "EINTR"],
        "connect" => &["ECONNREFUSED", "ENETUNREACH"],
        "socket" => &["EMFILE"],
        "flock" => &["EINTR", "ENOLCK"],
        // It does not come back; memory, and what the runtime asks before `main`.
        "execve" | "mmap" | "munmap" | "poll" => &[],
        _ => &["EIO"],
    }
}

pub(crate) fn try_all(
    programs: &Programs,
    device: &Device,
    effort: Effort,
    directory: &Path,
    account: &mut Account,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<()> {
    let clean = Tracer::new(&directory.join("traced"), device, programs)?;
    let calls = clean.calls()?;
    let kills = points(&calls, |_| vec![Blow::Kill]);
    let errors = points(&calls, |name| {
        errors_of(name).iter().map(|errno| Blow::Error(errno)).collect()
    });
    progress(&format!(
        "an update makes {} system calls: {} to be killed at, {} errors",
        calls.len(),
        kills.len(),
        errors.len()
    ));
    let points = match effort {
        Effort::Everyday => [sample(kills), sample(errors)].concat(),
        Effort::Full => [kills, errors].concat(),
    };
    let next = AtomicUsize::new(0);
    let work = |worker: usize| -> Result<Vec<(&Point, Option<Result<()>>)>> {
        let path = directory.join(format!("traced-{worker}"));
        let tracer = Tracer::new(&path, device, programs)?;
        let mut outcomes = Vec::new();
        while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcomes.push((point, tracer.try_point(point)?));
        }
        Ok(outcomes)
    };
    let outcomes: Result<Vec<_>> = thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(outcomes) => outcomes,
            Err(_) => bail!("a trace panicked"),
        });
        joined.collect()
    });
    for (point, outcome) in outcomes?.into_iter().flatten() {
        match point.blow {
            Blow::Kill => account.kill_points += 1,
            Blow::Error(_) => account.errno_points += 1,
        }
        match outcome {
            Some(Ok(())) => {}
            None => account.not_reached.push(point.to_string()),
            Some(Err(why)) => account.stuck.push(format!("{point}: {why:#}")),
        }
    }
    Ok(())
}

fn points(calls: &[Call], blows: impl Fn(&str) -> Vec<Blow>) -> Vec<Point> {
    // Two threads may have calls of the same number: the first one to come there is hit.
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for call in calls.iter().filter(|call| seen.insert((*call).clone())) {
        for blow in blows(&call.name) {
            points.push(Point {
                call: call.clone(),
                blow,
            });
        }
    }
    points
}

/// The first and the last of each kind of call and blow, and others at equal distances.
fn sample(points: Vec<Point>) -> Vec<Point> {
    let kind = |point: &Point| (point.call.name.clone(), point.blow.to_string());
    let mut chosen = BTreeSet::new();
    let (mut first, mut last) = (BTreeSet::new(), BTreeSet::new());
    for (index, point) in points.iter().enumerate() {
        if first.insert(kind(point)) {
            chosen.insert(index);
        }
    }
    for (index, point) in points.iter().enumerate().rev() {
        if last.insert(kind(point)) {
            chosen.insert(index);
        }
    }
    let left = SAMPLE.saturating_sub(chosen.len());
    for number in 0..left {
        chosen.insert(number * points.len() / left);
    }
    chosen
        .into_iter()
        .filter_map(|index| points.get(index).cloned())
        .collect()
}

/// A device whose `snappy` is traced.
struct Tracer<'a> {
    device: &'a Device,
    root: DeviceRoot,
    log: PathBuf,
    server: Server,
}

impl<'a> Tracer<'a> {
    fn new(path: &Path, device: &'a Device, programs: &Programs) -> Result<Self> {
        Ok(Self {
            device,
            root: DeviceRoot::new(path, device, &[&programs.snappy])?,
            log: path.join("strace.log"),
            server: Server::new(device.new.file(), honest)?,
        })
    }

    fn update(&self, around: &[String]) -> Result<Ended> {
        let url = self.server.url();
        self.root.run(around, &["/snappy", "update", "--from", &url])
    }

    fn strace(&self, inject: &[String]) -> Result<(Ended, String)> {
        let log = self.log.display().to_string();
        let mut around: Vec<_> = ["strace", "-f", "-o", &log, "-e", TRACED, "-e", NO_PAUSES]
            .map(str::to_owned)
            .into();
        for inject in inject {
            around.extend(["-e".to_owned(), inject.clone()]);
        }
        let ended = self.update(&around)?;
        let trace = fs::read_to_string(&self.log).context("strace left no trace")?;
        Ok((ended, trace))
    }

    /// The calls of an update that nothing happens to.
    fn calls(&self) -> Result<Vec<Call>> {
        let (ended, trace) = self.strace(&[])?;
        ensure!(ended.done, "an update that nothing happens to fails: {}", ended.said);
        ensure!(
            judge(self.device, &self.root.disk()?)? == Boots::New,
            "an update that nothing happens to leads nowhere"
        );
        calls_of("/snappy", &trace)
    }

    /// `None`: the call was never made.
    fn try_point(&self, point: &Point) -> Result<Option<Result<()>>> {
        let mut call = point.call.clone();
        // The network gives more at once at times, and a run has fewer calls then.
        while call.when > 0 {
            self.root.renew(self.device)?;
            let (ended, trace) = self.strace(&[point.blow.inject(&call)])?;
            if is_reached(&trace) {
                return Ok(Some(self.judge(point, &ended)));
            }
            call.when = call.when * 3 / 4;
        }
        Ok(None)
    }

    fn judge(&self, point: &Point, ended: &Ended) -> Result<()> {
        ensure!(!ended.hung, "the update does not end");
        let boots = judge(self.device, &self.root.disk()?)?;
        ensure!(
            !ended.done || boots == Boots::New,
            "it says that it is done, and the old system boots"
        );
        ensure!(
            ended.done || point.blow == Blow::Kill || !ended.said.is_empty(),
            "it gives no reason"
        );
        let next = self.update(&[])?;
        ensure!(next.done, "the next honest run fails: {}", next.said);
        let boots = judge(self.device, &self.root.disk()?)?;
        ensure!(boots == Boots::New, "behind the next honest run, the old system boots");
        Ok(())
    }
}

impl Blow {
    fn inject(&self, call: &Call) -> String {
        let Call { name, when } = call;
        match self {
            Self::Kill => format!("inject={name}:signal=KILL:when={when}"),
            Self::Error(errno) => format!("inject={name}:error={errno}:when={when}"),
        }
    }
}

impl std::fmt::Display for Blow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kill => "killed",
            Self::Error(errno) => errno,
        })
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.call.name, self.call.when, self.blow)
    }
}
