//! What the kernel is told about links, addresses and routes: rtnetlink(7), in bytes.
//!
//! Nothing of what it says is parsed but the outcome of a request: whatever changes is read
//! from `/sys`.

use crate::dhcp::Route;
use core::net::Ipv4Addr;

const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const NEW_ROUTE: u16 = 24;
const DELETE_ROUTE: u16 = 25;
const DELETE_NEIGHBOUR: u16 = 29;
const ERROR: u16 = 2;

const REQUEST: u16 = 0x01;
const ACKNOWLEDGE: u16 = 0x04;
const REPLACE: u16 = 0x100;
const CREATE: u16 = 0x400;

const INET: u8 = 2;
const HEADER_BYTES: usize = 16;

/// `linux/if_addr.h`.
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
/// `linux/if_link.h`.
const IFLA_MTU: u16 = 4;
/// `linux/neighbour.h`.
const NDA_DST: u16 = 1;
/// `linux/rtnetlink.h`.
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const MAIN_TABLE: u8 = 254;
const PROTOCOL_DHCP: u8 = 16;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_LINK: u8 = 253;
const UNICAST: u8 = 1;
/// The router need not be in the port's own network, as in many clouds.
const ON_LINK: u32 = 4;

/// One request, whose outcome the kernel tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(Vec<u8>);

/// A port's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The port's number.
    pub port: u32,
    /// The address.
    pub address: Ipv4Addr,
    /// The length of the network's part of it.
    pub prefix_length: u8,
}

impl Request {
    /// Sets the port up.
    #[must_use]
    pub fn set_up(port: u32) -> Self {
        const UP: u32 = 1;
        // `struct ifinfomsg`.
        let mut body = vec![0; 4];
        body.extend(port.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        Self::new(NEW_LINK, 0, &body)
    }

    /// Sets the longest packet of the port.
    #[must_use]
    pub fn set_longest_packet(port: u32, bytes: u32) -> Self {
        let mut body = vec![0; 4];
        body.extend(port.to_ne_bytes());
        body.extend([0; 8]);
        let mut request = Self::new(NEW_LINK, 0, &body);
        request.attribute(IFLA_MTU, &bytes.to_ne_bytes());
        request
    }

    /// Forgets who has an address on the port's wire.
    #[must_use]
    pub fn delete_neighbour(port: u32, address: Ipv4Addr) -> Self {
        // `struct ndmsg`.
        let mut body = vec![INET, 0, 0, 0];
        body.extend(port.to_ne_bytes());
        body.extend([0; 4]);
        let mut request = Self::new(DELETE_NEIGHBOUR, 0, &body);
        request.attribute(NDA_DST, &address.octets());
        request
    }

    /// Gives the port an address; one that it has gets a new lifetime. The kernel takes it
    /// away after `secs`, whatever became of us; `None` is never.
    #[must_use]
    pub fn add_address(address: Address, secs: Option<u32>) -> Self {
        let secs = secs.unwrap_or(u32::MAX);
        let host_bits = u32::MAX
            .checked_shr(address.prefix_length.into())
            .unwrap_or(0);
        let everybody = Ipv4Addr::from(address.address.to_bits() | host_bits);
        let mut request = Self::new(NEW_ADDRESS, CREATE | REPLACE, &address_body(address));
        request.attribute(IFA_LOCAL, &address.address.octets());
        request.attribute(IFA_ADDRESS, &address.address.octets());
        if address.prefix_length < 31 {
            request.attribute(IFA_BROADCAST, &everybody.octets());
        }
        // `struct ifa_cacheinfo`: preferred, valid, and two times that are the kernel's.
        let lifetimes = [secs, secs, 0, 0].map(u32::to_ne_bytes);
        request.attribute(IFA_CACHEINFO, lifetimes.as_flattened());
        request
    }

    /// Takes an address away, and what depends on it.
    #[must_use]
    pub fn delete_address(address: Address) -> Self {
        let mut request = Self::new(DELETE_ADDRESS, 0, &address_body(address));
        request.attribute(IFA_LOCAL, &address.address.octets());
        request
    }

    /// Makes a route for packets from `source`.
    #[must_use]
    pub fn add_route(port: u32, route: &Route, source: Ipv4Addr) -> Self {
        let mut request = Self::route(NEW_ROUTE, CREATE | REPLACE, port, route);
        request.attribute(RTA_PREFSRC, &source.octets());
        request
    }

    /// Takes a route away.
    #[must_use]
    pub fn delete_route(port: u32, route: &Route) -> Self {
        Self::route(DELETE_ROUTE, 0, port, route)
    }

    fn route(kind: u16, flags: u16, port: u32, route: &Route) -> Self {
        // `struct rtmsg`.
        let (scope, on_link) = match route.router {
            Some(_) => (SCOPE_UNIVERSE, ON_LINK),
            None => (SCOPE_LINK, 0),
        };
        let mut body = vec![INET, route.prefix_length, 0, 0];
        body.extend([MAIN_TABLE, PROTOCOL_DHCP, scope, UNICAST]);
        body.extend(on_link.to_ne_bytes());
        let mut request = Self::new(kind, flags, &body);
        if route.prefix_length > 0 {
            request.attribute(RTA_DST, &route.destination.octets());
        }
        if let Some(router) = route.router {
            request.attribute(RTA_GATEWAY, &router.octets());
        }
        request.attribute(RTA_OIF, &port.to_ne_bytes());
        // Two ports may have a way to the same network: the first one's counts.
        request.attribute(RTA_PRIORITY, &port.saturating_add(100).to_ne_bytes());
        request
    }

    fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        // `struct nlmsghdr`: the length comes last, number and sender stay 0.
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((REQUEST | ACKNOWLEDGE | flags).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(4).max(HEADER_BYTES), 0);
        if kind == NEW_LINK {
            bytes.resize(HEADER_BYTES + 16, 0);
        }
        Self(bytes)
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(4 + value.len()).expect("no attribute of ours is that long");
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// The message.
    #[must_use]
    pub fn encode(mut self, number: u32) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).expect("no request of ours is that long");
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&number.to_ne_bytes());
        self.0
    }
}

