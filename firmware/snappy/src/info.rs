//! `snappy info`: what this device is. Snappy's lines first, ours behind them.

use crate::CHANNEL;
use crate::arguments::Form;
use crate::keys::Keys;
use crate::slot_image::fingerprint;
use serde_json::json;
use system_update::BootReport;

/// What `snappy info` prints.
pub(crate) fn output(report: &BootReport, keys: Keys, form: Form) -> String {
    match form {
        Form::Text => text(report, keys),
        Form::Json => json(report, keys),
    }
}

fn text(report: &BootReport, keys: Keys) -> String {
    let warning = match keys {
        Keys::Test => "\nkeys: TEST KEYS, which anybody may have: not for a device in the field",
        Keys::Production | Keys::Unknown => "",
    };
    format!(
        "release: {product}/{CHANNEL}\n\
         architecture: {architecture}\n\
         frameworks:\n\
         apps:\n\
         board: {board}\n\
         slot: {slot}\n\
         version: {version}\n\
         fingerprint: {fingerprint}\n\
         security epoch: {epoch}\n\
         status: {status}\n\
         boot: {boot}{warning}\n",
        product = report.product,
        architecture = architecture(),
        board = report.board,
        slot = report.slot,
        version = report.version,
        fingerprint = fingerprint(&report.manifest),
        epoch = report.epoch,
        status = report.status,
        boot = report.boot,
    )
}

fn json(report: &BootReport, keys: Keys) -> String {
    let info = json!({
        "release": format!("{}/{CHANNEL}", report.product),
        "architecture": architecture(),
        "frameworks": [],
        "apps": [],
        "board": report.board,
        "slot": report.slot.name(),
        "version": report.version,
        "manifest": report.manifest.to_string(),
        "epoch": report.epoch,
        "status": report.status.to_string(),
        "boot": report.boot,
        "keys": keys.name(),
    });
    format!("{info}\n")
}

/// The name that Debian and snaps have for the architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "armhf",
        "powerpc64" => "ppc64el",
        other => other,
    }
}
