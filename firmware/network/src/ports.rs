//! The wired ports of the device: which there are, and what they have in common.

use crate::kernel::Kernel;
use crate::port::{Link, Port};
use network::configuration::Configuration;
use network::dhcp::{HardwareAddress, Lease};
use network::report::NetworkReport;
use network::trial::Reach;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::time::Instant;

const SYSFS: &str = "/sys/class/net";
/// `ARPHRD_ETHER`, `linux/if_arp.h`.
const ETHERNET: &str = "1";

/// Which ports are looked after.
pub(crate) enum Watched {
    /// Every real one of Ethernet. What programs make has no device behind it; radios have
    /// a cable to nowhere.
    Wired,
    /// These.
    Named(Vec<String>),
}

/// All that are looked after, in the kernel's order.
pub(crate) struct Ports {
    watched: Watched,
    configuration: Configuration,
    ports: Vec<Port>,
    reported: Option<NetworkReport>,
}

/// A port as the kernel shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) hardware: HardwareAddress,
    pub(crate) link: Link,
}

impl Ports {
    /// None yet.
    pub(crate) fn new(watched: Watched) -> Self {
        Self {
            watched,
            configuration: Configuration::default(),
            ports: Vec::new(),
            reported: None,
        }
    }

    /// From now on ports are as `configuration` says. Those for which that is news begin anew.
    pub(crate) fn follow(&mut self, configuration: Configuration, kernel: &Kernel) {
        self.configuration = configuration;
        let configuration = &self.configuration;
        self.ports.retain_mut(|port| {
            let stays = port.is_owned_as(configuration.of(port.name(), port.hardware()));
            if !stays {
                port.close(kernel);
            }
            stays
        });
    }

    /// Whether anybody answers on one of the ports that the configuration in force is about;
    /// where it is about none that is there, on any.
    pub(crate) fn reach(&self) -> Reach {
        let named = |port: &&Port| {
            self.configuration
                .of(port.name(), port.hardware())
                .is_some()
        };
        let (named, others): (Vec<_>, Vec<_>) = self.ports.iter().partition(named);
        let ports = if named.is_empty() { others } else { named };
        let reaches: Vec<_> = ports.into_iter().map(Port::reach).collect();
        [Reach::Answered, Reach::Silent]
            .into_iter()
            .find(|reach| reaches.contains(reach))
            .unwrap_or(Reach::Unplugged)
    }

    /// Finds out which ports came, went, got a cable or lost it.
    pub(crate) fn look(&mut self, kernel: &Kernel, now: Instant) {
        let seen = seen(Path::new(SYSFS), &self.watched);
        // A port that is another behind the same name is a new one.
        self.ports
            .retain(|port| seen.iter().any(|seen| port.is(seen)));
        for seen in seen {
            match self.ports.iter_mut().find(|port| port.is(&seen)) {
                Some(port) => port.link_is(seen.link, kernel, now),
                None => match Port::open(
                    &seen,
                    self.configuration.of(&seen.name, seen.hardware),
                    kernel,
                ) {
                    Ok(mut port) => {
                        // Of one that was up already the kernel tells nothing.
                        port.link_is(seen.link, kernel, now);
                        self.ports.push(port);
                    }
                    Err(error) => eprintln!("cannot use the port {}: {error:#}", seen.name),
                },
            }
        }
        self.ports.sort_by_key(Port::index);
    }

    /// When there is something to do for one of them.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.ports.iter().filter_map(Port::due).min()
    }

    pub(crate) fn do_what_is_due(&mut self, kernel: &Kernel, now: Instant) {
        for port in &mut self.ports {
            port.do_what_is_due(kernel, now);
        }
    }

    /// Takes in what servers said.
    pub(crate) fn hear(&mut self, kernel: &Kernel, now: Instant) {
        for port in &mut self.ports {
            port.hear(kernel, now);
        }
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = &UdpSocket> {
        self.ports.iter().map(Port::socket)
    }

    /// What is configured, that of the first port first.
    pub(crate) fn leases(&self) -> Vec<&Lease> {
        self.ports.iter().filter_map(Port::lease).collect()
    }

    /// Tells programs how the ports are; says whether that was news.
    pub(crate) fn report(&mut self) -> bool {
        let report = NetworkReport {
            ports: self.ports.iter().map(|port| port.report()).collect(),
        };
        if self.reported.as_ref() == Some(&report) {
            return false;
        }
        if let Err(error) = report.write() {
            eprintln!("cannot write {}: {error}", NetworkReport::PATH);
        }
        self.reported = Some(report);
        true
    }
}

fn seen(sysfs: &Path, watched: &Watched) -> Vec<Seen> {
    let entries = fs::read_dir(sysfs).into_iter().flatten().flatten();
    let see = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let path = entry.path();
        let read = |file: &str| fs::read_to_string(path.join(file)).ok();
        let exists = |file: &str| path.join(file).exists();
        let is_watched = match watched {
            Watched::Wired => {
                exists("device")
                    && !exists("wireless")
                    && !exists("phy80211")
                    && read("type")?.trim() == ETHERNET
            }
            Watched::Named(names) => names.contains(&name),
        };
        // A port that is not up has no carrier to read.
        let carrier = read("carrier").unwrap_or_default();
        is_watched.then_some(Seen {
            index: read("ifindex")?.trim().parse().ok()?,
            hardware: HardwareAddress::parse(&read("address")?)?,
            link: if carrier.trim() == "1" {
                Link::Plugged
            } else {
                Link::Unplugged
            },
            name,
        })
    };
    let mut seen: Vec<_> = entries.filter_map(see).collect();
    seen.sort_by_key(|seen| seen.index);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sysfs: &Path, name: &str, files: &[(&str, &str)]) {
        let directory = sysfs.join(name);
        fs::create_dir(&directory).unwrap();
        let usual = [("type", "1"), ("address", "02:00:00:00:00:01")];
        for (file, content) in usual.iter().chain(files) {
            fs::write(directory.join(file), format!("{content}\n")).unwrap();
        }
    }

    #[test]
    fn wired_ports_are_real_ethernet_without_a_radio() {
        let directory = tempfile::tempdir().unwrap();
        let sysfs = directory.path();
        add(
            sysfs,
            "eth1",
            &[("device", ""), ("ifindex", "3"), ("carrier", "0")],
        );
        add(
            sysfs,
            "eth0",
            &[("device", ""), ("ifindex", "2"), ("carrier", "1")],
        );
        add(sysfs, "down", &[("device", ""), ("ifindex", "4")]);
        add(sysfs, "br0", &[("ifindex", "5"), ("carrier", "1")]);
        add(
            sysfs,
            "wlan0",
            &[("device", ""), ("ifindex", "6"), ("phy80211", "")],
        );
        add(
            sysfs,
            "wlan1",
            &[("device", ""), ("ifindex", "7"), ("wireless", "")],
        );
        add(
            sysfs,
            "can0",
            &[("device", ""), ("ifindex", "8"), ("type", "280")],
        );
        let found: Vec<_> = seen(sysfs, &Watched::Wired)
            .into_iter()
            .map(|seen| (seen.name, seen.link))
            .collect();
        let expected = [
            ("eth0".to_owned(), Link::Plugged),
            ("eth1".to_owned(), Link::Unplugged),
            ("down".to_owned(), Link::Unplugged),
        ];
        assert_eq!(found, expected);
        let named = seen(sysfs, &Watched::Named(vec!["br0".to_owned()]));
        assert_eq!(named.len(), 1);
        assert_eq!((&*named[0].name, named[0].index), ("br0", 5));
    }
}
