//! The control group of a snap and of each of its programs: limits, and an end for all.
//!
//! `snaps/NAME` has the limits, `snaps/NAME/APP` the processes. A group is found by its
//! path, so whoever supervises needs no more than the names.

use crate::error::{Layer, LayerError, OfLayer};
use crate::limits::Limits;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fmt::Display;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The group of one program.
#[derive(Clone, Debug)]
pub struct ControlGroup {
    snap: PathBuf,
    app: PathBuf,
}

impl ControlGroup {
    /// The group of an app or hook, whether or not it is there.
    ///
    /// # Errors
    /// No hierarchy of version 2 is mounted.
    pub fn of(snap: &str, app: &str) -> Result<Self, LayerError> {
        let mounts = fs::read_to_string("/proc/self/mounts");
        let mounts = mounts.layer(Layer::Limits, || "read the mounts".to_owned())?;
        let root = mounts
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(' ').skip(1);
                let target = fields.next()?;
                (fields.next()? == "cgroup2").then_some(target)
            })
            .next()
            .ok_or_else(|| io::Error::other("no file system of that type is mounted"))
            .layer(Layer::Limits, || "find cgroup2".to_owned())?;
        let snap = Path::new(root).join("snaps").join(snap);
        Ok(Self {
            app: snap.join(app),
            snap,
        })
    }

    /// Makes the group and sets the limits of its snap.
    pub(crate) fn prepare(&self, limits: &Limits) -> Result<(), LayerError> {
        let snaps = self.snap.parent().unwrap_or(&self.snap);
        let root = snaps.parent().unwrap_or(snaps);
        fs::create_dir_all(&self.app)
            .layer(Layer::Limits, || format!("make {}", self.app.display()))?;
        for (controller, file, value) in settings(limits) {
            for group in [root, snaps] {
                let path = group.join("cgroup.subtree_control");
                fs::write(&path, format!("+{controller}")).layer(Layer::Limits, || {
                    format!("switch on {controller} in {}", path.display())
                })?;
            }
            let path = self.snap.join(file);
            fs::write(&path, &value).layer(Layer::Limits, || {
                format!("write {value:?} to {}", path.display())
            })?;
        }
        Ok(())
    }

    /// Moves the calling process into the group.
    pub(crate) fn enter(&self) -> Result<(), LayerError> {
        let path = self.app.join("cgroup.procs");
        fs::write(&path, "0").layer(Layer::Limits, || format!("enter {}", self.app.display()))
    }

    pub(crate) fn open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(rustix::fs::open(&self.app, flags, Mode::empty())?)
    }

    /// The processes in it, none if there is no such group.
    ///
    /// # Errors
    /// The kernel's.
    pub fn processes(&self) -> io::Result<Vec<i32>> {
        match fs::read_to_string(self.app.join("cgroup.procs")) {
            Ok(text) => Ok(text.lines().filter_map(|line| line.parse().ok()).collect()),
            Err(error) if is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Kills all processes in it, at once.
    ///
    /// # Errors
    /// The kernel's. That there is no such group is none.
    pub fn kill(&self) -> io::Result<()> {
        absent_is_fine(fs::write(self.app.join("cgroup.kill"), "1"))
    }

    /// Removes it; the group of the snap stays, with its limits.
    ///
    /// # Errors
    /// Processes are in it.
    pub fn remove(&self) -> io::Result<()> {
        absent_is_fine(fs::remove_dir(&self.app))
    }
}

impl Display for ControlGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.app.display())
    }
}

/// The controller, its file and what to write there.
fn settings(limits: &Limits) -> Vec<(&'static str, &'static str, String)> {
    const PERIOD_MICROS: u64 = 100_000;
    let mut settings = Vec::new();
    if let Some(bytes) = limits.memory_bytes {
        settings.push(("memory", "memory.max", bytes.to_string()));
        // Beyond memory there is nothing, or a limit would be none where there is swap.
        settings.push(("memory", "memory.swap.max", "0".to_owned()));
    }
    if let Some(processes) = limits.processes {
        settings.push(("pids", "pids.max", processes.to_string()));
    }
    if let Some(percent) = limits.cpu_percent {
        let quota = u64::from(percent) * PERIOD_MICROS / 100;
        settings.push(("cpu", "cpu.max", format!("{quota} {PERIOD_MICROS}")));
    }
    if let Some(disk) = &limits.disk {
        let value = format!(
            "{} rbps={} wbps={} riops={} wiops={}",
            disk.device,
            disk.read_bytes_per_sec,
            disk.write_bytes_per_sec,
            disk.reads_per_sec,
            disk.writes_per_sec
        );
        settings.push(("io", "io.max", value));
    }
    settings
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if is_absence(&error) => Ok(()),
        other => other,
    }
}

/// Whether there is no such group. Between a file's opening and its use it can be removed,
/// and then there is no such device.
fn is_absence(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(Errno::NODEV.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{DiskLimit, DiskSpeed};

    #[test]
    fn limits_become_the_kernels_words() {
        let limits = Limits {
            memory_bytes: Some(1 << 20),
            processes: Some(64),
            cpu_percent: Some(150),
            disk: Some(DiskLimit::usual("254:0".to_owned(), DiskSpeed::Card)),
            temporary_bytes: 0,
        };
        let settings = settings(&limits);
        let found: Vec<_> = settings
            .iter()
            .map(|(_, file, value)| format!("{file} {value}"))
            .collect();
        assert_eq!(
            found,
            [
                "memory.max 1048576",
                "memory.swap.max 0",
                "pids.max 64",
                "cpu.max 150000 100000",
                "io.max 254:0 rbps=10485760 wbps=5242880 riops=750 wiops=250"
            ]
        );
    }
}
