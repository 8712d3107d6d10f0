//! `snappy update`: a release into the slot that does not run. From the store it is the
//! daemon's to do; with `--from FILE` this program does it, with or without a daemon.

use crate::arguments::{Form, Update, UpdateSource};
use crate::channel::read_channel;
use crate::daemon;
use crate::device::disk_of;
use crate::keys::{self, read_keyring};
use crate::origin::Origin;
use crate::progress::ProgressLine;
use crate::rollback::require_root;
use crate::slot_image::fingerprint;
use crate::versions::PART;
use anyhow::{Context, Result, bail};
use image_format::{Digest, Slot, Version};
use serde_json::{Value, json};
use system_update::{BootReport, StageRequest, Staged, stage_on_device};

/// Installs the release and returns what to print.
pub(crate) fn run(asked: &Update, form: Form) -> Result<String> {
    match &asked.from {
        UpdateSource::Store(store) => daemon::update::run(asked, store, form),
        UpdateSource::Origin(origin) => from_origin(asked, origin, form),
    }
}

fn from_origin(asked: &Update, origin: &Origin, form: Form) -> Result<String> {
    require_root()?;
    let report = BootReport::read()?;
    let Some(running) = report.running() else {
        bail!(
            "cannot update: this is the rescue system, which changes no slot; \
             'snappy why' tells why neither slot booted, and a reboot tries both again"
        )
    };
    let keyring = read_keyring().with_context(|| {
        format!(
            "cannot update: there is no usable keyring at {}; roll back or flash the disk again",
            keys::PATH
        )
    })?;
    let request = StageRequest {
        running,
        running_version: report.version,
        board: &report.board,
        keyring: &keyring,
        downgrade: asked.downgrade,
        failed_before: asked.failed_before,
    };
    let mut file = origin.open(form)?;
    let mut line = match form {
        Form::Text => ProgressLine::on_terminal(),
        Form::Json => None,
    };
    let staged = stage_on_device(disk_of(&report)?, &request, &mut file, &mut |progress| {
        if let Some(line) = &mut line {
            line.show(progress);
        }
    });
    if let Some(line) = &mut line {
        line.end();
    }
    let staged = staged?;
    if let Err(error) = &staged.recorded {
        eprintln!("snappy: {error}");
    }
    Ok(output(&report, &read_channel(), &staged, form))
}

/// What `snappy update` prints once it is done.
fn output(report: &BootReport, channel: &str, staged: &Staged, form: Form) -> String {
    let name =
        |version: Version, hash: &Digest| format!("{channel} {version} {}", fingerprint(hash));
    let value = |slot: Slot, version: Version, hash: &Digest| -> Value {
        json!({ "slot": slot.name(), "version": version, "fingerprint": fingerprint(hash) })
    };
    match form {
        Form::Text => format!(
            "Updating {PART}: ({} -> {})\nReboot to try the new {PART}; \
             the old one comes back if it does not work.\n",
            name(report.version, &report.manifest),
            name(staged.version, &staged.manifest_hash),
        ),
        Form::Json => {
            let done = json!({
                "part": PART,
                "from": value(staged.slot.other(), report.version, &report.manifest),
                "to": value(staged.slot, staged.version, &staged.manifest_hash),
                "reboot_pending": true,
            });
            format!("{done}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{HASH_B, report};

    fn staged() -> Staged {
        Staged {
            slot: Slot::B,
            version: Version(2),
            manifest_hash: HASH_B,
            recorded: Ok(()),
        }
    }

    #[test]
    fn text_names_both_releases_and_says_that_a_reboot_starts_the_trial() {
        assert_eq!(
            output(&report(), "edge", &staged(), Form::Text),
            "Updating system: (edge 1 184ad1e863e947 -> edge 2 7f068cb4fa876c)\n\
             Reboot to try the new system; the old one comes back if it does not work.\n"
        );
    }

    #[test]
    fn json_names_both_slots() {
        assert_eq!(
            output(&report(), "edge", &staged(), Form::Json),
            "{\"from\":{\"fingerprint\":\"184ad1e863e947\",\"slot\":\"system-a\",\"version\":1},\
             \"part\":\"system\",\"reboot_pending\":true,\
             \"to\":{\"fingerprint\":\"7f068cb4fa876c\",\"slot\":\"system-b\",\"version\":2}}\n"
        );
    }
}
