//! The verified root: mapped, mounted, entered.
//!
//! PID 1 enters it by `chroot`, without an `exec`: its own program stays in the
//! initramfs, in memory, so that it still runs when the root does not read any
//! more.

use crate::boot_device::BootDevice;
use crate::failure::{Failure, during};
use crate::mounts;
use crate::uevent::{DamagedBlock, Uevent, UeventSocket};
use anyhow::{Context, ensure};
use device_mapper::{Access, DeviceMapper, MappedDevice, table};
use image_format::{Root, Slot};
use rustix::mount::{MountFlags, mount, mount_move};
use std::path::Path;

const SYSROOT: &str = "/sysroot";

/// The mapped root.
pub(crate) struct VerifiedRoot {
    mapper: DeviceMapper,
    device: MappedDevice,
}

/// Maps the slot's root with its hash tree.
pub(crate) fn map(disk: &BootDevice, slot: Slot, root: &Root) -> anyhow::Result<VerifiedRoot> {
    let partition = disk
        .layout
        .partition(slot.into())
        .with_context(|| format!("the disk has no partition {slot}"))?;
    let extent_bytes = table::root_extent_bytes(root)?;
    let end = root.offset_bytes.checked_add(extent_bytes);
    ensure!(
        end.is_some_and(|end| end <= partition.length_bytes),
        "the root does not fit into {slot}"
    );
    let mapper = DeviceMapper::open()?;
    let offset_bytes = partition.offset_bytes + root.offset_bytes;
    let data = table::linear(disk.number, offset_bytes, extent_bytes)?;
    let data = mapper.map("system-root-data", Access::ReadOnly, &data)?;
    let verity = table::verity(data.number, root);
    let device = mapper.map("system-root", Access::ReadOnly, &verity)?;
    Ok(VerifiedRoot { mapper, device })
}

impl VerifiedRoot {
    /// Mounts the root. A damaged block that keeps it from being mounted is named.
    pub(crate) fn mount(&self, uevents: &UeventSocket) -> Result<(), Failure> {
        let flags = MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID;
        let mounted = mount(self.device.node(), SYSROOT, "erofs", flags, c"");
        mounted.map_err(|error| match self.damage(&uevents.drain()) {
            Some(block) => Failure::RootDamaged(block),
            None => {
                let reason = anyhow::Error::new(error).context("cannot mount the root");
                during("mount the root")(reason)
            }
        })
    }

    /// The damaged block that the events tell of, if the kernel's own record says
    /// so too. Events that got lost count as one of an unknown block.
    pub(crate) fn damage(&self, events: &[Uevent]) -> Option<DamagedBlock> {
        let named = events.iter().find_map(|event| match event {
            Uevent::VerityError { device, block } if *device == self.device.kernel_name() => {
                Some(*block)
            }
            _ => None,
        });
        let lost = events.contains(&Uevent::Lost);
        let block = named.or(lost.then_some(DamagedBlock::Data(u64::MAX)))?;
        let status = self.mapper.status(&self.device);
        let damaged = status
            .inspect_err(|error| log::warn!("{error:#}"))
            .is_ok_and(|status| status.starts_with('C'));
        damaged.then_some(block)
    }

    /// Gives the device mapper back, for `writable`.
    pub(crate) fn mapper(&self) -> &DeviceMapper {
        &self.mapper
    }
}

/// Makes the mounted root the root of this process and of all that it starts.
pub(crate) fn enter() -> anyhow::Result<()> {
    mounts::move_early_to(Path::new(SYSROOT))?;
    std::env::set_current_dir(SYSROOT).context("cannot enter the root")?;
    mount_move(".", "/").context("cannot move the root to /")?;
    rustix::process::chroot(".").context("cannot change the root")?;
    std::env::set_current_dir("/").context("cannot enter the root")
}
