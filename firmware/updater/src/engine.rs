//! The one place where releases are looked for and taken. Whoever changes something holds
//! [`Engine::changing`], so that two of them never meet: the loop that nobody watches
//! (`autopilot`), and whoever asks (`asked`).

use crate::autopilot::Loop;
use crate::choice::{Listed, Situation, choose};
use crate::device::{Failure, FailureKind, Unattended, Verdict};
use crate::download::{Download, Line};
use crate::install_error::InstallError;
use crate::machine::Machine;
use crate::memory::MemoryFile;
use crate::report::{Report, last_update};
use crate::settings::{ReportMachineId, Settings, SettingsFile};
use crate::slots::Slots;
use crate::snaps::ListedSnap;
use crate::store::{Known, Listing, Lists, LookError, StoreFiles};
use http_file::Patience;
use image_format::SlotStatus;
use release_source::{Seeds, SlotImage, Tally};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use system_update::{
    BootReport, Downgrade, FailedBefore, Progress, StageRequest, Staged, StoreReached,
};

/// A release whose trial had no verdict is tried again once the system has run for so long,
/// twice as long each time, and at most:
const FIRST_RETRY: Duration = Duration::from_secs(3600);
const LONGEST_RETRY: Duration = Duration::from_secs(12 * 3600);

/// Where the daemon finds and keeps its files.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// What the image brings: `/usr/lib/twinkeel`.
    pub image: &'a Path,
    /// What the device keeps: `/writable/system`.
    pub own: &'a Path,
}

impl Default for Places<'static> {
    fn default() -> Self {
        Self {
            image: Path::new("/usr/lib/twinkeel"),
            own: Path::new("/writable/system"),
        }
    }
}

/// The engine on a machine.
pub struct Engine<M> {
    pub(crate) machine: M,
    pub(crate) settings: SettingsFile,
    pub(crate) store: StoreFiles,
    pub(crate) memory: MemoryFile,
    /// What the device keeps.
    pub(crate) own: PathBuf,
    reached: StoreReached,
    /// Held by whoever changes something.
    changing: Mutex<Loop>,
    /// Held while a release is written, or a snap is refreshed unattended: never both.
    resting: Mutex<()>,
    /// What people are told.
    told: Mutex<Unattended>,
    /// Somebody changed something that the loop waits for.
    woken: (Mutex<Woken>, Condvar),
}

/// Whether the loop is to look around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    No,
    Yes,
}

