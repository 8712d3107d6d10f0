//! The device's own: its name, its time, whom it believes, and commands.

use super::{Command, MOST};
use crate::complaint::{Complaint, Complaints, Reason};
use crate::place::{Place, Truth};

/// POSIX's `HOST_NAME_MAX`, which PID 1 keeps to.
const MAX_HOST_NAME_BYTES: usize = 64;
/// The C libraries ask no more of them.
const MOST_TIME_SERVERS: usize = 8;
const SERVER: &str = "a name or an address";

pub(super) fn host_name(place: &Place<'_>) -> Result<String, Complaint> {
    let name = place.text()?;
    match is_host_name(name) {
        true => Ok(name.to_owned()),
        false => Err(place.unusable(name, "letters, digits and inner hyphens, at most 64")),
    }
}

/// RFC 1123, section 2.1, as PID 1 takes it.
pub(crate) fn is_host_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= MAX_HOST_NAME_BYTES && name.split('.').all(label)
}

/// Servers first, then pools: both are names that are asked.
pub(super) fn time_servers(place: &Place<'_>, complaints: &mut Complaints) -> Vec<String> {
    let mut found: [Vec<String>; 2] = Default::default();
    for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
        match key {
            "servers" => found[0] = servers(&place, complaints),
            "pools" => found[1] = servers(&place, complaints),
            "enabled" => {
                if complaints.take(place.truth()) == Some(Truth::No) {
                    let why = "the clock follows the network's time servers where you name none";
                    complaints.add(place.complain(Reason::NotHonoured(why)));
                }
            }
            "ntp_client" | "config" | "peers" | "allow" => {
                let why = "the system has one client of time; name servers or pools";
                complaints.add(place.complain(Reason::NotHonoured(why)));
            }
            _ => complaints.add(place.complain(Reason::Unknown)),
        }
    }
    let mut all = found.concat();
    if all.len() > MOST_TIME_SERVERS {
        let most = MOST_TIME_SERVERS;
        complaints.add(place.complain(Reason::TooMany { most }));
        all.truncate(most);
    }
    all
}

fn servers(place: &Place<'_>, complaints: &mut Complaints) -> Vec<String> {
    let servers = place.texts(complaints).into_iter();
    let servers = servers.filter_map(|(place, name)| {
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        if is_address || is_host_name(name) {
            return Some(name.to_owned());
        }
        complaints.add(place.unusable(name, SERVER));
        None
    });
    servers.collect()
}

pub(super) fn time_zone(place: &Place<'_>) -> Result<String, Complaint> {
    let name = place.text()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
    let part = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    match name.len() <= 64 && name.split('/').all(part) {
        true => Ok(name.to_owned()),
        false => Err(place.unusable(name, "a name as in Europe/Berlin")),
    }
}

pub(super) fn authorities(place: &Place<'_>, complaints: &mut Complaints) -> Vec<String> {
    let mut found = Vec::new();
    for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
        match key {
            "trusted" => {
                let texts = place.texts(complaints).into_iter().take(MOST);
                let good = texts.filter_map(|(place, text)| {
                    if is_certificate(text) {
                        return Some(text.trim().to_owned());
                    }
                    complaints.add(place.unusable(text, "a certificate in PEM"));
                    None
                });
                found = good.collect();
            }
            "remove_defaults" | "remove-defaults" => {
                if complaints.take(place.truth()) == Some(Truth::Yes) {
                    let why = "the image's authorities stay; a maker chooses them";
                    complaints.add(place.complain(Reason::NotHonoured(why)));
                }
            }
            _ => complaints.add(place.complain(Reason::Unknown)),
        }
    }
    found
}

/// Between its two lines, base64. Whether anybody can use it, TLS says.
fn is_certificate(text: &str) -> bool {
    let inner = text.trim().strip_prefix("-----BEGIN CERTIFICATE-----");
    let inner = inner.and_then(|rest| rest.strip_suffix("-----END CERTIFICATE-----"));
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(&byte)
    };
    inner.is_some_and(|inner| inner.len() > 64 && inner.bytes().all(allowed))
}

pub(super) fn commands(place: &Place<'_>, complaints: &mut Complaints) -> Vec<Command> {
    let items = complaints.take(place.items()).unwrap_or_default();
    let commands = items.into_iter().take(MOST).filter_map(|item| {
        if let Ok(text) = item.text() {
            return Some(Command::Shell(text.to_owned()));
        }
        let words = item.items().and_then(|words| {
            let texts = words.iter().map(|word| word.text().map(str::to_owned));
            texts.collect::<Result<Vec<_>, _>>()
        });
        complaints
            .take(words)
            .filter(|words| !words.is_empty())
            .map(Command::Words)
    });
    commands.collect()
}
