//! What happens when somebody asks.

use crate::choice::Listed;
use crate::device::{
    Available, Bytes, Device, Failure, FailureKind, RebootAsked, RolledBack, Staged, Step, Stopped,
    SystemInfo, UpdateAsked, Wanted,
};
use crate::engine::{Engine, Order};
use crate::machine::{Machine, NotRolledBack};
use crate::settings::{Settings, SettingsError};
use crate::slots::Slots;
use crate::snaps::{ListedSnap, SnapListing, SnapSituation};
use crate::store::{Listing, Lists, LookError};
use http_file::Patience;
use image_format::{AppData, Event};
use store_format::{Channel, NotOffered};
use system_update::{BootFacts, Downgrade, ResetRequest, RollbackError, Step as StageStep};

/// What snaps are confined by, as long as there are none.
const CONFINEMENT: &str = "none";

impl<M: Machine> Device for Engine<M> {
    fn system(&self) -> Result<SystemInfo, Failure> {
        let slots = self.slots()?;
        let report = &slots.report;
        let other = report.slot().map(image_format::Slot::other);
        Ok(SystemInfo {
            board: report.board.clone(),
            product: report.product.clone(),
            channel: self.settings().channel,
            machine_id: self.machine.machine_id(),
            epoch: report.epoch.0,
            build_time_secs: report.build_time_secs,
            running: slots.running_info(),
            others: other.map(|slot| slots.info(slot)).into_iter().collect(),
            next_slot: slots.next().map(image_format::Slot::name),
            confinement: CONFINEMENT,
            unattended: self.told().clone(),
        })
    }

    fn boot_facts(&self) -> Result<BootFacts, Failure> {
        let cannot = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Disk, error);
        let report = self.machine.boot_report().map_err(|error| cannot(&error))?;
        let mut disk = self.machine.disk(&report).map_err(|error| cannot(&error))?;
        BootFacts::read(report, &mut disk).map_err(|error| cannot(&error))
    }

    fn check(&self) -> Result<Vec<Available>, Failure> {
        let mut own = self.changing();
        let (settings, slots) = (self.settings(), self.slots()?);
        let listing = self.look(&settings, &slots, own.known.as_ref(), Lists::System);
        let listing = listing.map_err(|error| look_failure(&error))?;
        own.known.clone_from(&listing.known);
        let (verdicts, _) = self.choose(&settings, &slots, &listing);
        let available = listing.listed.iter().zip(verdicts);
        let available = available.map(|(one, verdict)| Available {
            name: one.name.clone(),
            board: one.release.board.to_string(),
            version: one.release.version,
            manifest_sha256: one.release.manifest_sha256.clone(),
            size_bytes: one.length_bytes,
            notes: one.release.notes.clone(),
            verdict,
        });
        Ok(available.collect())
    }

    fn update(
        &self,
        asked: UpdateAsked,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Staged, Failure> {
        let mut own = match self.changing_now() {
            Some(own) => own,
            None => {
                progress(Step::Wait);
                self.changing()
            }
        };
        progress(Step::Refresh);
        let (settings, slots) = (self.settings(), self.slots()?);
        let listing = self.look(&settings, &slots, own.known.as_ref(), Lists::System);
        let listing = listing.map_err(|error| look_failure(&error))?;
        own.known.clone_from(&listing.known);
        let release = wanted(&asked, &settings, &slots, &listing)?;
        let order = Order {
            release,
            address: &listing.address,
            // Somebody waits.
            rate_bytes_per_sec: None,
            patience: Patience::OF_A_PERSON,
            downgrade: asked.downgrade,
            failed_before: asked.failed_before,
        };
        let staged = self.install(&order, &slots, &mut |now| {
            let bytes = Bytes {
                done: now.done_bytes,
                total: now.total_bytes,
            };
            progress(match now.step {
                StageStep::Write => Step::Write(bytes),
                StageStep::ReadBack => Step::ReadBack(bytes),
            });
        });
        let staged = staged.map_err(|error| Failure::new(error.kind(), &error))?;
        self.memory.change(|memory| {
            memory.rolled_back = None;
            memory.reboot_into = None;
        });
        drop(own);
        self.wake();
        if asked.reboot == RebootAsked::Now {
            self.reboot()?;
        }
        Ok(Staged {
            slot: staged.slot.name(),
            version: staged.version.0,
            manifest_sha256: staged.manifest_hash.to_string(),
            running_version: slots.report.version.0,
            running_manifest_sha256: slots.report.manifest.to_string(),
        })
    }

    fn rollback(&self) -> Result<RolledBack, Failure> {
        let _own = self.changing();
        let slots = self.slots()?;
        let running = slots.report.running().ok_or_else(|| {
            Failure::new(
                FailureKind::Rescue,
                "cannot roll back: this is the rescue system",
            )
        })?;
        let target = running.slot.other();
        let to = slots.info(target);
        if let Some(problem) = to.problem {
            let message = format!("cannot roll back: {target} cannot be used: {problem}");
            return Err(Failure::new(FailureKind::NotFound, message));
        }
        let rolled_back = self.machine.rollback(&slots.report, &running);
        rolled_back.map_err(|error| match error {
            NotRolledBack::Disk(error) => Failure::new(FailureKind::Disk, error),
            NotRolledBack::Refused(error) => {
                let kind = match error {
                    RollbackError::AlreadyNext(_) => FailureKind::NoUpdate,
                    RollbackError::Act(_) => FailureKind::Disk,
                    _ => FailureKind::NotFound,
                };
                Failure::new(kind, error)
            }
        })?;
        let left = slots.report.version.0;
        let goes_back = to.version.is_some_and(|version| version < left);
        self.memory.change(|memory| {
            memory.reboot_into = None;
            if goes_back {
                memory.rolled_back = memory.rolled_back.max(Some(left));
            }
        });
        self.wake();
        Ok(RolledBack {
            from: slots.running_info(),
            to: slots.info(target),
        })
    }

    fn reboot(&self) -> Result<(), Failure> {
        self.machine.reboot().map_err(|error| {
            Failure::new(
                FailureKind::Disk,
                format!("cannot ask for a reboot: {error}"),
            )
        })
    }

    fn reset(&self, data: AppData) -> Result<(), Failure> {
        let _own = self.changing();
        let slots = self.slots()?;
        if !self.machine.keeps(&self.own) {
            let message = "cannot reset: the disk's writable is not mounted, and the system runs \
                           on memory; 'snappy why' says why";
            return Err(Failure::new(FailureKind::Disk, message));
        }
        if let Some(running) = slots.report.running() {
            let event = Event::ResetRequested { data };
            // A record that cannot be written is no reason to keep anybody's data.
            if let Err(error) = self.machine.record(&slots.report, &running, event) {
                eprintln!("{error}");
            }
        }
        let written = ResetRequest::of(&self.own).write(data);
        written
            .map_err(|error| Failure::new(FailureKind::Disk, format!("cannot reset: {error}")))?;
        self.reboot()
    }

    fn settings(&self) -> Settings {
        self.settings.read().settings
    }

    fn set(&self, key: &str, value: serde_json::Value) -> Result<Settings, Failure> {
        let settings = self.settings.set(key, value).map_err(|error| {
            let kind = match error {
                SettingsError::Unknown(_) => FailureKind::NoSuchSetting,
                SettingsError::Value(_) | SettingsError::Bad(_) => FailureKind::BadValue,
                SettingsError::Keep(_) => FailureKind::Disk,
            };
            Failure::new(kind, error)
        })?;
        self.wake();
        Ok(settings)
    }
}

