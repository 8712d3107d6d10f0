//! The file systems that live in memory: what is mounted where, and with which
//! restrictions.

use anyhow::Context;
use rustix::mount::{MountFlags, mount, mount_move};
use std::ffi::CStr;
use std::path::Path;

/// A file system of the kernel's own.
struct Mount {
    target: &'static str,
    kind: &'static str,
    flags: MountFlags,
    options: &'static CStr,
}

const NO_PROGRAMS: MountFlags = MountFlags::NOSUID
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);
const NO_DEVICES: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

/// Needed before anything else, and moved along into the root.
const EARLY: [Mount; 4] = [
    Mount {
        target: "/proc",
        kind: "proc",
        flags: NO_PROGRAMS,
        options: c"",
    },
    Mount {
        target: "/sys",
        kind: "sysfs",
        flags: NO_PROGRAMS,
        options: c"",
    },
    Mount {
        target: "/dev",
        kind: "devtmpfs",
        flags: MountFlags::NOSUID,
        options: c"mode=0755",
    },
    Mount {
        target: "/run",
        kind: "tmpfs",
        flags: NO_DEVICES,
        options: c"mode=0755",
    },
];

/// The rest, mounted in the root.
const SYSTEM: [Mount; 5] = [
    Mount {
        target: "/dev/pts",
        kind: "devpts",
        flags: MountFlags::NOSUID.union(MountFlags::NOEXEC),
        options: c"mode=0620,ptmxmode=0666",
    },
    Mount {
        target: "/dev/shm",
        kind: "tmpfs",
        flags: NO_DEVICES,
        options: c"mode=1777",
    },
    Mount {
        target: "/tmp",
        kind: "tmpfs",
        flags: NO_DEVICES,
        options: c"mode=1777,size=25%",
    },
    Mount {
        target: "/sys/fs/cgroup",
        kind: "cgroup2",
        flags: NO_PROGRAMS,
        options: c"nsdelegate",
    },
    // Says how far the kernel is locked down.
    Mount {
        target: "/sys/kernel/security",
        kind: "securityfs",
        flags: NO_PROGRAMS,
        options: c"",
    },
];

/// The firmware's variables: to be looked at. Whoever wants to change one mounts them anew,
/// and knows what they do: some firmware does not survive the loss of a variable.
const FIRMWARE_VARIABLES: Mount = Mount {
    target: "/sys/firmware/efi/efivars",
    kind: "efivarfs",
    flags: NO_PROGRAMS.union(MountFlags::RDONLY),
    options: c"",
};

/// Mounts what the initrd stage needs.
pub(crate) fn mount_early() -> anyhow::Result<()> {
    EARLY.iter().try_for_each(Mount::mount)?;
    std::fs::create_dir_all("/run/twinkeel").context("cannot create /run/twinkeel")
}

/// Mounts the rest. One that fails costs a feature, not the boot.
pub(crate) fn mount_system() {
    for each in &SYSTEM {
        if let Err(error) = each.mount() {
            log::warn!("{error:#}");
        }
    }
}

/// Mounts the firmware's variables, once the module for them is loaded. Not all firmware
/// has any, and then the kernel offers no place for them.
pub(crate) fn mount_firmware_variables() {
    if Path::new(FIRMWARE_VARIABLES.target).exists()
        && let Err(error) = FIRMWARE_VARIABLES.mount()
    {
        log::warn!("{error:#}");
    }
}

/// Moves the early mounts below the new root.
pub(crate) fn move_early_to(root: &Path) -> anyhow::Result<()> {
    EARLY.iter().try_for_each(|each| {
        let target = root.join(each.target.trim_start_matches('/'));
        mount_move(each.target, &target)
            .with_context(|| format!("cannot move {} to {}", each.target, target.display()))
    })
}

impl Mount {
    fn mount(&self) -> anyhow::Result<()> {
        let Self {
            target,
            kind,
            flags,
            options,
        } = self;
        // In a root that cannot be written the directory is there already.
        let _ = std::fs::create_dir_all(target);
        mount(*kind, *target, *kind, *flags, *options)
            .with_context(|| format!("cannot mount {kind} on {target}"))
    }
}
