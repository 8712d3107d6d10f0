//! The machine below the engine: its clock, its disk, and PID 1.

use image_format::{Event, Keyring};
use image_trust::{Verified, verify_keyring};
use rustix::fs::{FsWord, statfs};
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};
use system_update::{
    ActError, BootDisk, BootReport, DiskError, Progress, ReleaseSource, ReportError, RollbackError,
    Running, StageError, StageRequest, Staged, stage_on_device,
};

const KEYRING: &str = "/usr/lib/twinkeel/root.keyring";
/// Of a file system in memory, `linux/magic.h`.
const TMPFS_MAGIC: FsWord = 0x0102_1994;
const MACHINE_ID: &str = "/run/machine-id";

/// Time, and how it passes.
pub trait Clock: Send + Sync {
    /// Since the machine was switched on: never set, never back.
    fn uptime(&self) -> Duration;
    /// The time of day, which may be wrong, in seconds since 1970.
    fn unix_secs(&self) -> i64;
    /// Lets time pass.
    fn sleep(&self, time: Duration);
}

/// What the engine does to a machine.
pub trait Machine: Clock {
    /// What PID 1 says of this boot.
    ///
    /// # Errors
    /// See [`ReportError`].
    fn boot_report(&self) -> Result<BootReport, ReportError>;

    /// machine-id(5); empty where there is none.
    fn machine_id(&self) -> String;

    /// The root keys for system images.
    fn keyring(&self) -> Option<Verified<Keyring>>;

    /// The disk, to read from.
    ///
    /// # Errors
    /// See [`DiskError`].
    fn disk(&self, report: &BootReport) -> Result<BootDisk, DiskError>;

    /// Writes a release into the slot that does not run, and puts it on trial.
    ///
    /// # Errors
    /// See [`StageError`].
    fn stage(
        &self,
        report: &BootReport,
        request: &StageRequest<'_>,
        source: &mut dyn ReleaseSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, StageError>;

    /// Has the other slot boot next.
    ///
    /// # Errors
    /// See [`RollbackError`], or the disk cannot be opened.
    fn rollback(&self, report: &BootReport, running: &Running) -> Result<(), NotRolledBack>;

    /// Tells the flight record.
    ///
    /// # Errors
    /// The disk cannot be opened, or does not take it.
    fn record(
        &self,
        report: &BootReport,
        running: &Running,
        event: Event,
    ) -> Result<(), NotRecorded>;

    /// Whether what is written below `directory` is there after a reboot.
    fn keeps(&self, directory: &Path) -> bool;

    /// Asks for a reboot.
    ///
    /// # Errors
    /// Nobody can be asked.
    fn reboot(&self) -> io::Result<()>;
}

/// Why the other slot does not boot next.
#[derive(Debug)]
pub enum NotRolledBack {
    /// The disk cannot be opened.
    Disk(DiskError),
    /// There is no way back.
    Refused(RollbackError),
}

/// Why the flight record tells nothing.
#[derive(Debug)]
pub enum NotRecorded {
    /// The disk cannot be opened.
    Disk(DiskError),
    /// It did not take it.
    Act(ActError),
}

impl std::fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disk(error) => error.fmt(f),
            Self::Act(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotRecorded {}

/// The machine that this program runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisMachine;

impl Clock for ThisMachine {
    fn uptime(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        Duration::try_from(time).unwrap_or_default()
    }

    fn unix_secs(&self) -> i64 {
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(_) => 0,
        }
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl Machine for ThisMachine {
    fn boot_report(&self) -> Result<BootReport, ReportError> {
        BootReport::read()
    }

    fn machine_id(&self) -> String {
        let id = std::fs::read_to_string(MACHINE_ID).unwrap_or_default();
        id.trim_end().to_owned()
    }

    fn keyring(&self) -> Option<Verified<Keyring>> {
        verify_keyring(&std::fs::read(KEYRING).ok()?).ok()
    }

    fn disk(&self, report: &BootReport) -> Result<BootDisk, DiskError> {
        BootDisk::open_to_copy(disk_of(report))
    }

    fn stage(
        &self,
        report: &BootReport,
        request: &StageRequest<'_>,
        source: &mut dyn ReleaseSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, StageError> {
        let disk = disk_of(report);
        stage_on_device(disk, request, &mut &mut *source, &mut |now| progress(now))
    }

    fn rollback(&self, report: &BootReport, running: &Running) -> Result<(), NotRolledBack> {
        let disk = disk_of(report);
        let mut disk = BootDisk::open_to_change(disk).map_err(NotRolledBack::Disk)?;
        match system_update::rollback(&mut disk, running) {
            Ok(_) => Ok(()),
            Err(RollbackError::Act(ActError::Record(error))) => {
                eprintln!("{error}");
                Ok(())
            }
            Err(error) => Err(NotRolledBack::Refused(error)),
        }
    }

    fn record(
        &self,
        report: &BootReport,
        running: &Running,
        event: Event,
    ) -> Result<(), NotRecorded> {
        let disk = BootDisk::open_to_change(disk_of(report));
        let mut disk = disk.map_err(NotRecorded::Disk)?;
        system_update::record(&mut disk, running, event).map_err(NotRecorded::Act)
    }

    fn keeps(&self, directory: &Path) -> bool {
        statfs(directory).is_ok_and(|found| found.f_type != TMPFS_MAGIC)
    }

    fn reboot(&self) -> io::Result<()> {
        Ok(kill_process(Pid::INIT, Signal::TERM)?)
    }
}

/// Only a rescue system's report may have none, and then nothing can be opened.
fn disk_of(report: &BootReport) -> &Path {
    report.disk.as_deref().unwrap_or(Path::new(""))
}

#[cfg(test)]
pub(crate) mod testing {
    //! Time that passes when somebody sleeps.

    use super::Clock;
    use std::sync::Mutex;
    use std::time::Duration;

    #[derive(Default)]
    pub(crate) struct FakeClock(Mutex<Duration>);

    impl Clock for FakeClock {
        fn uptime(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn unix_secs(&self) -> i64 {
            0
        }

        fn sleep(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }
}
