//! The health gate: what has to work before a system may confirm itself.
//!
//! A first, simple gate: the root reads, `writable` can be written, a shell runs.
//! Each check has a name and a verdict; those that fail go to the flight record by
//! their names. The checks only look: what follows from a failed one is for the
//! caller to decide.

use crate::writable::{Loss, WRITABLE, Writable};
use anyhow::{Context, ensure};
use std::fs::File;
use std::io::{Write, copy, sink};
use std::path::Path;
use std::process::Command;

/// Programs without which nobody could help the device.
const NEEDED: [&str; 3] = ["/bin/busybox", "/sbin/e2fsck", "/usr/bin/snappy"];

/// A check and what it found.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its name in the flight record.
    pub(crate) name: &'static str,
    /// Why it failed, if it did.
    pub(crate) verdict: anyhow::Result<()>,
}

/// Runs all checks.
pub(crate) fn check_all(writable: &Writable) -> Vec<Check> {
    let check = |name, verdict| Check { name, verdict };
    vec![
        check("root", root_reads()),
        check("writable", writable_writes(writable)),
        check("shell", shell_runs()),
    ]
}

/// Reads the needed programs to their ends, through dm-verity.
fn root_reads() -> anyhow::Result<()> {
    NEEDED.iter().try_for_each(|program| {
        let mut file = File::open(program).with_context(|| format!("cannot open {program}"))?;
        copy(&mut file, &mut sink()).with_context(|| format!("cannot read {program}"))?;
        Ok(())
    })
}

/// Writes a file and reads it back, on memory too: a device that lost its disk's
/// `writable` still takes updates. Only a system that cannot mount a sound file
/// system fails, since another one could.
fn writable_writes(writable: &Writable) -> anyhow::Result<()> {
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

fn shell_runs() -> anyhow::Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", ":"])
        .status()
        .context("cannot run /bin/sh")?;
    ensure!(status.success(), "/bin/sh ends with {status}");
    Ok(())
}
