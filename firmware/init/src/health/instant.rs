//! The checks that are done at once.

use crate::writable::{Loss, WRITABLE, Writable};
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::{Write, copy, sink};
use std::path::Path;

/// Programs without which nobody could help the device.
const NEEDED: [&str; 3] = ["/bin/busybox", "/sbin/e2fsck", "/usr/bin/snappy"];

/// Reads the needed programs to their ends, through dm-verity.
pub(super) fn root_reads() -> anyhow::Result<()> {
    NEEDED.iter().try_for_each(|program| {
        let mut file = File::open(program).with_context(|| format!("cannot open {program}"))?;
        copy(&mut file, &mut sink()).with_context(|| format!("cannot read {program}"))?;
        Ok(())
    })
}

/// Writes a file and reads it back, on memory too: a device that lost its disk's
/// `writable` still takes updates. Only a system that cannot mount a sound file
/// system fails, since another one could.
pub(super) fn writable_writes(writable: &Writable) -> anyhow::Result<()> {
    if let Writable::InMemory(Loss::BySystem(reason)) = writable {
        anyhow::bail!("{reason:#}");
    }
    let probe = Path::new(WRITABLE).join("system/health-probe");
    let written = b"health";
    let mut file = File::create(&probe).context("cannot create a file")?;
    file.write_all(written).context("cannot write a file")?;
    file.sync_all().context("cannot write a file to the disk")?;
    let read = std::fs::read(&probe).context("cannot read a file back")?;
    std::fs::remove_file(&probe).context("cannot remove a file")?;
    ensure!(read == written, "a file reads back as something else");
    Ok(())
}