impl<M: Machine> SnapListing for Engine<M> {
    fn listed_snaps(&self) -> Result<Vec<ListedSnap>, Failure> {
        // Two of them would write the same files of metadata.
        let _own = self.changing();
        let (settings, slots) = (self.settings(), self.slots()?);
        let listed = self.look_for_snaps(&settings, &slots);
        listed.map_err(|error| look_failure(&error))
    }

    fn channel(&self) -> Channel {
        self.settings().channel
    }

    fn rate_limit_bytes_per_sec(&self) -> Option<u64> {
        self.settings().rate_limit_bytes_per_sec
    }

    fn situation(&self) -> Result<SnapSituation, Failure> {
        let slots = self.slots()?;
        let now = self.store.now(slots.built());
        Ok(self.snap_situation(&self.settings(), &slots, now))
    }

    fn act_at_rest(&self, act: &mut dyn FnMut()) -> Result<(), Failure> {
        Engine::act_at_rest(self, act)
    }
}

fn look_failure(error: &LookError) -> Failure {
    let kind = match error {
        LookError::NoStore | LookError::NoRoot(_) => FailureKind::NoStore,
        LookError::Client { error, .. } => match error {
            tuf_client::Error::Fetch { .. } => FailureKind::Network,
            tuf_client::Error::Storage { .. } => FailureKind::Disk,
            _ => FailureKind::Untrusted,
        },
    };
    Failure::new(kind, error)
}

/// The release that somebody wants, if the store has it and this device may take it.
fn wanted<'a>(
    asked: &UpdateAsked,
    settings: &Settings,
    slots: &Slots,
    listing: &'a Listing,
) -> Result<&'a Listed, Failure> {
    let report = &slots.report;
    let running = report.version.0;
    let mut ours = listing.listed.iter().filter(|one| {
        one.release.board.as_str() == report.board && one.release.product.as_str() == report.product
    });
    let found = match asked.release {
        Wanted::Newest => ours.find(|one| {
            let release = &one.release;
            let first = release.minimum_version.unwrap_or_default();
            let stopped = release.hold.is_some() && asked.stopped == Stopped::Refuse;
            release.channels.contains_key(&settings.channel) && first <= running && !stopped
        }),
        Wanted::Version(version) => ours.find(|one| one.release.version == version),
    };
    let none = |kind, message: String| Err(Failure::new(kind, message));
    let Some(one) = found else {
        return match asked.release {
            Wanted::Newest => none(
                FailureKind::NoUpdate,
                format!(
                    "no update: the channel {} has no release for this device",
                    settings.channel
                ),
            ),
            Wanted::Version(version) => none(
                FailureKind::NotFound,
                format!(
                    "cannot update: the store lists no version {version} for this device; look at 'snappy update-versions'"
                ),
            ),
        };
    };
    let version = one.release.version;
    if slots
        .staged()
        .is_some_and(|staged| staged.manifest_hash == one.manifest_hash)
    {
        return none(
            FailureKind::NoUpdate,
            format!("no update: version {version} is installed already; reboot to use it"),
        );
    }
    let is_older = version < running && asked.downgrade == Downgrade::Refuse;
    if one.manifest_hash == report.manifest || is_older && asked.release == Wanted::Newest {
        return none(
            FailureKind::NoUpdate,
            format!("no update: version {running} runs, and the store has nothing newer"),
        );
    }
    if let Some(hold) = one
        .release
        .hold
        .clone()
        .filter(|_| asked.stopped == Stopped::Refuse)
    {
        return none(
            FailureKind::Refused,
            format!(
                "cannot update to version {version}: {}",
                NotOffered::Held(hold)
            ),
        );
    }
    if let Some(first) = one.release.minimum_version.filter(|first| running < *first) {
        return none(
            FailureKind::Refused,
            format!(
                "cannot update to version {version}: {}",
                NotOffered::NeedsFirst(first)
            ),
        );
    }
    Ok(one)
}
