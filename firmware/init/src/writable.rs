//! `writable`: checked, mapped to the end of the real disk, mounted, grown.
//!
//! The partition table is never rewritten in the field. Where the disk turned out
//! larger than the image, `writable`, which is the last partition, is mapped beyond
//! the end that the table gives it. When nothing helps, a file system in memory
//! takes its place: a device that forgets is better than one that does not boot.

mod reset;

use crate::boot_device::BootDevice;
use crate::ioctls;
use crate::process::{self, End};
use anyhow::{Context, bail};
use boot_core::Partition;
use device_mapper::{Access, DeviceMapper, MappedDevice, table};
use image_format::AppData;
use image_format::disk::Role;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount};
use std::fs::{DirBuilder, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where it is mounted.
pub(crate) const WRITABLE: &str = "/writable";
/// What belongs to the system itself, not to snaps.
pub(crate) const SYSTEM: &str = "/writable/system";
/// From the verified root: what checks the file system must not come from it.
const E2FSCK: &str = "/sbin/e2fsck";
/// A check that takes longer is given up. Large disks need minutes for a whole repair.
const CHECK_LIMIT: Duration = Duration::from_secs(900);
/// For two checks, a factory reset and what else there is to do.
pub(crate) const LIMIT_SECS: u32 = 2000;
/// Where the words of the check go.
const CHECK_OUTPUT: &str = "/run/twinkeel/e2fsck";
/// Left free at the end of the disk, for the backup of the partition table.
const RESERVED_BYTES: u64 = 1 << 20;
/// Directories of the root that can be written, with their modes. They lie in
/// [`SYSTEM`] under the same names.
const AREAS: [(&str, u32); 4] = [
    ("var", 0o755),
    ("root", 0o700),
    ("home", 0o755),
    ("snap", 0o755),
];
/// What programs expect to find in `/var`.
const VAR: [(&str, u32); 4] = [
    ("log", 0o755),
    ("lib", 0o755),
    ("cache", 0o755),
    ("tmp", 0o1777),
];

/// What is mounted there.
#[derive(Debug)]
pub(crate) enum Writable {
    /// The partition.
    OnDisk,
    /// Memory, because of that.
    InMemory(Loss),
}

/// Why the partition is not mounted, by who is to blame for it.
#[derive(Debug)]
pub(crate) enum Loss {
    /// The disk: any other system would have lost it too.
    ByDisk(anyhow::Error),
    /// The running system: the file system is sound, as far as it could be checked.
    BySystem(anyhow::Error),
}

impl Loss {
    /// What went wrong.
    pub(crate) fn reason(&self) -> &anyhow::Error {
        match self {
            Self::ByDisk(reason) | Self::BySystem(reason) => reason,
        }
    }
}

/// Mounts `writable`, and the parts of the root that can be written. A factory reset that
/// somebody asked for is finished before that, and `record` told of it.
///
/// # Errors
/// When not even memory can be mounted.
pub(crate) fn mount_writable(
    mapper: &DeviceMapper,
    disk: &BootDevice,
    record: impl FnOnce(AppData),
) -> anyhow::Result<Writable> {
    let writable = match mount_partition(mapper, disk, record) {
        Ok(()) => Writable::OnDisk,
        Err(loss) => {
            let reason = loss.reason();
            log::error!("{reason:#}; the system runs on memory and forgets at power-off");
            mount_memory()?;
            make_areas()?;
            Writable::InMemory(loss)
        }
    };
    mount_areas()?;
    Ok(writable)
}

fn mount_partition(
    mapper: &DeviceMapper,
    disk: &BootDevice,
    record: impl FnOnce(AppData),
) -> Result<(), Loss> {
    let mapped = map_partition(mapper, disk, Access::ReadWrite);
    let (device, length_bytes) = mapped.map_err(Loss::ByDisk)?;
    let node = device.node();
    check(&node).map_err(Loss::ByDisk)?;
    mount(&node, WRITABLE, "ext4", flags(), c"errors=remount-ro")
        .context("cannot mount writable")
        .map_err(Loss::BySystem)?;
    if let Err(error) = reset::finish_if_asked(Path::new(WRITABLE), record) {
        // Half of what was there is worse than nothing of it.
        let _ = unmount(WRITABLE, UnmountFlags::DETACH);
        return Err(Loss::ByDisk(error));
    }
    if let Err(error) = grow(length_bytes) {
        log::warn!("{error:#}");
    }
    make_areas().map_err(|error| {
        // Somebody filled it before the system had its place there.
        let _ = unmount(WRITABLE, UnmountFlags::DETACH);
        Loss::ByDisk(error)
    })
}

/// Maps the partition to the end of the real disk; returns its length, too.
pub(crate) fn map_partition(
    mapper: &DeviceMapper,
    disk: &BootDevice,
    access: Access,
) -> anyhow::Result<(MappedDevice, u64)> {
    let partition = disk
        .layout
        .partition(Role::Writable)
        .context("cannot mount writable: the disk has no such partition")?;
    let length_bytes = real_length_bytes(partition, disk.length_bytes);
    let table = table::linear(disk.number, partition.offset_bytes, length_bytes)?;
    let device = mapper.map("writable", access, &table)?;
    Ok((device, length_bytes))
}

fn flags() -> MountFlags {
    MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOATIME
}

fn mount_memory() -> anyhow::Result<()> {
    mount(
        "writable",
        WRITABLE,
        "tmpfs",
        flags(),
        c"mode=0755,size=25%",
    )
    .context("cannot mount memory in place of writable")
}

/// To the end of the disk, in whole blocks of ext4 and without the reserve; at
/// least what the partition table says.
fn real_length_bytes(partition: Partition, disk_bytes: u64) -> u64 {
    const BLOCK: u64 = 4096;
    let end = disk_bytes.saturating_sub(RESERVED_BYTES);
    let to_end = end.saturating_sub(partition.offset_bytes) / BLOCK * BLOCK;
    to_end.max(partition.length_bytes)
}

/// Repairs what can be repaired: first only what is safe, then everything.
fn check(device: &Path) -> anyhow::Result<()> {
    match run_e2fsck("-p", device)? {
        Verdict::Clean => Ok(()),
        Verdict::Repaired => {
            log::warn!("the file system of writable was repaired");
            Ok(())
        }
        Verdict::Damaged => {
            log::warn!("the file system of writable is damaged: repairing all of it");
            match run_e2fsck("-fy", device)? {
                Verdict::Clean | Verdict::Repaired => Ok(()),
                Verdict::Damaged | Verdict::NotChecked => bail!("cannot repair writable"),
            }
        }
        // The mount tells whether it can be used.
        Verdict::NotChecked => Ok(()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    Repaired,
    Damaged,
    NotChecked,
}

/// The exit code of e2fsck(8) is a sum of bits.
fn verdict(exit_code: Option<i32>) -> Verdict {
    match exit_code {
        Some(0) => Verdict::Clean,
        // 2 asks for a reboot, which only a mounted file system needs.
        Some(code) if code & !3 == 0 => Verdict::Repaired,
        // 8 is a superblock that cannot be used: there are copies of it.
        Some(code) if code & !15 == 0 => Verdict::Damaged,
        _ => Verdict::NotChecked,
    }
}

fn run_e2fsck(mode: &str, device: &Path) -> anyhow::Result<Verdict> {
    let output = File::create(CHECK_OUTPUT).context("cannot keep what e2fsck says")?;
    let mut command = Command::new(E2FSCK);
    command
        .arg(mode)
        .arg(device)
        .stdout(output.try_clone().context("cannot keep what e2fsck says")?)
        .stderr(output);
    let end = match process::run_within(&mut command, CHECK_LIMIT) {
        Ok(end) => end,
        Err(error) => {
            log::warn!("cannot check writable: cannot run {E2FSCK}: {error}");
            return Ok(Verdict::NotChecked);
        }
    };
    let output = std::fs::read(CHECK_OUTPUT).unwrap_or_default();
    for line in String::from_utf8_lossy(&output).lines() {
        log::debug!("e2fsck: {line}");
    }
    match end {
        Some(End::Exit(code)) => Ok(verdict(Some(code))),
        Some(End::Signal(_)) => Ok(Verdict::NotChecked),
        None => bail!(
            "cannot check writable: e2fsck was not done within {} s",
            CHECK_LIMIT.as_secs()
        ),
    }
}

/// Grows the mounted file system to the length of its device. Nothing happens when
/// it has that length already.
fn grow(length_bytes: u64) -> anyhow::Result<()> {
    let cannot = "cannot grow writable";
    let directory = File::open(WRITABLE).context(cannot)?;
    let before = rustix::fs::fstatvfs(&directory).context(cannot)?;
    ioctls::ext4_resize(&directory, length_bytes / before.f_bsize).context(cannot)?;
    let after = rustix::fs::fstatvfs(&directory).context(cannot)?;
    if after.f_blocks > before.f_blocks {
        let mebibytes = (after.f_blocks * after.f_bsize) >> 20;
        log::info!("writable has grown to {mebibytes} MiB");
    }
    Ok(())
}

/// Makes the directories that lie behind the areas, and those in `/var`.
fn make_areas() -> anyhow::Result<()> {
    create_directory(Path::new(SYSTEM), 0o755)?;
    for (name, mode) in AREAS {
        create_directory(&Path::new(SYSTEM).join(name), mode)?;
    }
    for (name, mode) in VAR {
        create_directory(&Path::new(SYSTEM).join("var").join(name), mode)?;
    }
    // Old programs write there.
    let _ = std::os::unix::fs::symlink("/run", Path::new(SYSTEM).join("var/run"));
    Ok(())
}

fn mount_areas() -> anyhow::Result<()> {
    for (name, _) in AREAS {
        let target = Path::new("/").join(name);
        if !target.is_dir() {
            log::debug!("the root has no {}", target.display());
            continue;
        }
        mount_bind(Path::new(SYSTEM).join(name), &target)
            .with_context(|| format!("cannot mount {}", target.display()))?;
    }
    Ok(())
}

fn create_directory(path: &Path, mode: u32) -> anyhow::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let cannot = || format!("cannot create {}", path.display());
    DirBuilder::new()
        .recursive(true)
        .create(path)
        .with_context(cannot)?;
    // Not by the builder: the mode that it takes loses the umask's bits.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, permissions).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writable_reaches_to_the_end_of_the_real_disk() {
        let partition = Partition {
            offset_bytes: 100 << 20,
            length_bytes: 50 << 20,
        };
        // As flashed: the table's end is nearer to the disk's end than the reserve.
        assert_eq!(real_length_bytes(partition, 150 << 20), 50 << 20);
        assert_eq!(
            real_length_bytes(partition, (150 << 20) + 17 * 1024),
            50 << 20
        );
        // On a larger disk.
        assert_eq!(
            real_length_bytes(partition, 1 << 30),
            (1 << 30) - (101 << 20)
        );
        assert_eq!(
            real_length_bytes(partition, (1 << 30) + 512),
            (1 << 30) - (101 << 20)
        );
        // Smaller than it should be: mapping it fails, and says so.
        assert_eq!(real_length_bytes(partition, 1 << 20), 50 << 20);
    }

    #[test]
    fn exit_codes_of_e2fsck() {
        for (code, expected) in [
            (Some(0), Verdict::Clean),
            (Some(1), Verdict::Repaired),
            (Some(3), Verdict::Repaired),
            (Some(4), Verdict::Damaged),
            (Some(5), Verdict::Damaged),
            (Some(8), Verdict::Damaged),
            (Some(12), Verdict::Damaged),
            (Some(16), Verdict::NotChecked),
            (Some(128), Verdict::NotChecked),
            (None, Verdict::NotChecked),
        ] {
            assert_eq!(verdict(code), expected, "{code:?}");
        }
    }
}
