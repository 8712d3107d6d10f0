//! What the rescue system does about slots that do not boot: it looks for a release on the
//! disks that are attached and in the store, and installs it by the code that all updates go
//! through.
//!
//! [`Engine::reinstall`] looks once, [`Engine::reinstall_unattended`] until there is one. What
//! is around them, disks and a network, is behind [`Surroundings`]. Nothing is written before
//! the envelope is verified, and of a file not before all of it is. Waves and the publisher's
//! holds count; the owner's hold, windows and autopilot do not, for nothing runs that could
//! wait for them.

pub mod disks;
mod files;
mod known;
pub mod owner;
mod store;

pub use disks::AttachedDisk;

use crate::device::{Failure, FailureKind};
use crate::engine::Engine;
use crate::machine::Machine;
use crate::schedule::{Looked, Lot, pause};
use crate::settings::RescueSources;
use crate::slots::Slots;
use std::path::Path;
use std::time::Duration;
use system_update::{Progress, Staged};

/// So often it looks whether a disk was attached.
const LOOK: Duration = Duration::from_secs(5);

/// What the rescue system has around it.
pub trait Surroundings {
    /// A disk while its files can be read.
    type Mounted: AsRef<Path>;

    /// The disks that are there, but for the one that the slots are on.
    fn attached(&self) -> Vec<AttachedDisk>;

    /// Makes the files of a disk readable, and nothing else of it.
    ///
    /// # Errors
    /// Why they are not.
    fn mount(&self, disk: &AttachedDisk) -> Result<Self::Mounted, String>;

    /// Waits a while until there is a network.
    ///
    /// # Errors
    /// Why there is none.
    fn join_network(&self) -> Result<(), String>;

    /// Tells whoever looks, and keeps for whoever looks later, why nothing was installed.
    fn tell(&self, failed: &NotInstalled);

    /// Shows how far it is.
    fn show(&self, progress: Progress);
}

/// Why nothing was installed from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotInstalled {
    /// A file, a disk or the store.
    pub from: String,
    /// A whole sentence, or the end of one.
    pub reason: String,
}

/// How an unattended search ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A release is on trial from the next boot on.
    Installed(Staged),
    /// Neither image nor owner wants it.
    Off,
}

/// What was looked at already, and when the store is asked next.
#[derive(Default)]
struct Search {
    disks: Vec<AttachedDisk>,
    polls: u32,
    failures: u32,
    next_poll: Duration,
}

impl<M: Machine> Engine<M> {
    /// Looks in `sources` once.
    ///
    /// # Errors
    /// [`FailureKind::Unconfirmed`]: a slot runs. [`FailureKind::NoUpdate`]: there was no
    /// release that could be installed; the surroundings were told why.
    pub fn reinstall(
        &self,
        sources: RescueSources,
        around: &impl Surroundings,
    ) -> Result<Staged, Failure> {
        self.rescue_slots()?;
        let staged = self.search(sources, around, &mut Search::default());
        staged.ok_or_else(|| {
            let message = "cannot install a release: none was found that this device may take";
            Failure::new(FailureKind::NoUpdate, message)
        })
    }

    /// Looks where image and owner want it until a release is installed: at disks whenever one
    /// is attached, and in the store with pauses that grow.
    ///
    /// # Errors
    /// [`FailureKind::Unconfirmed`]: a slot runs.
    pub fn reinstall_unattended(&self, around: &impl Surroundings) -> Result<Ended, Failure> {
        self.rescue_slots()?;
        let sources = self.settings.read().settings.rescue;
        if sources == RescueSources::Off {
            return Ok(Ended::Off);
        }
        let mut search = Search::default();
        loop {
            if let Some(staged) = self.search(sources, around, &mut search) {
                return Ok(Ended::Installed(staged));
            }
            self.machine.sleep(LOOK);
        }
    }

    fn search(
        &self,
        sources: RescueSources,
        around: &impl Surroundings,
        search: &mut Search,
    ) -> Option<Staged> {
        let from_disks = sources
            .has_disks()
            .then(|| self.look_at_new_disks(around, search));
        from_disks.flatten().or_else(|| {
            let is_due = sources.has_store() && self.machine.uptime() >= search.next_poll;
            is_due.then(|| self.poll_for_rescue(around, search))?
        })
    }

    fn look_at_new_disks(&self, around: &impl Surroundings, search: &mut Search) -> Option<Staged> {
        let attached = around.attached();
        let new: Vec<_> = attached
            .iter()
            .filter(|disk| !search.disks.contains(disk))
            .cloned()
            .collect();
        search.disks = attached;
        new.iter().find_map(|disk| self.install_from(disk, around))
    }

    fn poll_for_rescue(&self, around: &impl Surroundings, search: &mut Search) -> Option<Staged> {
        let interval = self.settings.read().settings.poll_interval();
        let (looked, reason) = match around.join_network() {
            Err(reason) => (Looked::Failed { retry_after: None }, reason),
            Ok(()) => match self.install_from_store(&mut |now| around.show(now)) {
                Ok(staged) => return Some(staged),
                Err(why) => why,
            },
        };
        around.tell(&NotInstalled {
            from: "the store".to_owned(),
            reason,
        });
        search.polls = search.polls.wrapping_add(1);
        search.failures = match looked {
            Looked::Answered => 0,
            _ => search.failures.saturating_add(1),
        };
        let lot = Lot::of(&self.machine.machine_id(), search.polls);
        search.next_poll = self.machine.uptime() + pause(interval, looked, search.failures, lot);
        None
    }

    /// The device as its disk tells it, if no slot runs.
    fn rescue_slots(&self) -> Result<Slots, Failure> {
        let disk_failure = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Disk, error);
        let report = self.machine.boot_report();
        let report = report.map_err(|error| disk_failure(&error))?;
        if let Some(slot) = report.slot() {
            let message = format!("cannot install from here: {slot} runs; take 'snappy update'");
            return Err(Failure::new(FailureKind::Unconfirmed, message));
        }
        let disk = self.machine.disk(&report);
        let mut disk = disk.map_err(|error| disk_failure(&error))?;
        let keyring = self.machine.keyring();
        let slots = Slots::read(report, keyring.as_ref(), &mut disk);
        slots.map_err(|error| disk_failure(&error))
    }
}
