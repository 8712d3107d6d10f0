//! What a server of DHCP says to a wired port: anybody on the wire can be one.
//!
//! What is taken has names that are safe in `/etc/resolv.conf`, an address that a host can
//! have, and times in their order. A client in any phase goes on from it without a panic,
//! and never with an address that it did not ask for.

use crate::{Answer, Seed, Target};
use core::time::Duration;
use network::dhcp::{Action, Client, Event, HardwareAddress, Lease, Reply, Request, RequestKind};
use std::net::Ipv4Addr;
use std::time::Instant;

pub(crate) const TARGET: Target = Target {
    name: "dhcp_reply",
    about: "what a DHCP server says, in the program network",
    max_bytes: 1500,
    run,
    seeds,
};

const HARDWARE: HardwareAddress = HardwareAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

fn run(message: &[u8]) -> Answer {
    let Ok(reply) = Reply::parse(message) else {
        return Answer::Refused;
    };
    for name in [&reply.domain, &reply.host_name].into_iter().flatten() {
        assert!(!name.is_empty() && name.len() <= 253);
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(name.bytes().all(safe));
    }
    if let Ok(lease) = Lease::of(&reply) {
        assert!(!lease.address.is_unspecified() && !lease.address.is_multicast());
        assert!(lease.routes.iter().all(|route| route.prefix_length <= 32));
        if let Some(times) = lease.times {
            assert!(Duration::ZERO < times.renewal);
            assert!(times.renewal < times.rebinding && times.rebinding < times.expiry);
        }
    }
    converse(&reply);
    Answer::Accepted
}

/// Whatever the client asks, the reply answers it; then its time runs out.
fn converse(reply: &Reply) {
    for had in [None, Some(ADDRESS)] {
        let mut client = Client::new(HARDWARE, None, had);
        let mut now = Instant::now();
        let mut last = None;
        let mut event = Event::Plugged;
        for turn in 0..16 {
            for action in client.step(event, now, &mut || 7) {
                match action {
                    Action::Send(request) => last = Some(request),
                    Action::Configure { lease, .. } => {
                        let asked = last.as_ref().and_then(address);
                        assert_eq!(asked, Some(lease.address));
                    }
                    Action::Deconfigure => {}
                }
            }
            event = match (&last, turn % 2) {
                (Some(request), 0) => Event::Heard(Reply {
                    transaction: request.transaction,
                    hardware: HARDWARE,
                    ..reply.clone()
                }),
                _ => {
                    now = client.due().map_or(now, |due| due.max(now));
                    Event::Due
                }
            };
        }
    }
}

/// What a request asks for.
fn address(request: &Request) -> Option<Ipv4Addr> {
    match request.kind {
        RequestKind::Discover => None,
        RequestKind::Take { address, .. }
        | RequestKind::Keep { address }
        | RequestKind::Renew { address, .. }
        | RequestKind::Rebind { address } => Some(address),
    }
}

fn seeds() -> Vec<Seed> {
    let message = |kind: u8, options: &[&[u8]]| {
        let mut message = vec![0; 240];
        message[..8].copy_from_slice(&[2, 1, 6, 0, 0, 0, 0, 7]);
        message[16..20].copy_from_slice(&ADDRESS.octets());
        message[28..34].copy_from_slice(&HARDWARE.0);
        message[236..].copy_from_slice(&[99, 130, 83, 99]);
        message.extend([53, 1, kind, 54, 4, 10, 0, 2, 2]);
        message.extend(options.concat());
        message.push(255);
        message
    };
    let usual: &[&[u8]] = &[
        &[1, 4, 255, 255, 255, 0],
        &[3, 4, 10, 0, 2, 2],
        &[6, 4, 10, 0, 2, 3],
        &[15, 4],
        b"site",
        &[51, 4, 0, 1, 0x51, 0x80],
    ];
    let routes: &[&[u8]] = &[
        &[51, 4, 0, 0, 2, 0],
        &[121, 12, 16, 172, 16, 10, 0, 2, 8, 0, 10, 0, 2, 2],
    ];
    let mut overloaded = message(2, &[&[51, 4, 255, 255, 255, 255, 52, 1, 3]]);
    overloaded[44..51].copy_from_slice(&[6, 4, 10, 0, 2, 3, 255]);
    overloaded[108..115].copy_from_slice(&[3, 4, 10, 0, 2, 2, 255]);
    vec![
        ("acknowledge", message(5, usual)),
        ("offer", message(2, usual)),
        ("overloaded", overloaded),
        ("refuse", message(6, &[])),
        ("refused-mask", message(2, &[&[1, 4, 255, 0, 255, 0]])),
        ("routes", message(5, routes)),
    ]
}
