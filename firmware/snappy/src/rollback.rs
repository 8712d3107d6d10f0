//! `snappy rollback`: the other slot at the next reboot. Needs no network.

use crate::CHANNEL;
use crate::arguments::Form;
use crate::device::Device;
use crate::slot_image::{Image, SlotImage, fingerprint};
use crate::versions::{PART, problem};
use anyhow::{Result, bail};
use image_format::Slot;
use serde_json::{Value, json};
use system_update::{ActError, BootDisk, RollbackError};

/// Rolls back and returns what to print.
pub(crate) fn run(form: Form) -> Result<String> {
    if !rustix::process::geteuid().is_root() {
        bail!("This command needs root, please run with sudo");
    }
    let device = Device::read()?;
    let target = target(&device)?;
    let mut disk = BootDisk::open_to_change(&device.report.disk)?;
    match system_update::rollback(&mut disk, &device.report.running()) {
        Ok(_) => {}
        Err(RollbackError::Act(ActError::Record(error))) => eprintln!("snappy: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(output(&device, &target, form))
}

/// The image to go back to, if there is one that the loader will take.
pub(crate) fn target(device: &Device) -> Result<Image> {
    match &device.other {
        SlotImage::Verified(image) => Ok(*image),
        unusable => {
            let slot = device.report.slot.other();
            let problem = problem(unusable).unwrap_or_default();
            bail!("cannot roll back: {slot} cannot be used: {problem}")
        }
    }
}

/// What `snappy rollback` prints once it is done.
pub(crate) fn output(device: &Device, target: &Image, form: Form) -> String {
    let report = &device.report;
    let running = Image {
        version: report.version,
        epoch: report.epoch,
        manifest_hash: report.manifest,
    };
    match form {
        Form::Text => format!(
            "Rolling back {PART}: ({} -> {})\nReboot to use the new {PART}.\n",
            name(&running),
            name(target),
        ),
        Form::Json => {
            let done = json!({
                "part": PART,
                "from": value(report.slot, &running),
                "to": value(report.slot.other(), target),
                "reboot_pending": true,
            });
            format!("{done}\n")
        }
    }
}

fn name(image: &Image) -> String {
    format!(
        "{CHANNEL} {} {}",
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
