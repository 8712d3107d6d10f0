//! `snappy`: what only a device of this kind has.

use super::{CloudConfig, Login};
use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::{Place, Truth};

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
                let why = "snaps have no settings yet; ubuntu-core is the system";
                complaints.add(place.complain(Reason::NotHonoured(why)));
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

fn package(place: &Place<'_>, name: &str) -> Result<String, Complaint> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match (2..=40).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(name.to_owned()),
        false => Err(place.unusable(name, "the name of a snap")),
    }
}
