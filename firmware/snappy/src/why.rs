//! `snappy why`: why is this system running, and what happened on the way here.

mod cloud_config;
mod wanted;

use crate::arguments::Form;
use crate::because::because;
use crate::device::Device;
use crate::record::record;
use crate::sentence::{plain, sentence};
use image_format::{Event, FlightEntry};
use serde_json::{Map, Value, json};

/// Boots that are told unless the person asks for more.
const DEFAULT_BOOTS: usize = 10;

/// What `snappy why` prints.
pub(crate) fn output(device: &Device, form: Form, boots: Option<usize>) -> String {
    let told = tell(&device.flight, boots.unwrap_or(DEFAULT_BOOTS));
    match form {
        Form::Text => text(device, &told),
        Form::Json => format!("{}\n", value(device, &told)),
    }
}

/// The last boots that left something in the record, oldest first.
struct Told<'a> {
    boots: Vec<&'a [FlightEntry]>,
    left_out: usize,
}

fn tell(flight: &[FlightEntry], most: usize) -> Told<'_> {
    let same_boot = |a: &FlightEntry, b: &FlightEntry| a.boot_number == b.boot_number;
    let mut boots: Vec<&[FlightEntry]> = flight.chunk_by(same_boot).collect();
    let left_out = boots.len().saturating_sub(most);
    boots.drain(..left_out);
    Told { boots, left_out }
}

fn text(device: &Device, told: &Told<'_>) -> String {
    let because = because(device);
    let mut text = format!("{}\n", because.sentence);
    for (_, reason) in &because.reasons {
        text += &format!("  {reason}\n");
    }
    if told.left_out > 0 {
        let all = told.left_out + told.boots.len();
        text += &format!(
            "\n{} not shown: snappy why --boots {all}\n",
            earlier_boots(told.left_out)
        );
    }
    for boot in &told.boots {
        let Some(first) = boot.first() else { continue };
        text += &format!("\nboot {}\n", first.boot_number);
        for entry in *boot {
            text += &entry_text(&entry.event);
        }
    }
    text += &cloud_config::text(&device.cloud_config);
    text += &wanted::text(&device.wanted);
    if told.boots.is_empty() && told.left_out == 0 {
        text += "\nThe flight record is empty: nothing but quiet boots so far.\n";
    }
    text
}

/// A sentence, or the lines of a console as they stood there.
fn entry_text(event: &Event) -> String {
    let Event::LastLines { lines } = event else {
        return format!("  {}\n", sentence(event));
    };
    let quoted = lines.lines().map(|line| format!("  | {}\n", plain(line)));
    format!("  The console said last:\n{}", quoted.collect::<String>())
}

fn earlier_boots(count: usize) -> String {
    match count {
        1 => "1 earlier boot is".into(),
        many => format!("{many} earlier boots are"),
    }
}

fn value(device: &Device, told: &Told<'_>) -> Value {
    let report = &device.report;
    let because = because(device);
    let reasons = because
        .reasons
        .into_iter()
        .map(|(slot, reason)| (slot.name().to_owned(), Value::from(reason)));
    json!({
        "running": {
            "slot": report.source.name(),
            "version": report.version,
            "manifest": report.manifest.to_string(),
            "boot": report.boot,
            "status": running_status(device),
        },
        "because": {
            "cause": because.cause.name(),
            "from": because.from.map(|slot| slot.name()),
            "sentence": because.sentence,
            "reasons": reasons.collect::<Map<_, _>>(),
        },
        "cloud_config": cloud_config::value(&device.cloud_config),
        "wanted_snaps": wanted::value(&device.wanted),
        "boots_left_out": told.left_out,
        "events": told.boots.iter().copied().flatten().map(record).collect::<Vec<_>>(),
    })
}

/// As the boot state has it; the rescue system is not in there.
fn running_status(device: &Device) -> String {
    match device.running_status() {
        Some(status) => status.to_string(),
        None => device.report.status.to_string(),
    }
}

#[cfg(test)]
mod tests;
