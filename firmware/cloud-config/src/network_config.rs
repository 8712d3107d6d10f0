//! `network-config`, version 2: the wired ports of netplan's form.
//!
//! One with an error is not used at all: half of a network is none, and without any a port
//! gets its address by DHCP.

use crate::complaint::{Complaint, Complaints, Reason};
use crate::document::is_host_name;
use crate::place::{Place, Truth};
use network::configuration::{Addressing, Configuration, FixedRoute, PortConfiguration, Prefixed};
use network::dhcp::HardwareAddress;
use std::net::Ipv4Addr;
use system_update::CloudConfigSeverity as Severity;

/// More ports no gateway has.
const MOST_PORTS: usize = 32;
/// More of anything no port has.
const MOST: usize = 16;
/// Below the first IPv4 does not work, and above the other no Ethernet.
const MTU: std::ops::RangeInclusive<i64> = 576..=9216;

/// What it says; nothing where it cannot be used, or says nothing of any port.
#[must_use]
pub fn parse(bytes: &[u8]) -> (Option<Configuration>, Vec<Complaint>) {
    let mut complaints = Complaints::default();
    let mut ports = Vec::new();
    if let Some(tree) = complaints.take(yaml_tree::parse(bytes).map_err(Complaint::from)) {
        let document = Place::document(&tree);
        ports = read(&document, &mut complaints);
    }
    let complaints = complaints.into_vec();
    let is_bad = complaints
        .iter()
        .any(|complaint| complaint.severity() == Severity::Error);
    let configuration = (!is_bad && !ports.is_empty()).then_some(Configuration { ports });
    (configuration, complaints)
}

fn read(document: &Place<'_>, complaints: &mut Complaints) -> Vec<PortConfiguration> {
    let mut entries = complaints.take(document.entries()).unwrap_or_default();
    // netplan's own files have one key around it all.
    if let [("network", inner)] = &*entries {
        entries = complaints.take(inner.entries()).unwrap_or_default();
    }
    let mut ports = Vec::new();
    let mut version = None;
    for (key, place) in &entries {
        match *key {
            "version" => version = complaints.take(place.whole_number()),
            "ethernets" => ports = ethernets(place, complaints),
            "renderer" => complaints.add(not_honoured(place, "there is one program for it")),
            "bonds" | "bridges" | "vlans" | "wifis" | "modems" | "tunnels" => {
                complaints.add(not_honoured(
                    place,
                    "only wired ports have addresses so far",
                ));
            }
            // Version 1 has it in place of ethernets.
            "config" => {}
            _ => complaints.add(place.complain(Reason::Unknown)),
        }
    }
    if version != Some(2) {
        let found = version.map_or("none".to_owned(), |version| version.to_string());
        complaints.add(document.unusable(&found, "version: 2"));
    }
    ports
}

fn not_honoured(place: &Place<'_>, why: &'static str) -> Complaint {
    place.complain(Reason::NotHonoured(why))
}

fn ethernets(place: &Place<'_>, complaints: &mut Complaints) -> Vec<PortConfiguration> {
    let entries = complaints.take(place.entries()).unwrap_or_default();
    if entries.len() > MOST_PORTS {
        complaints.add(place.complain(Reason::TooMany { most: MOST_PORTS }));
    }
    let ports = entries.into_iter().take(MOST_PORTS);
    ports
        .map(|(id, place)| port(id, &place, complaints))
        .collect()
}

/// What is said of one port, as far as it was read.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    hardware: Option<HardwareAddress>,
    dhcp: bool,
    addresses: Vec<Prefixed>,
    routes: Vec<FixedRoute>,
    name_servers: Vec<Ipv4Addr>,
    domain: Option<String>,
    mtu: Option<u32>,
}

fn port(id: &str, place: &Place<'_>, complaints: &mut Complaints) -> PortConfiguration {
    let entries = complaints.take(place.entries()).unwrap_or_default();
    let mut draft = Draft::default();
    for (key, place) in &entries {
        draft.read(key, place, complaints);
    }
    // Without a match, the id is the port's name.
    if !entries.iter().any(|(key, _)| *key == "match") {
        draft.name = Some(id.to_owned());
    }
    if draft.dhcp && !(draft.addresses.is_empty() && draft.routes.is_empty()) {
        let why = "addresses and routes beside dhcp4; give one of them";
        complaints.add(place.complain(Reason::Refused(why.to_owned())));
    }
    PortConfiguration {
        name: draft.name,
        hardware: draft.hardware,
        addressing: match draft.dhcp {
            true => Addressing::Dhcp,
            false => Addressing::Fixed {
                addresses: draft.addresses,
                routes: draft.routes,
            },
        },
        name_servers: draft.name_servers,
        domain: draft.domain,
        mtu: draft.mtu,
    }
}

impl Draft {
    fn read(&mut self, key: &str, place: &Place<'_>, complaints: &mut Complaints) {
        match key {
            "match" => self.matching(place, complaints),
            "dhcp4" => self.dhcp = complaints.take(place.truth()) == Some(Truth::Yes),
            "addresses" => self.addresses = list(place, complaints, prefixed),
            "gateway4" => {
                let route = address(place).map(|router| FixedRoute {
                    to: EVERYWHERE,
                    router,
                });
                self.routes.extend(complaints.take(route));
            }
            "routes" => self.routes.extend(list(place, complaints, route)),
            "nameservers" => self.name_servers(place, complaints),
            "mtu" => self.mtu = complaints.take(mtu(place)),
            "dhcp6" | "gateway6" | "accept-ra" | "link-local" | "ipv6-privacy" => {
                let is_off = place.truth() == Ok(Truth::No);
                if !is_off {
                    complaints.add(not_honoured(place, "ports have addresses of IPv4 so far"));
                }
            }
            "set-name" | "optional" | "wakeonlan" | "dhcp4-overrides" | "dhcp6-overrides"
            | "dhcp-identifier" | "critical" | "macaddress" => {
                complaints.add(not_honoured(place, "it changes nothing here; remove it"));
            }
            _ => complaints.add(place.complain(Reason::Unknown)),
        }
    }

