//! What the client sends: types -> bytes.

use super::{HardwareAddress, code, layout};
use core::net::Ipv4Addr;

/// Relays of old drop what is shorter (RFC 1542, section 2.1).
const SHORTEST_BYTES: usize = 300;
/// What we take.
const LONGEST_MESSAGE_BYTES: u16 = 1472;
/// Answers come to everybody, since the port has no address yet.
const BROADCAST: u16 = 0x8000;
/// A longer name does not fit into an option.
const MAX_HOST_NAME_BYTES: usize = 64;

const WANTED: [u8; 10] = [
    code::SUBNET_MASK,
    code::ROUTES,
    code::ROUTERS,
    code::NAME_SERVERS,
    code::HOST_NAME,
    code::DOMAIN,
    code::TIME_SERVERS,
    code::LEASE_SECS,
    code::RENEWAL_SECS,
    code::REBINDING_SECS,
];

/// A message to servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// What answers carry.
    pub transaction: u32,
    /// The client.
    pub hardware: HardwareAddress,
    /// What the device calls itself.
    pub host_name: Option<String>,
    /// Since the client began to ask.
    pub secs: u16,
}

/// What is asked for: RFC 2131, table 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Any address.
    Discover,
    /// The address that this server offered.
    Take {
        /// What it offered.
        address: Ipv4Addr,
        /// Who.
        server: Ipv4Addr,
    },
    /// The address from before a reboot or before the cable was pulled.
    Keep {
        /// The address.
        address: Ipv4Addr,
    },
    /// More time, from the server that gave the lease.
    Renew {
        /// The client's address.
        address: Ipv4Addr,
        /// Who gave it.
        server: Ipv4Addr,
    },
    /// More time, from any server.
    Rebind {
        /// The client's address.
        address: Ipv4Addr,
    },
}

impl Request {
    /// Where it goes.
    #[must_use]
    pub fn destination(&self) -> Ipv4Addr {
        match self.kind {
            RequestKind::Renew { server, .. } => server,
            _ => Ipv4Addr::BROADCAST,
        }
    }

    /// The payload of the packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut message = vec![0; layout::HEAD_BYTES];
        message[layout::OPERATION] = layout::BOOT_REQUEST;
        message[layout::HARDWARE_KIND] = layout::ETHERNET;
        message[layout::HARDWARE_LENGTH] = layout::ETHERNET_ADDRESS_BYTES;
        message[layout::TRANSACTION].copy_from_slice(&self.transaction.to_be_bytes());
        message[layout::SECS].copy_from_slice(&self.secs.to_be_bytes());
        message[layout::HARDWARE_ADDRESS].copy_from_slice(&self.hardware.0);
        message[layout::COOKIE].copy_from_slice(&layout::COOKIE_BYTES);
        match self.kind {
            RequestKind::Renew { address, .. } | RequestKind::Rebind { address } => {
                message[layout::CLIENT_ADDRESS].copy_from_slice(&address.octets());
            }
            _ => message[layout::FLAGS].copy_from_slice(&BROADCAST.to_be_bytes()),
        }
        self.add_options(&mut message);
        message.push(code::END);
        message.resize(message.len().max(SHORTEST_BYTES), code::PAD);
        message
    }

    fn add_options(&self, message: &mut Vec<u8>) {
        let mut add = |number: u8, value: &[u8]| {
            let length = u8::try_from(value.len()).expect("no option of ours is that long");
            message.extend([number, length]);
            message.extend(value);
        };
        let kind = match self.kind {
            RequestKind::Discover => 1,
            _ => 3,
        };
        add(code::MESSAGE_KIND, &[kind]);
        let mut client = [layout::ETHERNET; 7];
        client[1..].copy_from_slice(&self.hardware.0);
        add(code::CLIENT, &client);
        match self.kind {
            RequestKind::Take { address, server } => {
                add(code::REQUESTED_ADDRESS, &address.octets());
                add(code::SERVER, &server.octets());
            }
            RequestKind::Keep { address } => add(code::REQUESTED_ADDRESS, &address.octets()),
            _ => {}
        }
        add(code::LONGEST_MESSAGE, &LONGEST_MESSAGE_BYTES.to_be_bytes());
        add(code::WANTED, &WANTED);
        let name = self.host_name.as_deref().unwrap_or_default().as_bytes();
        if (1..=MAX_HOST_NAME_BYTES).contains(&name.len()) {
            add(code::HOST_NAME, name);
        }
    }
}
