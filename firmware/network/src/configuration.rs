//! What an owner says of the ports: `/writable/system/network.json`.
//!
//! Ports that it does not name get their address by DHCP, as all do without it. A new
//! configuration lies beside it until it has shown that it works (see [`crate::trial`]).

use crate::dhcp::{HardwareAddress, Lease, Route};
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// All that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The first that matches a port counts.
    pub ports: Vec<PortConfiguration>,
}

/// What is said of a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortConfiguration {
    /// The kernel's name for it; a `*` at the end stands for any rest.
    pub name: Option<String>,
    /// Its hardware address.
    pub hardware: Option<HardwareAddress>,
    /// Where its address comes from.
    pub addressing: Addressing,
    /// Asked before those of a lease.
    pub name_servers: Vec<Ipv4Addr>,
    /// What is put behind names without a dot.
    pub domain: Option<String>,
    /// The longest packet in bytes; none: as the kernel has it.
    pub mtu: Option<u32>,
}

/// Where a port's address comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Addressing {
    /// A server gives it.
    Dhcp,
    /// The owner does. Without any address the port is up, and nothing else.
    Fixed {
        /// The first one is the source of packets.
        addresses: Vec<Prefixed>,
        /// Ways to other networks.
        routes: Vec<FixedRoute>,
    },
}

/// An address and its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefixed {
    /// The address.
    pub address: Ipv4Addr,
    /// The length of the network's part of it.
    pub prefix_length: u8,
}

/// A way to another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedRoute {
    /// The network; the default route is that of 0.0.0.0/0.
    pub to: Prefixed,
    /// The next hop.
    pub router: Ipv4Addr,
}

impl Configuration {
    /// The one that works.
    pub const IN_FORCE: &'static str = "/writable/system/network.json";
    /// The one that has to show that it works.
    pub const ON_TRIAL: &'static str = "/writable/system/network-trial.json";
    /// The last one that did not.
    pub const REFUSED: &'static str = "/writable/system/network-refused.json";

    /// Reads one. No file is none.
    ///
    /// # Errors
    /// It is not of this form.
    pub fn read(path: &Path) -> Result<Option<Self>, serde_json::Error> {
        match std::fs::read_to_string(path) {
            Ok(json) => serde_json::from_str(&json).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// What is said of a port.
    #[must_use]
    pub fn of(&self, name: &str, hardware: HardwareAddress) -> Option<&PortConfiguration> {
        self.ports.iter().find(|port| port.matches(name, hardware))
    }
}

impl PortConfiguration {
    fn matches(&self, name: &str, hardware: HardwareAddress) -> bool {
        let by_name = self.name.as_deref().map(|own| match own.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == own,
        });
        let by_hardware = self.hardware.map(|own| own == hardware);
        // One that names neither is nobody's.
        (by_name.is_some() || by_hardware.is_some())
            && by_name != Some(false)
            && by_hardware != Some(false)
    }

    /// What a port with fixed addresses has, in a lease's form.
    #[must_use]
    pub fn fixed(&self) -> Option<Lease> {
        let Addressing::Fixed { addresses, routes } = &self.addressing else {
            return None;
        };
        let first = addresses.first()?;
        let route =
            |route: &FixedRoute| Route::new(route.to.address, route.to.prefix_length, route.router);
        Some(Lease {
            address: first.address,
            prefix_length: first.prefix_length,
            server: Ipv4Addr::UNSPECIFIED,
            routes: routes.iter().map(route).collect(),
            name_servers: self.name_servers.clone(),
            time_servers: Vec::new(),
            domain: self.domain.clone(),
            host_name: None,
            times: None,
        })
    }

    /// Fixed addresses behind the first one.
    #[must_use]
    pub fn more_addresses(&self) -> &[Prefixed] {
        match &self.addressing {
            Addressing::Fixed { addresses, .. } => addresses.get(1..).unwrap_or_default(),
            Addressing::Dhcp => &[],
        }
    }

    /// A lease with what the owner says of it.
    #[must_use]
    pub fn over(&self, mut lease: Lease) -> Lease {
        let given = core::mem::take(&mut lease.name_servers);
        lease.name_servers.clone_from(&self.name_servers);
        lease.name_servers.extend(given);
        if self.domain.is_some() {
            lease.domain.clone_from(&self.domain);
        }
        lease
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: Option<&str>, hardware: Option<[u8; 6]>) -> PortConfiguration {
        PortConfiguration {
            name: name.map(str::to_owned),
            hardware: hardware.map(HardwareAddress),
            addressing: Addressing::Dhcp,
            name_servers: vec![Ipv4Addr::new(10, 0, 0, 5)],
            domain: None,
            mtu: None,
        }
    }

    #[test]
    fn a_port_is_found_by_name_and_hardware_address() {
        let own = HardwareAddress([2, 0, 0, 0, 0, 1]);
        for (name, hardware, matches) in [
            (Some("eth0"), None, true),
            (Some("e*"), None, true),
            (Some("eth1"), None, false),
            (None, Some([2, 0, 0, 0, 0, 1]), true),
            (None, Some([2, 0, 0, 0, 0, 2]), false),
            (Some("eth0"), Some([2, 0, 0, 0, 0, 2]), false),
            (None, None, false),
        ] {
            let configuration = Configuration {
                ports: vec![port(name, hardware)],
            };
            let found = configuration.of("eth0", own).is_some();
            assert_eq!(found, matches, "{name:?} {hardware:?}");
        }
    }

    #[test]
    fn a_fixed_port_has_a_lease_of_its_own() {
        let prefixed = |last, prefix_length| Prefixed {
            address: Ipv4Addr::new(10, 0, 0, last),
            prefix_length,
        };
        let mut fixed = port(Some("eth0"), None);
        assert_eq!(fixed.fixed(), None);
        fixed.addressing = Addressing::Fixed {
            addresses: vec![prefixed(9, 24), prefixed(10, 32)],
            routes: vec![FixedRoute {
                to: Prefixed {
                    address: Ipv4Addr::UNSPECIFIED,
                    prefix_length: 0,
                },
                router: Ipv4Addr::new(10, 0, 0, 1),
            }],
        };
        let lease = fixed.fixed().unwrap();
        assert_eq!(
            (lease.address, lease.prefix_length),
            (Ipv4Addr::new(10, 0, 0, 9), 24)
        );
        assert_eq!(lease.router(), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(fixed.more_addresses(), [prefixed(10, 32)]);
        let mut given = lease.clone();
        given.name_servers = vec![Ipv4Addr::new(10, 0, 0, 1)];
        let servers = fixed.over(given).name_servers;
        assert_eq!(
            servers,
            [Ipv4Addr::new(10, 0, 0, 5), Ipv4Addr::new(10, 0, 0, 1)]
        );
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_unknown_keys_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("network.json");
        assert_eq!(Configuration::read(&path).unwrap(), None);
        let configuration = Configuration {
            ports: vec![port(Some("eth0"), Some([2, 0, 0, 0, 0, 1]))],
        };
        std::fs::write(&path, serde_json::to_string(&configuration).unwrap()).unwrap();
        assert_eq!(Configuration::read(&path).unwrap(), Some(configuration));
        std::fs::write(&path, "{\"ports\": [], \"x\": 1}").unwrap();
        assert!(Configuration::read(&path).is_err());
    }
}
