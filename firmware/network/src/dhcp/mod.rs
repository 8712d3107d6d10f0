//! A client of DHCPv4: RFC 2131 (the protocol), 2132 (options), 3396 (long options), 3442
//! (classless routes).
//!
//! [`Client`] is the protocol, [`Reply`] what servers say, [`Lease`] what is usable of it.
//! Everything that a server says is a stranger's word: what is not of the documented form is
//! refused whole, and an address that no host can have is no offer.

mod client;
mod lease;
mod options;
mod reply;
mod request;

pub use client::{Action, Client, Event};
pub use lease::{Lease, Route, Unusable};
pub use reply::{Malformed, Reply, ReplyKind};
pub use request::{Request, RequestKind};

use serde::{Deserialize, Serialize};

/// Where clients listen.
pub const CLIENT_PORT: u16 = 68;
/// Where servers listen.
pub const SERVER_PORT: u16 = 67;

/// A hardware address of Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HardwareAddress(pub [u8; 6]);

impl HardwareAddress {
    /// Six hexadecimal numbers with colons between them, as sysfs has them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.trim().split(':');
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            let field = fields.next().filter(|field| field.len() == 2)?;
            *byte = u8::from_str_radix(field, 16).ok()?;
        }
        fields.next().is_none().then_some(Self(bytes))
    }
}

impl TryFrom<String> for HardwareAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a hardware address is six hexadecimal numbers with colons")
    }
}

impl From<HardwareAddress> for String {
    fn from(address: HardwareAddress) -> Self {
        address.to_string()
    }
}

impl core::fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The layout of a message: RFC 2131, figure 1.
mod layout {
    use core::ops::Range;

    pub(super) const OPERATION: usize = 0;
    pub(super) const HARDWARE_KIND: usize = 1;
    pub(super) const HARDWARE_LENGTH: usize = 2;
    pub(super) const TRANSACTION: Range<usize> = 4..8;
    pub(super) const SECS: Range<usize> = 8..10;
    pub(super) const FLAGS: Range<usize> = 10..12;
    pub(super) const CLIENT_ADDRESS: Range<usize> = 12..16;
    pub(super) const YOUR_ADDRESS: Range<usize> = 16..20;
    pub(super) const HARDWARE_ADDRESS: Range<usize> = 28..34;
    pub(super) const SERVER_NAME: Range<usize> = 44..108;
    pub(super) const BOOT_FILE: Range<usize> = 108..236;
    pub(super) const COOKIE: Range<usize> = 236..240;
    /// Options stand behind it.
    pub(super) const HEAD_BYTES: usize = 240;

    pub(super) const COOKIE_BYTES: [u8; 4] = [99, 130, 83, 99];
    pub(super) const BOOT_REQUEST: u8 = 1;
    pub(super) const BOOT_REPLY: u8 = 2;
    pub(super) const ETHERNET: u8 = 1;
    pub(super) const ETHERNET_ADDRESS_BYTES: u8 = 6;
}

/// Numbers of options: RFC 2132, and 3442 for the last.
mod code {
    pub(super) const PAD: u8 = 0;
    pub(super) const SUBNET_MASK: u8 = 1;
    pub(super) const ROUTERS: u8 = 3;
    pub(super) const NAME_SERVERS: u8 = 6;
    pub(super) const HOST_NAME: u8 = 12;
    pub(super) const DOMAIN: u8 = 15;
    pub(super) const TIME_SERVERS: u8 = 42;
    pub(super) const REQUESTED_ADDRESS: u8 = 50;
    pub(super) const LEASE_SECS: u8 = 51;
    pub(super) const OVERLOAD: u8 = 52;
    pub(super) const MESSAGE_KIND: u8 = 53;
    pub(super) const SERVER: u8 = 54;
    pub(super) const WANTED: u8 = 55;
    pub(super) const LONGEST_MESSAGE: u8 = 57;
    pub(super) const RENEWAL_SECS: u8 = 58;
    pub(super) const REBINDING_SECS: u8 = 59;
    pub(super) const CLIENT: u8 = 61;
    pub(super) const ROUTES: u8 = 121;
    pub(super) const END: u8 = 255;
}

#[cfg(test)]
mod tests;
