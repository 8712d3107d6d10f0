//! What the running system says to its boot state: that it is up, that it works, how it
//! ended.
//!
//! A confirmed system writes its *up* and nothing else. Failures of the disk here
//! are shown and do not stop a system that works: an unconfirmed one simply stays
//! unconfirmed, and the loader counts its attempts.

use crate::boot_device::BootDevice;
use crate::command_line::Handover;
use crate::health::FailedCheck;
use crate::image::Image;
use crate::kernel_log;
use crate::pstore::{BOOT_MARK, Words};
use crate::writable::Writable;
use image_format::{AppData, BootNumber, Event, SlotStatus, flight::text};
use system_update::{
    BootDisk, BootReport, Confirmation, Finding, OpenCase, ReportedStatus, Running, close_case,
    confirm, mark_up, open_case, record, record_for_boot, record_once,
};

/// The running system, and where it says what it has to say.
pub(crate) struct Trial<'a> {
    pub(crate) handover: &'a Handover,
    pub(crate) image: &'a Image,
    pub(crate) disk: &'a BootDevice,
}

/// What follows from the slot's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is confirmed, or its status is unknown: there is no gate.
    Confirmed,
    /// It is on trial: if it fails, there is something better to boot.
    OnTrial,
    /// It is not confirmed and runs because nothing better was left.
    LastResort,
}

impl From<Option<SlotStatus>> for Standing {
    fn from(status: Option<SlotStatus>) -> Self {
        match status {
            None | Some(SlotStatus::Confirmed) => Self::Confirmed,
            Some(SlotStatus::Trial { .. }) => Self::OnTrial,
            Some(_) => Self::LastResort,
        }
    }
}

impl Trial<'_> {
    /// Says that the system is up.
    pub(crate) fn up(&self, writable: &Writable) -> Standing {
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
        // Near the end of the kernel's log, for the words of a panic.
        log::debug!("{BOOT_MARK}{}", self.handover.boot_number);
        log::info!(
            "{} version {} is up (boot {})",
            self.handover.slot,
            self.image.version,
            self.handover.boot_number
        );
        status.into()
    }

    /// All checks have passed.
    pub(crate) fn confirm(&self) {
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

    /// These checks have failed.
    pub(crate) fn failed(&self, checks: &[FailedCheck]) {
        for check in checks {
            log::error!("check {}: {}", check.name, check.detail);
            self.record(Event::CheckFailed {
                slot: self.handover.slot,
                check: text(&check.name),
                detail: text(&check.detail),
            });
        }
        if let Some(lines) = kernel_log::last_lines() {
            self.record(Event::LastLines { lines });
        }
    }

    /// A person ends the system before its trial has an outcome.
    pub(crate) fn interrupted(&self) {
        let slot = self.handover.slot;
        self.record(Event::Interrupted { slot });
    }

    /// The kernel of an earlier boot panicked and left these words.
    ///
    /// # Errors
    /// They cannot be recorded.
    pub(crate) fn panicked(&self, words: &Words) -> anyhow::Result<()> {
        let before = self.handover.boot_number.0.saturating_sub(1);
        let boot = words.boot.unwrap_or(BootNumber(before));
        for event in &words.events {
            self.act(|disk, _| Ok(record_for_boot(disk, boot, event.clone())?))?;
        }
        Ok(())
    }

    /// The factory reset that somebody asked for is done.
    pub(crate) fn reset_is_done(&self, data: AppData) {
        let event = Event::ResetDone { data };
        if let Err(error) = self.act(|disk, running| Ok(record_once(disk, running, event)?)) {
            log::warn!("{error:#}");
        }
    }

    /// The trial of the other slot, if it is to be judged.
    pub(crate) fn open_case(&self) -> Option<OpenCase> {
        self.act(|disk, running| Ok(open_case(disk, running)?))
            .inspect_err(|error| log::warn!("{error:#}"))
            .ok()?
    }

    /// Records the verdict.
    pub(crate) fn close_case(&self, case: &OpenCase, finding: &Finding) {
        if let Err(error) = self.act(|disk, running| Ok(close_case(disk, running, case, finding)?))
        {
            log::warn!("{error:#}");
        }
    }

    fn record(&self, event: Event) {
        if let Err(error) = self.act(|disk, running| Ok(record(disk, running, event)?)) {
            log::warn!("{error:#}");
        }
    }

    fn report(&self, status: ReportedStatus) {
        let report = BootReport {
            source: self.handover.slot.into(),
            version: self.image.version,
            manifest: self.image.manifest_hash,
            boot: self.handover.boot_number,
            disk: Some(self.disk.path.clone()),
            disk_guid: self.handover.disk_guid.clone(),
            board: self.image.board.clone(),
            product: self.image.product.clone(),
            epoch: self.image.epoch,
            build_time_secs: self.image.build_time_secs,
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
