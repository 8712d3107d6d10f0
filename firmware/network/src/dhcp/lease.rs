//! A lease: what of a reply a port can use.

use super::reply::Reply;
use core::fmt;
use core::net::Ipv4Addr;
use std::time::Duration;

/// A shorter lease would keep device and server busy with nothing else.
const SHORTEST_SECS: u32 = 10;
/// All bits: for ever (RFC 2131, section 3.3).
const FOR_EVER: u32 = u32::MAX;

/// An address and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The port's address.
    pub address: Ipv4Addr,
    /// The length of the network's part of it.
    pub prefix_length: u8,
    /// Who gave it.
    pub server: Ipv4Addr,
    /// Ways to other networks; the one with a prefix of length 0 is the default route.
    pub routes: Vec<Route>,
    /// Name servers, the best one first.
    pub name_servers: Vec<Ipv4Addr>,
    /// Time servers, the best one first.
    pub time_servers: Vec<Ipv4Addr>,
    /// The network's domain.
    pub domain: Option<String>,
    /// A name for the device.
    pub host_name: Option<String>,
    /// How long it lasts; `None` is for ever.
    pub times: Option<Times>,
}

/// A way to another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The network; bits behind the prefix are 0.
    pub destination: Ipv4Addr,
    /// The length of its prefix.
    pub prefix_length: u8,
    /// The next hop; `None`: it is on the wire.
    pub router: Option<Ipv4Addr>,
}

/// Since the request was sent: when what is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The server is asked for more time.
    pub renewal: Duration,
    /// Every server is.
    pub rebinding: Duration,
    /// The address is not ours any more.
    pub expiry: Duration,
}

/// Why a reply that is well-formed is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// No host can have this address.
    Address(Ipv4Addr),
    /// It does not say for how long.
    NoTime,
    /// The seconds are too few.
    TooShort(u32),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "no host can have the address {address}"),
            Self::NoTime => f.write_str("it does not say for how long"),
            Self::TooShort(secs) => write!(f, "{secs} s are too short"),
        }
    }
}

impl core::error::Error for Unusable {}

impl Route {
    /// `router` 0.0.0.0 stands for the wire itself, and bits of `destination` behind the
    /// prefix are dropped (RFC 3442).
    #[must_use]
    pub fn new(destination: Ipv4Addr, prefix_length: u8, router: Ipv4Addr) -> Self {
        let network = destination.to_bits() & mask(prefix_length);
        Self {
            destination: Ipv4Addr::from(network),
            prefix_length,
            router: (!router.is_unspecified()).then_some(router),
        }
    }
}

/// A length above 32 counts as 32.
fn mask(prefix_length: u8) -> u32 {
    let host_bits = u32::BITS.saturating_sub(u32::from(prefix_length));
    u32::MAX.checked_shl(host_bits).unwrap_or(0)
}

impl Lease {
    /// What `reply` offers or gives.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn of(reply: &Reply) -> Result<Self, Unusable> {
        let address = reply.address;
        let prefix_length = reply.prefix_length.unwrap_or_else(|| by_class(address));
        if !is_host(address, prefix_length) {
            return Err(Unusable::Address(address));
        }
        let default = |router: &Ipv4Addr| Route::new(Ipv4Addr::UNSPECIFIED, 0, *router);
        let routes = match &*reply.routes {
            [] => reply.routers.first().map(default).into_iter().collect(),
            routes => routes.to_vec(),
        };
        Ok(Self {
            address,
            prefix_length,
            server: reply.server,
            routes,
            name_servers: reply.name_servers.clone(),
            time_servers: reply.time_servers.clone(),
            domain: reply.domain.clone(),
            host_name: reply.host_name.clone(),
            times: Times::of(reply)?,
        })
    }

    /// The next hop to everywhere else.
    #[must_use]
    pub fn router(&self) -> Option<Ipv4Addr> {
        let default = self.routes.iter().find(|route| route.prefix_length == 0);
        default.and_then(|route| route.router)
    }
}

impl Times {
    /// The server's times, where they are in order; else those of RFC 2131, section 4.4.5.
    fn of(reply: &Reply) -> Result<Option<Self>, Unusable> {
        let lease = match reply.lease_secs.ok_or(Unusable::NoTime)? {
            FOR_EVER => return Ok(None),
            secs if secs < SHORTEST_SECS => return Err(Unusable::TooShort(secs)),
            secs => secs,
        };
        let (renewal, rebinding) = match (reply.renewal_secs, reply.rebinding_secs) {
            (Some(renewal), Some(rebinding))
                if 0 < renewal && renewal < rebinding && rebinding < lease =>
            {
                (renewal, rebinding)
            }
            _ => (lease / 2, lease - lease / 8),
        };
        let secs = |secs: u32| Duration::from_secs(secs.into());
        Ok(Some(Self {
            renewal: secs(renewal),
            rebinding: secs(rebinding),
            expiry: secs(lease),
        }))
    }
}

/// One of its own: neither the network nor everybody in it, and none with another meaning.
fn is_host(address: Ipv4Addr, prefix_length: u8) -> bool {
    let special = address.octets()[0] == 0
        || address.octets()[0] >= 240
        || address.is_loopback()
        || address.is_multicast();
    let host = address.to_bits() & !mask(prefix_length);
    let everybody = host == !mask(prefix_length);
    // RFC 3021: a network of two has no addresses to spare.
    !special && (prefix_length >= 31 || host != 0 && !everybody)
}

/// What a network without a mask has: RFC 1122, section 3.2.1.3.
fn by_class(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..=127 => 8,
        128..=191 => 16,
        _ => 24,
    }
}
