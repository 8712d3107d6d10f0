//! The slots of frameworks: a directory each, in memory, which the framework fills and snaps
//! that are plugged into it see. Both have it at `/run/snap.FRAMEWORK/SLOT`.
//!
//! Outside nobody but root comes to these directories. They stay while the device runs, so
//! that a framework that starts again finds those that are plugged in.

use crate::device::{Device, InstalledSnap};
use anyhow::{Context, Result};
use confinement::{Shared, Side, SnapUsers, UserId};
use rustix::fs::{FlockOperation, flock};
use rustix::mount::{MountFlags, mount};
use snap_format::{PlugName, SlotName, SnapName};
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};

/// For all slots of a framework: sockets and small files.
const ROOM: &std::ffi::CStr = c"mode=0755,size=4m,nr_inodes=1024";

/// What a snap shares: the slots that it offers, and those that `plugs` lead to. A plug into
/// what is not offered gives nothing.
pub(crate) fn shared(
    device: &Device,
    snap: &InstalledSnap,
    plugs: &BTreeSet<PlugName>,
    user: UserId,
) -> Result<Vec<Shared>> {
    let mut shared = Vec::new();
    if let Some(framework) = &snap.yaml.framework {
        for slot in &framework.offers {
            shared.push(one(device, &snap.yaml.name, slot, user, Side::Offers)?);
        }
    }
    for slot in plugs
        .iter()
        .filter_map(|plug| snap.yaml.framework_slot(plug))
    {
        let offers = device.snap(&slot.framework, None).ok();
        let offers = offers.and_then(|framework| framework.yaml.framework);
        if offers.is_some_and(|framework| framework.offers.contains(&slot.slot)) {
            let owner = SnapUsers::new(device.users()).user_of(slot.framework.as_str())?;
            let side = Side::Plugs;
            shared.push(one(device, &slot.framework, &slot.slot, owner, side)?);
        }
    }
    Ok(shared)
}

fn one(
    device: &Device,
    framework: &SnapName,
    slot: &SlotName,
    owner: UserId,
    side: Side,
) -> Result<Shared> {
    let all = device.slots(framework);
    let source = all.join(slot.as_str());
    prepare(&all, &source, owner)
        .with_context(|| format!("cannot make the slot {slot} of {framework}"))?;
    let at = PathBuf::from(format!("/run/snap.{framework}")).join(slot.as_str());
    Ok(Shared { source, at, side })
}

/// Makes what is missing. Whoever starts first does, be it the framework or what needs it.
fn prepare(all: &Path, slot: &Path, owner: UserId) -> Result<()> {
    let parent = all.parent().context("it has no place")?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(parent)?;
    let lock = File::open(parent)?;
    flock(&lock, FlockOperation::LockExclusive)?;
    fs::create_dir_all(all)?;
    // What a framework fills is its own, and not the device's `/run`.
    if fs::metadata(all)?.dev() == fs::metadata(parent)?.dev() {
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount("tmpfs", all, "tmpfs", flags, ROOM)?;
    }
    if !slot.exists() {
        fs::create_dir(slot)?;
        chown(slot, Some(owner.get()), Some(owner.get()))?;
    }
    Ok(())
}
