//! `snappy`: what only a device of this kind has.

use super::{CloudConfig, Login, Package};
use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::{Place, Truth};
use serde_json::{Map, Value};
use snap_format::SnapName;

/// Whose settings `config` has; the name is Snappy's.
const SYSTEM: &str = "ubuntu-core";

impl CloudConfig {
    pub(super) fn snappy(&mut self, place: &Place<'_>, complaints: &mut Complaints) {
        for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
            match key {
                "ssh_enabled" => self.ssh = complaints.take(ssh(&place)).flatten(),
                "packages" => {
                    let packages = place.texts(complaints).into_iter();
                    self.packages = packages
                        .filter_map(|(place, name)| complaints.take(package(&place, name)))
                        .collect();
                }
                "config" => self.settings(&place, complaints),
                _ => complaints.add(place.complain(Reason::Unknown)),
            }
        }
    }

    fn settings(&mut self, place: &Place<'_>, complaints: &mut Complaints) {
        for (name, place) in complaints.take(place.entries()).unwrap_or_default() {
            if name != SYSTEM {
                if let Some((name, configuration)) = complaints.take(of_snap(&place, name)) {
                    self.configurations.insert(name, configuration);
                }
                continue;
            }
            for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
                let value = match (key, place.truth()) {
                    // YAML takes on and off for truths.
                    ("autopilot", Ok(Truth::Yes)) => "on".into(),
                    ("autopilot", Ok(Truth::No)) => "off".into(),
                    _ => place.json(),
                };
                self.settings.insert(key.to_owned(), value);
            }
        }
    }
}

/// `auto` leaves it to the image.
fn ssh(place: &Place<'_>) -> Result<Option<Login>, Complaint> {
    match place.truth() {
        Ok(Truth::Yes) => Ok(Some(Login::Allowed)),
        Ok(Truth::No) => Ok(Some(Login::Refused)),
        Err(_) if place.text() == Ok("auto") => Ok(None),
        Err(_) => Err(place.complain(Reason::NotA("true, false or auto"))),
    }
}

/// `NAME`, or `NAME.PUBLISHER` where more than one has it.
fn package(place: &Place<'_>, text: &str) -> Result<Package, Complaint> {
    let (name, publisher) = match text.split_once('.') {
        Some((name, publisher)) => (name, Some(publisher)),
        None => (text, None),
    };
    let unusable = || place.unusable(text, "the name of a snap");
    Ok(Package {
        name: name.parse().map_err(|_| unusable())?,
        publisher: publisher
            .map(str::parse)
            .transpose()
            .map_err(|_| unusable())?,
    })
}

/// Its keys and values, which the snap itself will judge.
fn of_snap(place: &Place<'_>, name: &str) -> Result<(SnapName, Map<String, Value>), Complaint> {
    let parsed = name.parse();
    let name = parsed.map_err(|_| place.unusable(name, "the name of a snap, or ubuntu-core"))?;
    match place.json() {
        Value::Object(configuration) => Ok((name, configuration)),
        _ => Err(place.complain(Reason::NotA("map of keys to values"))),
    }
}