    fn matching(&mut self, place: &Place<'_>, complaints: &mut Complaints) {
        for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
            match key {
                "name" => self.name = complaints.take(port_name(&place)),
                "macaddress" => {
                    let hardware = place.text().and_then(|text| {
                        HardwareAddress::parse(text).ok_or_else(|| {
                            place.unusable(text, "six hexadecimal numbers with colons")
                        })
                    });
                    self.hardware = complaints.take(hardware);
                }
                _ => {
                    let why = "a port is known by its name or macaddress";
                    complaints.add(place.complain(Reason::Refused(why.to_owned())));
                }
            }
        }
        if self.name.is_none() && self.hardware.is_none() {
            complaints.add(place.complain(Reason::Missing("name or macaddress")));
        }
    }

    fn name_servers(&mut self, place: &Place<'_>, complaints: &mut Complaints) {
        for (key, place) in complaints.take(place.entries()).unwrap_or_default() {
            match key {
                "addresses" => self.name_servers = list(&place, complaints, address),
                "search" => {
                    let domains = list(&place, complaints, |place| {
                        let name = place.text()?;
                        match is_host_name(name) {
                            true => Ok(name.to_owned()),
                            false => Err(place.unusable(name, "a domain")),
                        }
                    });
                    if domains.len() > 1 {
                        complaints.add(not_honoured(&place, "the first domain counts alone"));
                    }
                    self.domain = domains.into_iter().next();
                }
                _ => complaints.add(place.complain(Reason::Unknown)),
            }
        }
    }
}

const EVERYWHERE: Prefixed = Prefixed {
    address: Ipv4Addr::UNSPECIFIED,
    prefix_length: 0,
};

fn list<T>(
    place: &Place<'_>,
    complaints: &mut Complaints,
    parse: impl Fn(&Place<'_>) -> Result<T, Complaint>,
) -> Vec<T> {
    let items = complaints.take(place.items()).unwrap_or_default();
    if items.len() > MOST {
        complaints.add(place.complain(Reason::TooMany { most: MOST }));
    }
    let items = items.iter().take(MOST);
    items
        .filter_map(|item| complaints.take(parse(item)))
        .collect()
}

/// A whole name, or its beginning and a star.
fn port_name(place: &Place<'_>) -> Result<String, Complaint> {
    let name = place.text()?;
    let beginning = name.strip_suffix('*').unwrap_or(name);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"/*?[]".contains(&byte);
    match name.len() <= 16 && beginning.bytes().all(is_plain) {
        true => Ok(name.to_owned()),
        false => Err(place.unusable(name, "the name of a port, or its beginning and *")),
    }
}

fn address(place: &Place<'_>) -> Result<Ipv4Addr, Complaint> {
    let text = place.text()?;
    let parsed = text.parse().ok().filter(is_host);
    parsed.ok_or_else(|| place.unusable(text, "an address of IPv4"))
}

fn is_host(address: &Ipv4Addr) -> bool {
    !(address.is_unspecified()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_loopback())
}

fn prefixed(place: &Place<'_>) -> Result<Prefixed, Complaint> {
    let text = place.text()?;
    let parsed = parse_prefixed(text).filter(|prefixed| is_host(&prefixed.address));
    parsed.ok_or_else(|| place.unusable(text, "an address of IPv4 with its prefix, as 10.0.0.9/24"))
}

fn parse_prefixed(text: &str) -> Option<Prefixed> {
    let (address, length) = text.split_once('/')?;
    let prefix_length = length
        .parse()
        .ok()
        .filter(|length| (1..=32).contains(length))?;
    Some(Prefixed {
        address: address.parse().ok()?,
        prefix_length,
    })
}

fn route(place: &Place<'_>) -> Result<FixedRoute, Complaint> {
    let (mut to, mut router) = (None, None);
    for (key, place) in place.entries()? {
        match key {
            "to" => {
                let text = place.text()?;
                let everywhere = matches!(text, "default" | "0.0.0.0/0");
                let parsed = match everywhere {
                    true => Some(EVERYWHERE),
                    false => parse_prefixed(text),
                };
                to = Some(parsed.ok_or_else(|| {
                    place.unusable(text, "a network of IPv4, as 10.1.0.0/16, or default")
                })?);
            }
            "via" => router = Some(address(&place)?),
            _ => {
                let why = "a route has to and via".to_owned();
                return Err(place.complain(Reason::Refused(why)));
            }
        }
    }
    match (to, router) {
        (Some(to), Some(router)) => Ok(FixedRoute { to, router }),
        _ => Err(place.complain(Reason::Missing("to or via"))),
    }
}

fn mtu(place: &Place<'_>) -> Result<u32, Complaint> {
    let bytes = place.whole_number()?;
    match u32::try_from(bytes) {
        Ok(short) if MTU.contains(&bytes) => Ok(short),
        _ => Err(place.unusable(&bytes.to_string(), "bytes from 576 to 9216")),
    }
}

#[cfg(test)]
mod tests;
