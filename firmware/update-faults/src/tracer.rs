//! Tries the points: the real `snappy`, and a tracer that tampers with its system calls.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

use crate::Programs;
use crate::account::{Account, Outcome};
use crate::device::Device;
use crate::judge::{Boots, judge};
use crate::points::{Blow, Effort, Point, errors, kills, sample};
use crate::root::{DeviceRoot, Ended};
use crate::server::{Server, honest};
use crate::trace::{Call, calls_of, is_reached};
use crate::workers::share;

const WORKERS: usize = 2;
/// What touches files, the disk or the network.
const TRACED: &str = "trace=%file,%desc,%network";
/// Pauses are no part of what is tried.
const NO_PAUSES: &str = "inject=clock_nanosleep:retval=0";

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
    let (kills, errors) = (kills(&calls), errors(&calls));
    let all = [kills.len(), errors.len()];
    let [kills, errors] = [kills, errors].map(|points| match effort {
        Effort::Everyday => sample(points),
        Effort::Full => points,
    });
    progress(&format!(
        "an update makes {} system calls: it is killed at {} of {}, and {} of {} errors happen",
        calls.len(),
        kills.len(),
        all[0],
        errors.len(),
        all[1],
    ));
    let points = [kills, errors].concat();
    let outcomes = share(&points, WORKERS, |worker, points| {
        let path = directory.join(format!("traced-{worker}"));
        let tracer = Tracer::new(&path, device, programs)?;
        let try_one = |point| Ok((point, tracer.try_point(point)?));
        points.map(try_one).collect()
    })?;
    for (point, outcome) in outcomes {
        match point.blow {
            Blow::Kill => account.kill_points += 1,
            Blow::Error(_) => account.errno_points += 1,
        }
        account.note(point, outcome);
    }
    Ok(())
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
        self.root
            .run(around, &["/snappy", "update", "--from", &url])
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
        ensure!(
            ended.done,
            "an update that nothing happens to fails: {}",
            ended.said
        );
        ensure!(
            judge(self.device, &self.root.disk()?)? == Boots::New,
            "an update that nothing happens to leads nowhere"
        );
        calls_of("/snappy", &trace)
    }

    fn try_point(&self, point: &Point) -> Result<Outcome> {
        let mut call = point.call.clone();
        // The network gives more at once at times, and a run has fewer calls then.
        while call.when > 0 {
            self.root.renew(self.device)?;
            let (ended, trace) = self.strace(&[point.blow.inject(&call)])?;
            if is_reached(&trace) {
                return Ok(match self.judge(point, &ended) {
                    Ok(()) => Outcome::Good,
                    Err(why) => Outcome::Stuck(why),
                });
            }
            call.when = call.when * 3 / 4;
        }
        Ok(Outcome::NotReached)
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
        ensure!(
            boots == Boots::New,
            "behind the next honest run, the old system boots"
        );
        Ok(())
    }
}
