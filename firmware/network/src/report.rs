//! `/run/twinkeel/network.json` and `clock.json`: what the program `network` did, for every
//! other program.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::net::Ipv4Addr;
use std::path::Path;

/// All ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkReport {
    /// In the order in which the kernel numbers them.
    pub ports: Vec<PortReport>,
}

/// One wired port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortReport {
    /// The kernel's name for it.
    pub name: String,
    /// Its hardware address.
    pub hardware: String,
    /// How far it is.
    pub state: PortState,
    /// What it got.
    pub lease: Option<LeaseReport>,
}

/// How far a port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortState {
    /// There is no cable, or nobody at its other end.
    Unplugged,
    /// It asks for an address.
    Asking,
    /// It has one.
    Configured,
}

/// What a port got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseReport {
    /// Its address.
    pub address: Ipv4Addr,
    /// The length of the network's part of it.
    pub prefix_length: u8,
    /// The next hop to everywhere else.
    pub router: Option<Ipv4Addr>,
    /// Name servers, the best one first.
    pub name_servers: Vec<Ipv4Addr>,
    /// The network's domain.
    pub domain: Option<String>,
    /// Who gave the address; nobody where the owner did.
    pub server: Option<Ipv4Addr>,
    /// The device's uptime at which the lease ends; `None` is never.
    pub until_uptime_secs: Option<u64>,
}

/// Where the time comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReport {
    /// The time server that was believed last.
    pub server: String,
    /// How far the clock was off, in milliseconds: positive when it was late.
    pub late_millis: i64,
    /// The device's uptime then.
    pub uptime_secs: u64,
}

impl NetworkReport {
    /// Where it is.
    pub const PATH: &'static str = "/run/twinkeel/network.json";

    /// Reads it. No file is no port.
    ///
    /// # Errors
    /// It is not of this form.
    pub fn read() -> Result<Self, serde_json::Error> {
        Ok(read(Self::PATH)?.unwrap_or_default())
    }

    /// Writes it whole, so that no reader sees a part of it.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self) -> std::io::Result<()> {
        write(Self::PATH, self)
    }
}

impl ClockReport {
    /// Where it is.
    pub const PATH: &'static str = "/run/twinkeel/clock.json";

    /// Reads it. There is none before a server was believed.
    ///
    /// # Errors
    /// It is not of this form.
    pub fn read() -> Result<Option<Self>, serde_json::Error> {
        read(Self::PATH)
    }

    /// Writes it whole.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self) -> std::io::Result<()> {
        write(Self::PATH, self)
    }
}

fn read<T: DeserializeOwned>(path: &str) -> Result<Option<T>, serde_json::Error> {
    match std::fs::read_to_string(path) {
        Ok(json) => serde_json::from_str(&json).map(Some),
        Err(_) => Ok(None),
    }
}

fn write(path: &str, report: &impl Serialize) -> std::io::Result<()> {
    let path = Path::new(path);
    let new = path.with_extension("new");
    std::fs::write(&new, serde_json::to_string(report)?)?;
    std::fs::rename(new, path)
}
