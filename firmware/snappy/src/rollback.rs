//! `snappy rollback`: the other slot at the next reboot. Needs no network.

use crate::arguments::Form;
use crate::daemon::{Daemon, of_part};
use crate::device::{Device, disk_of};
use crate::slot_image::{Image, SlotImage, fingerprint};
use crate::versions::{PART, problem};
use anyhow::{Result, bail};
use image_format::Slot;
use serde_json::{Value, json};
use system_update::{ActError, BootDisk, RollbackError, Running};

/// Rolls back and returns what to print. A daemon that runs does it, and takes that release
/// by itself no more; without one it works all the same.
pub(crate) fn run(form: Form) -> Result<String> {
    match Daemon::find() {
        Ok(daemon) => by_daemon(&daemon, form),
        Err(_) => by_hand(form),
    }
}

fn by_daemon(daemon: &Daemon, form: Form) -> Result<String> {
    let id = daemon.post(&of_part(""), &json!({ "action": "revert" }))?;
    let change = daemon.get(&format!("/v2/changes/{id}"))?;
    let done = &change["data"]["rolled-back"];
    let (from, to) = (&done["from"], &done["to"]);
    Ok(match form {
        Form::Text => {
            let channel = daemon.get(&of_part(""))?["channel"].take();
            let channel = channel.as_str().unwrap_or("-");
            let name = |slot: &Value| {
                let fingerprint = slot["fingerprint"].as_str().unwrap_or("-");
                format!("{channel} {} {fingerprint}", slot["version"])
            };
            said(&name(from), &name(to))
        }
        Form::Json => {
            let value = |slot: &Value| {
                json!({
                    "slot": slot["slot"],
                    "version": slot["version"],
                    "fingerprint": slot["fingerprint"],
                })
            };
            told(&value(from), &value(to))
        }
    })
}

fn by_hand(form: Form) -> Result<String> {
    require_root()?;
    let device = Device::read()?;
    let way = way(&device)?;
    let mut disk = BootDisk::open_to_change(disk_of(&device.report)?)?;
    match system_update::rollback(&mut disk, &way.running) {
        Ok(_) => {}
        Err(RollbackError::Act(ActError::Record(error))) => eprintln!("snappy: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(output(&device, &way, form))
}

/// Only root may change the device.
pub(crate) fn require_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("This command needs root, please run with sudo");
    }
    Ok(())
}

/// The way back.
pub(crate) struct Way {
    running: Running,
    /// The image in the other slot.
    target: Image,
}

/// The way back, if there is an image that the loader will take.
pub(crate) fn way(device: &Device) -> Result<Way> {
    let Some(running) = device.report.running() else {
        bail!(
            "cannot roll back: this is the rescue system, and neither slot booted; \
             'snappy why' tells the reasons, and a reboot tries both again"
        )
    };
    let slot = running.slot.other();
    match device.image(slot.into()) {
        SlotImage::Verified(target) => Ok(Way { running, target }),
        unusable => {
            let problem = problem(&unusable).unwrap_or_default();
            bail!("cannot roll back: {slot} cannot be used: {problem}")
        }
    }
}

/// What `snappy rollback` prints once it is done.
pub(crate) fn output(device: &Device, way: &Way, form: Form) -> String {
    let report = &device.report;
    let (slot, target) = (way.running.slot, &way.target);
    let running = Image {
        version: report.version,
        epoch: report.epoch,
        manifest_hash: report.manifest,
    };
    match form {
        Form::Text => said(&name(device, &running), &name(device, target)),
        Form::Json => told(&value(slot, &running), &value(slot.other(), target)),
    }
}

fn said(from: &str, to: &str) -> String {
    format!("Rolling back {PART}: ({from} -> {to})\nReboot to use the new {PART}.\n")
}

fn told(from: &Value, to: &Value) -> String {
    let done = json!({ "part": PART, "from": from, "to": to, "reboot_pending": true });
    format!("{done}\n")
}

fn name(device: &Device, image: &Image) -> String {
    format!(
        "{} {} {}",
        device.channel,
        image.version,
        fingerprint(&image.manifest_hash)
    )
}

fn value(slot: Slot, image: &Image) -> Value {
    json!({
        "slot": slot.name(),
        "version": image.version,
        "fingerprint": fingerprint(&image.manifest_hash),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{device, image_b, in_rescue};
    use crate::slot_image::NotVerified;
    use image_format::{Refusal, refusal::PartName};

    #[test]
    fn text_is_snappys() {
        let device = device();
        let way = way(&device).unwrap();
        assert_eq!(
            output(&device, &way, Form::Text),
            "Rolling back system: (edge 1 184ad1e863e947 -> edge 2 7f068cb4fa876c)\n\
             Reboot to use the new system.\n"
        );
    }

    #[test]
    fn json_names_both_slots() {
        let way = way(&device()).unwrap();
        assert_eq!(
            output(&device(), &way, Form::Json),
            "{\"from\":{\"fingerprint\":\"184ad1e863e947\",\"slot\":\"system-a\",\"version\":1},\
             \"part\":\"system\",\"reboot_pending\":true,\
             \"to\":{\"fingerprint\":\"7f068cb4fa876c\",\"slot\":\"system-b\",\"version\":2}}\n"
        );
    }

    #[test]
    fn a_slot_that_does_not_verify_is_no_target_and_the_reason_is_named() {
        let bounds = Refusal::Bounds {
            part: PartName::Root,
        };
        let table = [
            (
                SlotImage::Unusable(Refusal::Empty),
                "cannot roll back: system-b cannot be used: it holds no system image",
            ),
            (
                SlotImage::Unverified {
                    manifest_hash: image_b().manifest_hash,
                    reason: NotVerified::Refused(bounds),
                },
                "cannot roll back: system-b cannot be used: it does not verify: \
                 its root lies outside its place in the slot",
            ),
            (
                SlotImage::Unverified {
                    manifest_hash: image_b().manifest_hash,
                    reason: NotVerified::NoKeyring,
                },
                "cannot roll back: system-b cannot be used: it does not verify: \
                 there is no usable keyring at /usr/lib/twinkeel/root.keyring",
            ),
        ];
        for (other, message) in table {
            let mut device = device();
            device.slots[1] = other;
            assert_eq!(refusal(&device), message);
        }
    }

    #[test]
    fn the_rescue_system_has_no_way_back_and_says_what_to_do() {
        assert_eq!(
            refusal(&in_rescue()),
            "cannot roll back: this is the rescue system, and neither slot booted; \
             'snappy why' tells the reasons, and a reboot tries both again"
        );
    }

    fn refusal(device: &Device) -> String {
        way(device).err().expect("a refusal").to_string()
    }
}
