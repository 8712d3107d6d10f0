//! The parser and the protocol, against a server made of bytes.

mod parsing;
mod protocol;

use super::*;
use core::net::Ipv4Addr;

const HARDWARE: HardwareAddress = HardwareAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
const OFFER: u8 = 2;
const ACKNOWLEDGE: u8 = 5;
const REFUSE: u8 = 6;

/// A reply in bytes.
#[derive(Clone)]
struct Message {
    head: [u8; 240],
    options: Vec<u8>,
}

impl Message {
    /// With what every reply has.
    fn new(kind: u8, transaction: u32, address: Ipv4Addr, server: Ipv4Addr) -> Self {
        let mut head = [0; 240];
        head[..3].copy_from_slice(&[2, 1, 6]);
        head[4..8].copy_from_slice(&transaction.to_be_bytes());
        head[16..20].copy_from_slice(&address.octets());
        head[28..34].copy_from_slice(&HARDWARE.0);
        head[236..].copy_from_slice(&[99, 130, 83, 99]);
        let message = Self {
            head,
            options: Vec::new(),
        };
        message.option(53, &[kind]).option(54, &server.octets())
    }

    /// With a lease of so many seconds and a mask.
    fn lease(kind: u8, transaction: u32, secs: u32) -> Self {
        Self::new(kind, transaction, ADDRESS, SERVER)
            .option(1, &[255, 255, 255, 0])
            .option(51, &secs.to_be_bytes())
    }

    fn option(mut self, number: u8, value: &[u8]) -> Self {
        self.options
            .extend([number, u8::try_from(value.len()).unwrap()]);
        self.options.extend(value);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.to_vec();
        bytes.extend(&self.options);
        bytes.push(255);
        bytes
    }

    fn parse(&self) -> Result<Reply, Malformed> {
        Reply::parse(&self.bytes())
    }

    fn reply(&self) -> Reply {
        self.parse().unwrap()
    }
}

#[test]
fn hardware_addresses_are_those_of_sysfs() {
    let parsed = HardwareAddress::parse("52:54:00:12:34:56\n");
    assert_eq!(parsed, Some(HARDWARE));
    assert_eq!(HARDWARE.to_string(), "52:54:00:12:34:56");
    for wrong in [
        "",
        "52:54:00:12:34",
        "52:54:00:12:34:56:78",
        "5:5:0:1:3:5",
        "52:54:00:12:34:zz",
    ] {
        assert_eq!(HardwareAddress::parse(wrong), None, "{wrong}");
    }
}