/// `struct ifaddrmsg`.
fn address_body(address: Address) -> Vec<u8> {
    let mut body = vec![INET, address.prefix_length, 0, SCOPE_UNIVERSE];
    body.extend(address.port.to_ne_bytes());
    body
}

/// The outcome of request `number`, if `message` tells it: 0, or the kernel's error as a
/// positive number.
#[must_use]
pub fn parse_outcome(message: &[u8], number: u32) -> Option<i32> {
    let field = |from: usize| {
        let bytes = message.get(from..)?.first_chunk()?;
        Some(u32::from_ne_bytes(*bytes))
    };
    let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
    let error = field(16)?.cast_signed();
    (kind == ERROR && field(8)? == number).then_some(error.saturating_neg())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(bytes: &[u8]) -> Vec<u32> {
        let (words, rest) = bytes.as_chunks();
        assert!(rest.is_empty());
        words.iter().copied().map(u32::from_ne_bytes).collect()
    }

    /// Two numbers of 16 bits in one word of the kernel's.
    fn pair(first: u16, second: u16) -> u32 {
        let [a, b] = first.to_ne_bytes();
        let [c, d] = second.to_ne_bytes();
        u32::from_ne_bytes([a, b, c, d])
    }

    fn bytes(four: [u8; 4]) -> u32 {
        u32::from_ne_bytes(four)
    }

    #[test]
    fn an_address_has_its_lifetime_and_everybody_in_its_network() {
        let address = Address {
            port: 3,
            address: Ipv4Addr::new(10, 0, 2, 15),
            prefix_length: 24,
        };
        let mut expected = vec![68, pair(20, 0x505), 9, 0];
        expected.extend([bytes([2, 24, 0, 0]), 3]);
        let own = bytes([10, 0, 2, 15]);
        expected.extend([pair(8, 2), own, pair(8, 1), own]);
        expected.extend([pair(8, 4), bytes([10, 0, 2, 255])]);
        expected.extend([pair(20, 6), 600, 600, 0, 0]);
        assert_eq!(
            words(&Request::add_address(address, Some(600)).encode(9)),
            expected
        );
        let for_ever = words(&Request::add_address(address, None).encode(9));
        assert_eq!(for_ever[13..15], [u32::MAX; 2]);
    }

    #[test]
    fn a_route_is_on_the_link_of_its_port() {
        let router = Ipv4Addr::new(10, 0, 2, 2);
        let default = Route::new(Ipv4Addr::UNSPECIFIED, 0, router);
        let expected = [
            vec![52, pair(25, 5), 1, 0],
            vec![bytes([2, 0, 0, 0]), bytes([254, 16, 0, 1]), 4],
            vec![pair(8, 5), bytes([10, 0, 2, 2]), pair(8, 4), 3],
            vec![pair(8, 6), 103],
        ]
        .concat();
        assert_eq!(
            words(&Request::delete_route(3, &default).encode(1)),
            expected
        );
    }

    #[test]
    fn a_link_has_a_longest_packet_and_a_neighbour_is_forgotten() {
        let expected = vec![40, pair(16, 5), 1, 0, 0, 3, 0, 0, pair(8, 4), 1400];
        assert_eq!(
            words(&Request::set_longest_packet(3, 1400).encode(1)),
            expected
        );
        let router = bytes([10, 0, 2, 2]);
        let expected = vec![
            36,
            pair(29, 5),
            1,
            0,
            bytes([2, 0, 0, 0]),
            3,
            0,
            pair(8, 1),
            router,
        ];
        let request = Request::delete_neighbour(3, Ipv4Addr::new(10, 0, 2, 2));
        assert_eq!(words(&request.encode(1)), expected);
    }

    #[test]
    fn an_outcome_is_that_of_the_request() {
        let message = |kind: u16, number: u32, error: i32| {
            let words = [36, pair(kind, 0), number, 7, error.cast_unsigned()];
            words.map(u32::to_ne_bytes).as_flattened().to_vec()
        };
        assert_eq!(parse_outcome(&message(ERROR, 5, 0), 5), Some(0));
        assert_eq!(parse_outcome(&message(ERROR, 5, -17), 5), Some(17));
        assert_eq!(
            parse_outcome(&message(ERROR, 5, i32::MIN), 5),
            Some(i32::MAX)
        );
        assert_eq!(parse_outcome(&message(ERROR, 4, -17), 5), None);
        assert_eq!(parse_outcome(&message(NEW_LINK, 5, -17), 5), None);
        for length in 0..20 {
            assert_eq!(parse_outcome(&message(ERROR, 5, 0)[..length], 5), None);
        }
    }
}
