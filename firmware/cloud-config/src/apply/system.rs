//! The device's own: its name, time, authorities and settings.

use super::{Device, note};
use crate::document::CloudConfig;
use crate::report::Report;
use crate::source::Found;
use accounts::write_whole;
use http_file::Authorities;
use std::fs;
use std::os::unix::fs::symlink;
use updater::settings::SettingsFile;

/// Anybody may read it.
const PUBLIC: u32 = 0o644;
const ZONES: &str = "usr/share/zoneinfo";
/// `/etc/localtime` in the root is a link to it.
const LOCAL_TIME: &str = "run/localtime";

pub(super) fn apply(device: &Device, found: &Found, config: &CloudConfig, report: &mut Report) {
    host_name(device, found, config, report);
    let system = device.system();
    if !config.time_servers.is_empty() {
        let path = system.join("time-servers");
        let text = config.time_servers.join("\n") + "\n";
        let written = write_whole(&path, text.as_bytes(), PUBLIC);
        note(report, "time servers".to_owned(), &path, written);
    }
    if let Some(zone) = &config.time_zone {
        time_zone(device, zone, report);
    }
    if !config.authorities.is_empty() {
        let path = device
            .root
            .join(Authorities::OWNERS.trim_start_matches('/'));
        let text = config.authorities.join("\n") + "\n";
        let written = write_whole(&path, text.as_bytes(), PUBLIC);
        note(
            report,
            format!("{} authorities", config.authorities.len()),
            &path,
            written,
        );
    }
    let settings = SettingsFile::new(&device.image(), &system);
    for (key, value) in &config.settings {
        match settings.set(key, value.clone()) {
            Ok(_) => report.done.push(format!("setting {key}")),
            Err(error) => report.failed(format!("snappy.config.ubuntu-core.{key}: {error}")),
        }
    }
}

/// The user-data's counts, then the one that the device has, then the meta-data's.
fn host_name(device: &Device, found: &Found, config: &CloudConfig, report: &mut Report) {
    let path = device.system().join("hostname");
    let of_meta_data = found.meta_data.host_name.as_ref();
    let given = match &config.host_name {
        Some(name) => Some(name),
        None => of_meta_data.filter(|_| !path.exists()),
    };
    if let Some(name) = given {
        let written = write_whole(&path, format!("{name}\n").as_bytes(), PUBLIC);
        note(report, format!("host name {name}"), &path, written);
    }
}

fn time_zone(device: &Device, zone: &str, report: &mut Report) {
    let path = device.system().join("timezone");
    let written = write_whole(&path, format!("{zone}\n").as_bytes(), PUBLIC);
    note(report, format!("time zone {zone}"), &path, written);
    if !is_utc(zone) && !device.root.join(ZONES).join(zone).is_file() {
        report.failed(format!(
            "timezone: the image has no {zone} in /{ZONES}, so the clock shows UTC; its maker adds \
             it by an overlay"
        ));
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(
        zone,
        "UTC" | "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Zulu"
    )
}

/// Lets programs find the owner's time zone. Once a boot, since nothing of it is kept.
pub fn show_time_zone(device: &Device) {
    let Ok(zone) = fs::read_to_string(device.system().join("timezone")) else {
        return;
    };
    let zone = std::path::Path::new("/").join(ZONES).join(zone.trim());
    // One is there from an earlier start of this program, or none.
    let link = device.root.join(LOCAL_TIME);
    let _ = fs::remove_file(&link);
    let _ = symlink(zone, link);
}
