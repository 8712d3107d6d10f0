//! `snappy versions`: what is installed, and what runs at the next reboot.

use crate::arguments::{Form, Scope};
use crate::device::Device;
use crate::slot_image::{SlotImage, fingerprint};
use crate::table::render;
use image_format::{Slot, SlotStatus, Source};
use serde_json::{Value, json};

/// The name of the system among the parts.
pub(crate) const PART: &str = "system";
/// The name of the rescue system among them.
const RESCUE_PART: &str = "rescue";
const HEADER: [&str; 6] = [
    "Part",
    "Tag",
    "Installed",
    "Available",
    "Fingerprint",
    "Active",
];

/// What `snappy versions` prints.
pub(crate) fn output(device: &Device, form: Form, scope: Scope) -> String {
    let slots = listed(device, scope);
    match form {
        Form::Text => text(device, &slots),
        Form::Json => json(device, &slots),
    }
}

/// A slot in the list, or the rescue system.
struct Listed<'a> {
    channel: &'a str,
    source: Source,
    image: SlotImage,
    /// The rescue system has none.
    status: Option<SlotStatus>,
    running: bool,
    next: bool,
}

impl Listed<'_> {
    fn part(&self) -> &'static str {
        match self.source {
            Source::Slot(_) => PART,
            Source::Rescue => RESCUE_PART,
        }
    }
}

/// What runs, and both slots if all are asked for.
fn listed(device: &Device, scope: Scope) -> Vec<Listed<'_>> {
    let list = |source: Source| Listed {
        channel: &device.channel,
        source,
        image: device.image(source),
        status: match source {
            Source::Slot(slot) => Some(device.state.slot(slot).status),
            Source::Rescue => None,
        },
        running: source == device.report.source,
        next: device.next() == Some(source),
    };
    let running = device.report.source;
    let shown = |source: &Source| match (scope, source) {
        (Scope::All, Source::Slot(_)) => true,
        (Scope::All | Scope::Running, source) => *source == running,
    };
    let slots = Slot::ALL.map(Source::Slot);
    let sources = slots.into_iter().chain([Source::Rescue]);
    sources.filter(shown).map(list).collect()
}

fn text(device: &Device, slots: &[Listed<'_>]) -> String {
    let header = HEADER.map(String::from);
    let rows: Vec<_> = std::iter::once(header)
        .chain(slots.iter().map(row))
        .collect();
    let mut text = render(&rows);
    for note in slots.iter().flat_map(notes) {
        text += &format!("{note}\n");
    }
    if device.is_reboot_pending() {
        text += &format!("Reboot to use the new {PART}.\n");
    }
    text
}

fn row(listed: &Listed<'_>) -> [String; 6] {
    let (version, hash) = match &listed.image {
        SlotImage::Verified(image) => (image.version.to_string(), Some(image.manifest_hash)),
        SlotImage::Unverified { manifest_hash, .. } => ("?".into(), Some(*manifest_hash)),
        SlotImage::Unusable(_) => ("-".into(), None),
    };
    let active = match (listed.running, listed.next) {
        (true, _) => "*",
        (false, true) => "R",
        (false, false) => "",
    };
    [
        listed.part().into(),
        listed.channel.into(),
        version,
        "-".into(),
        hash.as_ref().map_or_else(|| "-".into(), fingerprint),
        active.into(),
    ]
}

/// What a person should know about the slot beyond its row.
fn notes(listed: &Listed<'_>) -> Vec<String> {
    let slot = listed.source;
    let mut notes = Vec::new();
    notes
        .extend(problem(&listed.image).map(|problem| format!("{slot} cannot be used: {problem}.")));
    let Some(status) = listed.status else {
        notes.push(
            "This is the rescue system: 'snappy why' tells why no slot booted. A reboot tries them again."
                .into(),
        );
        return notes;
    };
    notes.extend(match status {
        SlotStatus::Refused => Some(format!(
            "{slot} was refused: 'snappy why' tells the reason."
        )),
        SlotStatus::Exhausted => Some(format!(
            "{slot} did not prove itself: 'snappy why' tells the reason."
        )),
        SlotStatus::Trial {
            attempts_left,
            attempts_given,
        } => Some(format!(
            "{slot} is on trial: {attempts_left} of {attempts_given} attempts are left."
        )),
        SlotStatus::Empty | SlotStatus::Installed | SlotStatus::Confirmed => None,
    });
    notes
}

/// Why the image in a slot is not to be used, if so.
pub(crate) fn problem(image: &SlotImage) -> Option<String> {
    match image {
        SlotImage::Verified(_) => None,
        SlotImage::Unverified { reason, .. } => Some(format!("it does not verify: {reason}")),
        SlotImage::Unusable(refusal) => Some(refusal.to_string()),
    }
}

fn json(device: &Device, slots: &[Listed<'_>]) -> String {
    let versions: Vec<Value> = slots.iter().map(value).collect();
    let all = json!({ "versions": versions, "reboot_pending": device.is_reboot_pending() });
    format!("{all}\n")
}

fn value(listed: &Listed<'_>) -> Value {
    let (version, epoch, hash) = match &listed.image {
        SlotImage::Verified(image) => (
            Some(image.version),
            Some(image.epoch),
            Some(image.manifest_hash),
        ),
        SlotImage::Unverified { manifest_hash, .. } => (None, None, Some(*manifest_hash)),
        SlotImage::Unusable(_) => (None, None, None),
    };
    json!({
        "part": listed.part(),
        "slot": listed.source.name(),
        "tag": listed.channel,
        "installed": version,
        "available": null,
        "fingerprint": hash.as_ref().map(fingerprint),
        "manifest": hash.map(|hash| hash.to_string()),
        "epoch": epoch,
        "status": listed.status.map_or_else(|| RESCUE_PART.into(), |status| status.to_string()),
        "running": listed.running,
        "next": listed.next,
        "verified": matches!(listed.image, SlotImage::Verified(_)),
        "problem": problem(&listed.image),
    })
}

#[cfg(test)]
mod tests;
