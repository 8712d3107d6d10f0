//! The orderly end: processes first, then file systems, then the machine.
//!
//! Nothing here needs the root. Each step has a deadline, and the next one comes
//! whether or not it succeeded: a device must not hang on its way down.

use crate::entropy::SeedFile;
use crate::failure;
use crate::guard::Guard;
use crate::process::reap;
use crate::signals::Signals;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use rustix::system::{RebootCommand, reboot};
use std::time::{Duration, Instant};

/// How processes get to end by themselves.
const TERM_PATIENCE: Duration = Duration::from_secs(10);
/// How long those that were killed may take: some wait for a device.
const KILL_PATIENCE: Duration = Duration::from_secs(3);
/// For all of it: sync of a slow card takes longest.
const LIMIT_SECS: u32 = 120;
/// Stay mounted: the kernel's, and the root, which is never written.
const KEPT: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/tmp"];

/// How the system ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    PowerOff,
    Halt,
    Reboot,
    /// A reboot because the root does not read any more: nobody can be asked to
    /// end orderly, since the programs do not run.
    FallBack,
}

/// Ends the system. The rescue system keeps no seed.
pub(crate) fn end(ending: Ending, signals: &Signals, seed: Option<&SeedFile>, guard: &Guard) -> ! {
    guard.expect("end the system", LIMIT_SECS);
    log::info!("{}", ending.announcement());
    if ending != Ending::FallBack {
        signal_all(Signal::TERM);
        // An interactive shell ignores that, and ends when its terminal goes; a
        // stopped process gets its signals when it goes on.
        signal_all(Signal::HUP);
        signal_all(Signal::CONT);
        wait_for_exits(signals, Instant::now() + TERM_PATIENCE);
    }
    signal_all(Signal::KILL);
    wait_for_exits(signals, Instant::now() + KILL_PATIENCE);
    if let Some(Err(error)) = seed.map(SeedFile::save) {
        log::debug!("{error:#}");
    }
    rustix::fs::sync();
    unmount_all();
    rustix::fs::sync();
    match ending {
        Ending::PowerOff => ask(RebootCommand::PowerOff),
        Ending::Halt => {
            guard.stand_down();
            ask(RebootCommand::Halt);
        }
        Ending::Reboot | Ending::FallBack => {}
    }
    failure::reboot()
}

impl Ending {
    fn announcement(self) -> &'static str {
        match self {
            Self::PowerOff => "powering off",
            Self::Halt => "halting",
            Self::Reboot => "going down for a reboot",
            Self::FallBack => "falling back to the other slot",
        }
    }
}

fn ask(command: RebootCommand) {
    if let Err(error) = reboot(command) {
        log::error!("the machine refuses: {error}");
    }
}

fn signal_all(signal: Signal) {
    // The group of PID 1 stands for all processes but this one: kill(2), -1.
    let _ = kill_process_group(Pid::INIT, signal);
}

/// Reaps until no process is left, or until the deadline.
fn wait_for_exits(signals: &Signals, deadline: Instant) {
    loop {
        signals.drain();
        reap().for_each(drop);
        if no_process_left() || Instant::now() >= deadline {
            return;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        let _ = poll(&mut [PollFd::new(signals, PollFlags::IN)], timeout.as_ref());
    }
}

fn no_process_left() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::All, look).err() == Some(Errno::CHILD)
}

/// Unmounts what can be written, the last mounted first. What is still in use is
/// made read-only at least.
fn unmount_all() {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for target in to_unmount(&mounts) {
        let Err(error) = unmount(target.as_str(), UnmountFlags::empty()) else {
            continue;
        };
        let read_only = mount_remount(target.as_str(), MountFlags::RDONLY, c"");
        log::debug!("{target} is still in use ({error}); read-only: {read_only:?}");
    }
}

/// The mount points of `/proc/self/mounts` that are to go, in that order.
fn to_unmount(mounts: &str) -> Vec<String> {
    let kept = |target: &str| {
        target == "/"
            || KEPT.iter().any(|kept| {
                let below = target.strip_prefix(kept);
                below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
            })
    };
    let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut targets: Vec<_> = targets
        .map(unescape)
        .filter(|target| !kept(target))
        .collect();
    targets.reverse();
    targets
}

/// The kernel writes blanks, tabs, line ends and backslashes as octal numbers.
fn unescape(target: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(target.to_owned(), |text, (code, character)| {
        text.replace(code, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_mounted_goes_first_and_the_kernels_stay() {
        let mounts = "\
/dev/dm-1 / erofs ro,nosuid,nodev,relatime 0 0
proc /proc proc rw 0 0
devtmpfs /dev devtmpfs rw 0 0
devpts /dev/pts devpts rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/dm-2 /writable ext4 rw 0 0
/dev/dm-2 /var ext4 rw 0 0
tmpfs /run/machine-id tmpfs rw 0 0
/dev/loop0 /snap/a\\040b squashfs ro 0 0
tmpfs /runaway tmpfs rw 0 0
";
        assert_eq!(
            to_unmount(mounts),
            ["/runaway", "/snap/a b", "/var", "/writable"]
        );
    }
}