/// A lock whose holder died is still a lock: what it guards is checked by whoever reads it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Machine> Engine<M> {
    /// Does nothing yet.
    #[must_use]
    pub fn new(machine: M, places: Places<'_>) -> Self {
        let uptime = machine.uptime();
        Self {
            machine,
            settings: SettingsFile::new(places.image, places.own),
            store: StoreFiles {
                first_root: places.image.join("store-root.json"),
                directory: places.own.join("store"),
            },
            own: places.own.to_owned(),
            memory: MemoryFile(places.own.join("updates.json")),
            reached: StoreReached::of(places.own),
            changing: Mutex::new(Loop::new(uptime)),
            resting: Mutex::default(),
            told: Mutex::default(),
            woken: (Mutex::new(Woken::No), Condvar::new()),
        }
    }

    /// The machine below.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// Waits until nobody else changes anything.
    pub(crate) fn changing(&self) -> MutexGuard<'_, Loop> {
        lock(&self.changing)
    }

    /// The same, if that is now.
    pub(crate) fn changing_now(&self) -> Option<MutexGuard<'_, Loop>> {
        match self.changing.try_lock() {
            Ok(guard) => Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    /// Waits until no other part of the device changes.
    pub(crate) fn at_rest(&self) -> MutexGuard<'_, ()> {
        lock(&self.resting)
    }

    /// What people are told.
    pub(crate) fn told(&self) -> MutexGuard<'_, Unattended> {
        lock(&self.told)
    }

    /// Has the loop look around.
    pub(crate) fn wake(&self) {
        *lock(&self.woken.0) = Woken::Yes;
        self.woken.1.notify_all();
    }

    /// Until somebody wakes it, or so long.
    pub(crate) fn rest(&self, time: Duration) {
        let woken = lock(&self.woken.0);
        let waited = self
            .woken
            .1
            .wait_timeout_while(woken, time, |woken| *woken == Woken::No);
        let (mut woken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *woken = Woken::No;
    }

    /// What the disk tells. Remembers a rollback that somebody made without the daemon.
    pub(crate) fn slots(&self) -> Result<Slots, Failure> {
        let disk_failure = |error: &dyn fmt::Display| Failure::new(FailureKind::Disk, error);
        let report = self
            .machine
            .boot_report()
            .map_err(|error| disk_failure(&error))?;
        if report.running().is_none() {
            return Err(Failure::new(
                FailureKind::Rescue,
                "this is the rescue system, which changes no slot; 'snappy why' tells why \
                 neither slot booted, and a reboot tries both again",
            ));
        }
        let mut disk = self
            .machine
            .disk(&report)
            .map_err(|error| disk_failure(&error))?;
        let keyring = self.machine.keyring();
        let slots = Slots::read(report, keyring.as_ref(), &mut disk);
        let slots = slots.map_err(|error| disk_failure(&error))?;
        let running = slots.report.version.0;
        // A trial may still end where it came from.
        let outgrown =
            |newest: u64| slots.status() == Some(SlotStatus::Confirmed) && newest < running;
        self.memory.change(|memory| {
            memory.rolled_back = memory.rolled_back.filter(|newest| !outgrown(*newest));
            memory.rolled_back = memory.rolled_back.max(slots.rolled_back());
        });
        Ok(slots)
    }

    /// Asks the store what is current. PID 1 is told whether it answers: a trial has to
    /// reach a store that the confirmed system reached.
    pub(crate) fn look(
        &self,
        settings: &Settings,
        slots: &Slots,
        known: Option<&Known>,
        lists: Lists,
    ) -> Result<Listing, LookError> {
        let report = self.report(settings, slots);
        let built = slots.built();
        let looked = self
            .store
            .look(&settings.store, &report, built, known, lists);
        let told = match looked {
            Ok(_) => self.reached.tell(slots.report.boot),
            Err(_) => self.reached.take_back(),
        };
        if let Err(error) = told {
            eprintln!("cannot keep whether the store answers: {error}");
        }
        looked
    }

    /// Asks the store what snaps there are.
    pub(crate) fn look_for_snaps(
        &self,
        settings: &Settings,
        slots: &Slots,
    ) -> Result<Vec<ListedSnap>, LookError> {
        let report = self.report(settings, slots);
        self.store
            .look_for_snaps(&settings.store, &report, slots.built())
    }

    /// What the store is told of this device.
    fn report(&self, settings: &Settings, slots: &Slots) -> String {
        let machine_id = self.machine.machine_id();
        let report = Report {
            board: &slots.report.board,
            channel: settings.channel.as_str(),
            version: slots.report.version.0,
            last: last_update(&slots.flight),
            machine_id: match settings.report_machine_id {
                ReportMachineId::Yes => Some(&machine_id),
                ReportMachineId::No => None,
            },
        };
        report.query()
    }

    /// Nobody asks a store any more.
    pub(crate) fn forget_the_store(&self) {
        if let Err(error) = self.reached.take_back() {
            eprintln!("cannot forget that the store answered: {error}");
        }
    }

    /// Whether the store answered in this boot.
    pub(crate) fn has_reached(&self, slots: &Slots) -> bool {
        self.reached.holds_for(slots.report.boot)
    }

    /// What the device does about each release that is listed.
    pub(crate) fn choose<'a>(
        &self,
        settings: &Settings,
        slots: &Slots,
        listing: &'a Listing,
    ) -> (Vec<Verdict>, Option<&'a Listed>) {
        let situation = Situation {
            board: &slots.report.board,
            product: &slots.report.product,
            channel: &settings.channel,
            running_version: slots.report.version.0,
            staged: slots.staged(),
            failed: &slots.failed,
            rolled_back: self.memory.read().rolled_back,
            not_yet_again: slots.inconclusive().map(|(hash, times)| {
                let wait = FIRST_RETRY.saturating_mul(1 << times.saturating_sub(1).min(8));
                let wait = wait.min(LONGEST_RETRY);
                (hash, wait.saturating_sub(self.machine.uptime()))
            }),
            now_secs: u64::try_from(listing.now.0).unwrap_or_default(),
            machine_id: &self.machine.machine_id(),
        };
        choose(&listing.listed, &situation)
    }

    /// Takes a release into the slot that is not needed.
    pub(crate) fn install(
        &self,
        order: &Order<'_>,
        slots: &Slots,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, InstallError> {
        let _rest = self.at_rest();
        let report = &slots.report;
        let keyring = self.machine.keyring().ok_or(InstallError::NoKeyring)?;
        let request = StageRequest {
            installer: report.installer(),
            board: &report.board,
            keyring: &keyring,
            downgrade: order.downgrade,
            failed_before: order.failed_before,
        };
        let mut disk = self.machine.disk(report).map_err(InstallError::Disk)?;
        let seeds = Seeds::read(&mut disk, &request.installer, &report.board, &keyring)
            .map_err(InstallError::Layout)?;
        let line = Line {
            base: order.address,
            patience: order.patience,
            clock: &self.machine,
            rate_bytes_per_sec: order.rate_bytes_per_sec,
        };
        let patch = order.release.patch_from(&report.manifest);
        if let Some((patch, image)) = patch.zip(seeds.running) {
            let left = match seeds.interrupted(&mut disk) {
                Some(image) => Some(SlotImage {
                    disk: self.machine.disk(report).map_err(InstallError::Disk)?,
                    image,
                }),
                None => None,
            };
            let old = SlotImage { disk, image };
            let mut lost_its_line = false;
            let staged = Download::patched(line, order.release, patch, old, left)
                .map_err(InstallError::Patch)
                .and_then(|mut download| {
                    let staged = self.stage(&mut download, report, &request, progress);
                    lost_its_line = download.lost_its_line();
                    staged
                });
            match staged {
                // A patch that did not come to its end is gone on with when the line is back.
                Err(error) if error.is_of_the_source() && !lost_its_line => {
                    eprintln!("{error}; the release is fetched without its patch");
                }
                staged => return staged,
            }
            disk = self.machine.disk(report).map_err(InstallError::Disk)?;
        }
        let download = Download::in_chunks(line, order.release, disk, seeds);
        let mut download = download.map_err(InstallError::Fetch)?;
        self.stage(&mut download, report, &request, progress)
    }

    fn stage(
        &self,
        download: &mut Download<'_>,
        report: &BootReport,
        request: &StageRequest<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, InstallError> {
        let staged = self
            .machine
            .stage(report, request, download, progress)
            .map_err(InstallError::Stage)?;
        if let Err(error) = &staged.recorded {
            eprintln!("{error}");
        }
        if let Some(detour) = download.detour() {
            eprintln!("{detour}");
        }
        let Tally {
            fetched_bytes,
            reused_bytes,
        } = download.tally();
        eprintln!(
            "version {}: {fetched_bytes} bytes were fetched, {reused_bytes} were here already",
            staged.version.0
        );
        Ok(staged)
    }
}

/// What is to be installed, and from where.
pub(crate) struct Order<'a> {
    pub(crate) release: &'a Listed,
    pub(crate) address: &'a str,
    pub(crate) rate_bytes_per_sec: Option<u64>,
    pub(crate) patience: Patience,
    pub(crate) downgrade: Downgrade,
    pub(crate) failed_before: FailedBefore,
}
