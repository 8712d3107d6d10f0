//! A machine whose unattended updates are changes, too.
//!
//! What somebody asked for is a change before it gets here, and there is one change of the
//! slots at a time: what comes without one is unattended.

use super::{ChangeKind, Changes, TaskKind, Work, update::TASKS};
use crate::device::{self, Bytes, Failure, FailureKind};
use crate::machine::{Clock, Machine, NotRecorded, NotRolledBack};
use crate::part::PART;
use image_format::{Event, Keyring};
use image_trust::Verified;
use serde_json::json;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use system_update::{
    BootDisk, BootReport, DiskError, Progress, ReleaseSource, ReportError, Running, StageError,
    StageRequest, Staged, Step,
};

/// The machine below, and where its updates are told.
pub struct Watched<M> {
    machine: M,
    changes: Arc<Changes>,
}

impl<M> Watched<M> {
    /// Tells `changes` of what is staged on `machine`.
    pub fn new(machine: M, changes: Arc<Changes>) -> Self {
        Self { machine, changes }
    }

    fn reach(&self, id: u64, progress: Progress) {
        let task = match progress.step {
            Step::Write => TaskKind::Write,
            Step::ReadBack => TaskKind::Verify,
        };
        let bytes = Bytes {
            done: progress.done_bytes,
            total: progress.total_bytes,
        };
        self.changes.reach(id, task, Work::Measured(bytes));
    }

    fn end(&self, id: u64, report: &BootReport, staged: &Result<Staged, StageError>) {
        match staged {
            Ok(staged) => {
                let staged = device::Staged {
                    slot: staged.slot.name(),
                    version: staged.version.0,
                    manifest_sha256: staged.manifest_hash.to_string(),
                    running_version: report.version.0,
                    running_manifest_sha256: report.manifest.to_string(),
                };
                let data = json!({ "snap-names": [PART], "staged": staged });
                self.changes.finish(id, data);
            }
            // The engine has the kind; nobody waits for this change.
            Err(error) => self
                .changes
                .fail(id, &Failure::new(FailureKind::Refused, error)),
        }
    }
}

impl<M: Machine> Machine for Watched<M> {
    fn stage(
        &self,
        report: &BootReport,
        request: &StageRequest<'_>,
        source: &mut dyn ReleaseSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, StageError> {
        let summary = format!("Auto-refresh {PART:?} snap");
        let begun = self
            .changes
            .begin(ChangeKind::AutoRefresh, &summary, &TASKS);
        let Ok(id) = begun else {
            return self.machine.stage(report, request, source, progress);
        };
        let staged = self.machine.stage(report, request, source, &mut |now| {
            self.reach(id, now);
            progress(now);
        });
        self.end(id, report, &staged);
        staged
    }

    fn boot_report(&self) -> Result<BootReport, ReportError> {
        self.machine.boot_report()
    }

    fn machine_id(&self) -> String {
        self.machine.machine_id()
    }

    fn keyring(&self) -> Option<Verified<Keyring>> {
        self.machine.keyring()
    }

    fn disk(&self, report: &BootReport) -> Result<BootDisk, DiskError> {
        self.machine.disk(report)
    }

    fn rollback(&self, report: &BootReport, running: &Running) -> Result<(), NotRolledBack> {
        self.machine.rollback(report, running)
    }

    fn record(
        &self,
        report: &BootReport,
        running: &Running,
        event: Event,
    ) -> Result<(), NotRecorded> {
        self.machine.record(report, running, event)
    }

    fn keeps(&self, directory: &Path) -> bool {
        self.machine.keeps(directory)
    }

    fn reboot(&self) -> io::Result<()> {
        self.machine.reboot()
    }
}

impl<M: Clock> Clock for Watched<M> {
    fn uptime(&self) -> Duration {
        self.machine.uptime()
    }

    fn unix_secs(&self) -> i64 {
        self.machine.unix_secs()
    }

    fn sleep(&self, time: Duration) {
        self.machine.sleep(time);
    }
}
