//! The system says that it is up; one that is not confirmed has to pass the gate.
//!
//! A confirmed system writes its *up* and nothing else. Failures of the disk here
//! are shown and do not stop a system that works: an unconfirmed one simply stays
//! unconfirmed, and the loader counts its attempts.

use crate::boot_device::BootDevice;
use crate::command_line::Handover;
use crate::health::{self, Check};
use crate::image::Image;
use crate::shutdown::Ending;
use crate::writable::Writable;
use image_format::{Event, SlotStatus, flight::text};
use system_update::{
    BootDisk, BootReport, Confirmation, ReportedStatus, Running, confirm, mark_up, record,
};

/// The running system on its way to a confirm.
pub(crate) struct Trial<'a> {
    pub(crate) handover: &'a Handover,
    pub(crate) image: &'a Image,
    pub(crate) disk: &'a BootDevice,
}

/// What the gate found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The slot is confirmed, or its status is unknown: there was no gate.
    NoGate,
    /// All checks passed.
    Passed,
    /// A slot on trial failed a check: there is something better to boot.
    TrialFailed,
    /// A slot failed that runs because nothing better was left.
    LastResortFailed,
}

impl Trial<'_> {
    /// Says that the system is up. Returns its slot's status, if it can be known.
    pub(crate) fn up(&self, writable: &Writable) -> Option<SlotStatus> {
        let status = self
            .act(|disk, running| Ok(mark_up(disk, running)?))
            .inspect_err(|error| log::warn!("{error:#}"))
            .ok();
        if let Writable::InMemory(loss) = writable {
            let reason = text(format_args!("{:#}", loss.reason()));
            self.record(Event::WritableLost { reason });
        }
        self.report(match status {
            Some(SlotStatus::Confirmed) => ReportedStatus::Confirmed,
            _ => ReportedStatus::Trial,
        });
        log::info!(
            "{} version {} is up (boot {})",
            self.handover.slot,
            self.image.version,
            self.handover.boot_number
        );
        status
    }

    /// Runs the checks of a system that is not confirmed.
    pub(crate) fn check(&self, status: Option<SlotStatus>, writable: &Writable) -> Verdict {
        if matches!(status, None | Some(SlotStatus::Confirmed)) {
            return Verdict::NoGate;
        }
        let checks = health::check_all(writable);
        let failed = checks.iter().filter(|check| self.failed(check)).count();
        match status {
            _ if failed == 0 => Verdict::Passed,
            Some(SlotStatus::Trial { .. }) => Verdict::TrialFailed,
            _ => Verdict::LastResortFailed,
        }
    }

    /// Draws the consequence: a confirm, or the end of this attempt.
    pub(crate) fn settle(&self, verdict: Verdict) -> Option<Ending> {
        let slot = self.handover.slot;
        match verdict {
            Verdict::NoGate => None,
            Verdict::Passed => {
                self.confirm();
                None
            }
            Verdict::LastResortFailed => {
                log::error!("{slot} is not confirmed, and the last resort: it goes on");
                None
            }
            Verdict::TrialFailed => {
                log::error!("{slot} failed its trial: the attempt ends");
                Some(Ending::Reboot)
            }
        }
    }

    fn failed(&self, check: &Check) -> bool {
        let Err(error) = &check.verdict else {
            log::debug!("check {}: passed", check.name);
            return false;
        };
        log::error!("check {}: {error:#}", check.name);
        self.record(Event::CheckFailed {
            slot: self.handover.slot,
            check: text(check.name),
            detail: text(format_args!("{error:#}")),
        });
        true
    }

    fn confirm(&self) {
        let slot = self.handover.slot;
        let version = self.image.version;
        match self.act(|disk, running| Ok(confirm(disk, running, version)?)) {
            Ok(Confirmation::Confirmed | Confirmation::AlreadyConfirmed) => {
                self.report(ReportedStatus::Confirmed);
                log::info!("{slot} version {version} is confirmed");
            }
            Ok(Confirmation::LastResort) => {
                log::warn!("{slot} works, but was refused before: it stays a last resort");
            }
            Err(error) => log::error!("{slot} is not confirmed: {error:#}"),
        }
    }

    fn record(&self, event: Event) {
        if let Err(error) = self.act(|disk, running| Ok(record(disk, running, event)?)) {
            log::warn!("{error:#}");
        }
    }

    fn report(&self, status: ReportedStatus) {
        let report = BootReport {
            slot: self.handover.slot,
            version: self.image.version,
            manifest: self.image.manifest_hash,
            boot: self.handover.boot_number,
            disk: self.disk.path.clone(),
            disk_guid: self.handover.disk_guid.clone(),
            board: self.image.board.clone(),
            product: self.image.product.clone(),
            epoch: self.image.epoch,
            status,
        };
        if let Err(error) = report.write() {
            log::warn!("cannot write {}: {error}", BootReport::PATH);
        }
    }

    fn act<T>(
        &self,
        act: impl FnOnce(&mut BootDisk, &Running) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut disk = BootDisk::open_to_change(&self.disk.path)?;
        act(&mut disk, &self.image.running(self.handover))
    }
}
