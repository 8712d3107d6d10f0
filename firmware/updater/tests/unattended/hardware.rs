//! The machine below the engine: a disk in a file, the real loader, and a clock of the test's.

use crate::device::MACHINE_ID;
use crate::maker::{BOARD, NOW, PRODUCT};
use boot_core::state_store::StateStore;
use boot_core::{Board, SecondHome, read_layout};
use host_machine::End;
use image_format::{Epoch, Event, Keyring, Source, Version};
use image_trust::{Verified, verify_keyring};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use system_update::{
    BootDisk, BootReport, DiskError, Progress, ReleaseSource, ReportError, ReportedStatus, Running,
    StageError, StageRequest, Staged, mark_up, stage,
};
use updater::{Clock, Machine, NotRecorded, NotRolledBack};

/// The machine below the engine: another handle for the test.
#[derive(Clone)]
pub(crate) struct Hardware(Arc<Parts>);

struct Parts {
    disk: PathBuf,
    signed_keyring: Vec<u8>,
    disk_guid: String,
    now: Mutex<Now>,
}

struct Now {
    report: Option<BootReport>,
    uptime: Duration,
    unix_secs: i64,
    reboots: u32,
    writable: Writable,
}

/// What PID 1 mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writable {
    OnDisk,
    InMemory,
}

impl Hardware {
    pub(crate) fn new(disk: PathBuf, disk_guid: String, signed_keyring: Vec<u8>) -> Self {
        Self(Arc::new(Parts {
            disk,
            signed_keyring,
            disk_guid,
            now: Mutex::new(Now {
                report: None,
                uptime: Duration::ZERO,
                unix_secs: NOW,
                reboots: 0,
                writable: Writable::OnDisk,
            }),
        }))
    }

    pub(crate) fn disk_path(&self) -> &Path {
        &self.0.disk
    }

    pub(crate) fn open(&self) -> BootDisk {
        BootDisk::open_urgently(&self.0.disk).unwrap()
    }

    pub(crate) fn report(&self) -> BootReport {
        self.0.now.lock().unwrap().report.clone().unwrap()
    }

    pub(crate) fn reboots(&self) -> u32 {
        self.0.now.lock().unwrap().reboots
    }

    /// The real loader, and PID 1's *up*.
    pub(crate) fn boot(&self) {
        let mut disk = self.open();
        let mut machine = host_machine::Machine {
            disk: &mut disk,
            second_home: SecondHome::None,
        };
        let end = machine.boot(&Board { id: BOARD }, &self.0.signed_keyring);
        let End::Started(started) = end else {
            panic!("nothing was started")
        };
        let word = |name: &str| {
            let mut words = started.words.split(' ');
            words.find_map(|word| word.strip_prefix(name)).unwrap()
        };
        let source = Source::parse(word("twinkeel.slot=")).unwrap();
        let Source::Slot(slot) = source else {
            panic!("the rescue system was started")
        };
        let version = String::from_utf8(started.kernel).unwrap();
        let version = version.strip_prefix("kernel ").unwrap().parse().unwrap();
        let layout = read_layout(&mut disk).unwrap();
        let store = StateStore::open(&mut disk, &layout).unwrap();
        let state = store.state().unwrap().clone();
        let report = BootReport {
            source,
            version: Version(version),
            manifest: state.slot(slot).manifest_hash,
            boot: state.boot_number,
            disk: Some(self.0.disk.clone()),
            disk_guid: self.0.disk_guid.clone(),
            board: BOARD.to_owned(),
            product: PRODUCT.to_owned(),
            epoch: Epoch(1),
            build_time_secs: 1_790_000_000,
            status: ReportedStatus::Confirmed,
        };
        mark_up(&mut disk, &report.running().unwrap()).unwrap();
        self.come_up(report);
    }

    /// PID 1 tells what runs.
    pub(crate) fn come_up(&self, report: BootReport) {
        let mut now = self.0.now.lock().unwrap();
        now.report = Some(report);
        now.uptime = Duration::ZERO;
    }

    pub(crate) fn lose_writable(&self) {
        self.0.now.lock().unwrap().writable = Writable::InMemory;
    }

    pub(crate) fn set_clock(&self, unix_secs: i64) {
        self.0.now.lock().unwrap().unix_secs = unix_secs;
    }
}

impl Clock for Hardware {
    fn uptime(&self) -> Duration {
        self.0.now.lock().unwrap().uptime
    }

    fn unix_secs(&self) -> i64 {
        self.0.now.lock().unwrap().unix_secs
    }

    fn sleep(&self, time: Duration) {
        let mut now = self.0.now.lock().unwrap();
        now.uptime += time;
        now.unix_secs += i64::try_from(time.as_secs()).unwrap();
    }
}

impl Machine for Hardware {
    fn boot_report(&self) -> Result<BootReport, ReportError> {
        Ok(self.report())
    }

    fn machine_id(&self) -> String {
        MACHINE_ID.to_owned()
    }

    fn keyring(&self) -> Option<Verified<Keyring>> {
        verify_keyring(&self.0.signed_keyring).ok()
    }

    fn disk(&self, _: &BootReport) -> Result<BootDisk, DiskError> {
        BootDisk::open_to_read(&self.0.disk)
    }

    fn stage(
        &self,
        _: &BootReport,
        request: &StageRequest<'_>,
        source: &mut dyn ReleaseSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, StageError> {
        stage(&mut self.open(), request, &mut &mut *source, &mut |now| {
            progress(now)
        })
    }

    fn rollback(&self, _: &BootReport, running: &Running) -> Result<(), NotRolledBack> {
        let done = system_update::rollback(&mut self.open(), running);
        done.map(|_| ()).map_err(NotRolledBack::Refused)
    }

    fn record(&self, _: &BootReport, running: &Running, event: Event) -> Result<(), NotRecorded> {
        system_update::record(&mut self.open(), running, event).map_err(NotRecorded::Act)
    }

    fn keeps(&self, _: &Path) -> bool {
        self.0.now.lock().unwrap().writable == Writable::OnDisk
    }

    fn reboot(&self) -> io::Result<()> {
        self.0.now.lock().unwrap().reboots += 1;
        Ok(())
    }
}
