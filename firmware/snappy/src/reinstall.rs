//! `snappy reinstall`: a release for a device of which no slot boots. The rescue system starts
//! it by itself where image and owner want it, and a person there may. What is looked for, and
//! what is taken, is decided in `updater::reinstall`; here is what a device has around that.

mod around;
mod network;

pub(crate) use network::join as join_network;

use crate::arguments::{Form, Reinstall, Watch};
use crate::channel::read_channel;
use crate::device::disk_of;
use crate::rollback::require_root;
use crate::slot_image::fingerprint;
use anyhow::{Context, Result, bail};
use around::Around;
use serde_json::json;
use std::fmt;
use std::path::Path;
use system_update::{BootReport, Staged};
use updater::reinstall::disks::Mounted;
use updater::reinstall::{Ended, owner};
use updater::settings::RescueSources;
use updater::{Engine, Places, ThisMachine};

/// PID 1 maps it there, to be read only.
const WRITABLE: &str = "/dev/mapper/writable";
/// Where it is mounted while something is read from it.
const MOUNTED: &str = "/run/twinkeel/writable";
/// What is taken over from there.
const OWN: &str = "/run/twinkeel/owner";
/// Where programs look for it.
const MACHINE_ID: &str = "/run/machine-id";

/// Neither image nor owner wants anything done here without a person.
#[derive(Debug)]
pub(crate) struct NotWanted;

impl fmt::Display for NotWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the setting \"rescue\" is \"off\": nothing is installed without a person")
    }
}

impl std::error::Error for NotWanted {}

/// Installs a release and returns what to print.
pub(crate) fn run(asked: &Reinstall, form: Form) -> Result<String> {
    require_root()?;
    let report = BootReport::read()?;
    if let Some(slot) = report.slot() {
        bail!("cannot reinstall: {slot} runs; 'snappy update' installs a release here")
    }
    let around = Around::new(disk_of(&report)?, report.boot, form);
    take_over().context("cannot reinstall")?;
    let places = Places {
        own: Path::new(OWN),
        ..Places::default()
    };
    let engine = Engine::new(ThisMachine, places);
    let staged = match asked.watch {
        Watch::Once => engine.reinstall(asked.sources.unwrap_or(RescueSources::Both), &around)?,
        Watch::UntilInstalled => match engine.reinstall_unattended(&around)? {
            Ended::Installed(staged) => staged,
            Ended::Off => return Err(NotWanted.into()),
        },
    };
    around.end();
    if let Err(error) = &staged.recorded {
        eprintln!("snappy: {error}");
    }
    Ok(output(&read_channel(), &staged, form))
}

/// What the owner set, if that can be read. A sick disk may hold this program for ever: PID 1
/// does not wait for it.
fn take_over() -> std::io::Result<()> {
    let own = Path::new(OWN);
    match Mounted::read_only(Path::new(WRITABLE), Path::new(MOUNTED)) {
        Ok(mounted) => owner::take_over(&mounted.as_ref().join("system"), own)?,
        Err(reason) => eprintln!("snappy: cannot read what the owner set on writable: {reason}"),
    }
    if let Ok(id) = std::fs::read(own.join("machine-id"))
        && !Path::new(MACHINE_ID).exists()
    {
        std::fs::write(MACHINE_ID, id)?;
    }
    Ok(())
}

fn output(channel: &str, staged: &Staged, form: Form) -> String {
    let Staged { slot, version, .. } = staged;
    let fingerprint = fingerprint(&staged.manifest_hash);
    match form {
        Form::Text => format!(
            "Installed {channel} {version} {fingerprint} in {slot}.\n\
             Reboot to try it.\n"
        ),
        Form::Json => {
            let done = json!({
                "slot": slot.name(),
                "version": version,
                "fingerprint": fingerprint,
                "reboot_pending": true,
            });
            format!("{done}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::HASH_B;
    use image_format::{Slot, Version};

    #[test]
    fn it_says_what_lies_where_and_that_a_reboot_tries_it() {
        let staged = Staged {
            slot: Slot::B,
            version: Version(2),
            manifest_hash: HASH_B,
            recorded: Ok(()),
        };
        assert_eq!(
            output("edge", &staged, Form::Text),
            "Installed edge 2 7f068cb4fa876c in system-b.\nReboot to try it.\n"
        );
        assert_eq!(
            output("edge", &staged, Form::Json),
            "{\"fingerprint\":\"7f068cb4fa876c\",\"reboot_pending\":true,\
             \"slot\":\"system-b\",\"version\":2}\n"
        );
    }
}
