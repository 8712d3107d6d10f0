//! `snappy update`: a release into the slot that does not run. From the store it is the
//! daemon's to do; with `--from FILE` this program does it, with or without a daemon.

use crate::arguments::{Form, Update, UpdateSource};
use crate::channel::read_channel;
use crate::daemon;
use crate::device::disk_of;
use crate::keys::{self, read_keyring};
use crate::origin::{Here, Origin};
use crate::progress::ProgressLine;
use crate::reinstall::join_network;
use crate::rollback::require_root;
use crate::slot_image::fingerprint;
use crate::versions::PART;
use anyhow::{Context, Result, anyhow, bail};
use image_format::{Digest, Slot, Source, Version};
use release_source::{Seeds, Tally};
use serde_json::{Value, json};
use system_update::{BootDisk, BootReport, StageRequest, Staged, stage_on_device};

const MEBIBYTE: f64 = (1 << 20) as f64;

/// Installs the release and returns what to print.
pub(crate) fn run(asked: &Update, form: Form) -> Result<String> {
    match &asked.from {
        UpdateSource::Store(_) if is_rescue() => bail!(
            "cannot ask the store by the daemon: the rescue system has none; 'snappy reinstall' \
             takes a release from a stick or the store, and --from one that you name"
        ),
        UpdateSource::Store(store) => daemon::update::run(asked, store, form),
        UpdateSource::Origin(origin) => from_origin(asked, origin, form),
    }
}

fn is_rescue() -> bool {
    BootReport::read().is_ok_and(|report| report.source == Source::Rescue)
}

fn from_origin(asked: &Update, origin: &Origin, form: Form) -> Result<String> {
    require_root()?;
    let report = BootReport::read()?;
    let keyring = read_keyring().with_context(|| {
        format!(
            "cannot update: there is no usable keyring at {}; roll back or flash the disk again",
            keys::PATH
        )
    })?;
    let request = StageRequest {
        installer: report.installer(),
        board: &report.board,
        keyring: &keyring,
        downgrade: asked.downgrade,
        failed_before: asked.failed_before,
    };
    if let (Origin::Web(_), Source::Rescue) = (origin, report.source) {
        join_network().map_err(|reason| anyhow!("cannot update: {reason}"))?;
    }
    let disk = disk_of(&report)?;
    let mut reader = BootDisk::open_to_read(disk)?;
    let seeds = Seeds::read(&mut reader, &request.installer, &report.board, &keyring)
        .context("cannot update: the disk cannot be used")?;
    let here = Here {
        disk,
        seeds,
        manifest: report.manifest,
    };
    let mut release = origin.open(form, &here)?;
    let mut line = match form {
        Form::Text => ProgressLine::on_terminal(),
        Form::Json => None,
    };
    let staged = stage_on_device(disk, &request, &mut release, &mut |progress| {
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
    if let Some(detour) = release.detour() {
        eprintln!("snappy: {detour}");
    }
    Ok(output(
        &report,
        &read_channel(),
        &staged,
        release.tally(),
        form,
    ))
}

/// What `snappy update` prints once it is done.
fn output(
    report: &BootReport,
    channel: &str,
    staged: &Staged,
    tally: Option<Tally>,
    form: Form,
) -> String {
    let name =
        |version: Version, hash: &Digest| format!("{channel} {version} {}", fingerprint(hash));
    let value = |slot: Slot, version: Version, hash: &Digest| -> Value {
        json!({ "slot": slot.name(), "version": version, "fingerprint": fingerprint(hash) })
    };
    match form {
        Form::Text if report.source == Source::Rescue => format!(
            "Installing {PART}: {} in {}\n{}Reboot to try it.\n",
            name(staged.version, &staged.manifest_hash),
            staged.slot,
            tally.map(told).unwrap_or_default(),
        ),
        Form::Text => format!(
            "Updating {PART}: ({} -> {})\n{}Reboot to try the new {PART}; \
             the old one comes back if it does not work.\n",
            name(report.version, &report.manifest),
            name(staged.version, &staged.manifest_hash),
            tally.map(told).unwrap_or_default(),
        ),
        Form::Json => {
            let mut done = json!({
                "part": PART,
                "from": report.slot().map(|slot| value(slot, report.version, &report.manifest)),
                "to": value(staged.slot, staged.version, &staged.manifest_hash),
                "reboot_pending": true,
            });
            if let Some(tally) = tally {
                done["fetched_bytes"] = tally.fetched_bytes.into();
                done["reused_bytes"] = tally.reused_bytes.into();
            }
            format!("{done}\n")
        }
    }
}

fn told(tally: Tally) -> String {
    let mebibytes = |bytes: u64| bytes as f64 / MEBIBYTE;
    format!(
        "Fetched {:.1} MiB, found {:.1} MiB on this device.\n",
        mebibytes(tally.fetched_bytes),
        mebibytes(tally.reused_bytes)
    )
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
            output(&report(), "edge", &staged(), None, Form::Text),
            "Updating system: (edge 1 184ad1e863e947 -> edge 2 7f068cb4fa876c)\n\
             Reboot to try the new system; the old one comes back if it does not work.\n"
        );
    }

    #[test]
    fn json_names_both_slots() {
        assert_eq!(
            output(&report(), "edge", &staged(), None, Form::Json),
            "{\"from\":{\"fingerprint\":\"184ad1e863e947\",\"slot\":\"system-a\",\"version\":1},\
             \"part\":\"system\",\"reboot_pending\":true,\
             \"to\":{\"fingerprint\":\"7f068cb4fa876c\",\"slot\":\"system-b\",\"version\":2}}\n"
        );
    }

    #[test]
    fn what_came_over_the_web_is_told_in_bytes() {
        let tally = Tally {
            fetched_bytes: 3 << 19,
            reused_bytes: 40 << 20,
        };
        let text = output(&report(), "edge", &staged(), Some(tally), Form::Text);
        assert!(text.contains("\nFetched 1.5 MiB, found 40.0 MiB on this device.\nReboot"));
        let json = output(&report(), "edge", &staged(), Some(tally), Form::Json);
        assert!(json.starts_with("{\"fetched_bytes\":1572864,\"from\":"));
        assert!(json.contains("\"reused_bytes\":41943040,"));
    }
}
