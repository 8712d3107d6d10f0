//! One wired port: its socket, its client of DHCP or its fixed addresses, and what is configured.

use crate::kernel::Kernel;
use crate::ports::Seen;
use crate::{host_name, lease_hint, neighbours, system_call};
use anyhow::Context;
use network::configuration::{Addressing, PortConfiguration};
use network::dhcp::{
    Action, CLIENT_PORT, Client, Event, HardwareAddress, Lease, Reply, Request, SERVER_PORT,
};
use network::netlink::{self, Address};
use network::report::{LeaseReport, PortReport, PortState};
use network::trial::Reach;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
use rustix::rand::{GetRandomFlags, getrandom};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// What a turn of the loop takes from one port: somebody who floods it does not stop others.
const MESSAGES_A_TURN: usize = 16;

/// Is there somebody at the other end?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Plugged,
    Unplugged,
}

/// A port.
pub(crate) struct Port {
    index: u32,
    name: String,
    hardware: HardwareAddress,
    link: Link,
    socket: UdpSocket,
    client: Client,
    owners: Option<PortConfiguration>,
    configured: Option<Configured>,
}

struct Configured {
    lease: Lease,
    /// By the device's uptime, in seconds.
    until: Option<u64>,
}

impl Port {
    /// Sets it up as its owner says, and listens. Its cable counts as pulled until
    /// [`Port::link_is`] is called.
    pub(crate) fn open(
        seen: &Seen,
        owners: Option<&PortConfiguration>,
        kernel: &Kernel,
    ) -> anyhow::Result<Self> {
        kernel
            .request(netlink::Request::set_up(seen.index))
            .context("cannot set it up")?;
        if let Some(bytes) = owners.and_then(|owners| owners.mtu) {
            let set = netlink::Request::set_longest_packet(seen.index, bytes);
            if let Err(error) = kernel.request(set) {
                eprintln!(
                    "{}: cannot send packets of {bytes} bytes: {error}",
                    seen.name
                );
            }
        }
        let had = lease_hint::read(seen.hardware);
        Ok(Self {
            index: seen.index,
            name: seen.name.clone(),
            hardware: seen.hardware,
            link: Link::Unplugged,
            socket: listen(&seen.name).context("cannot listen to servers")?,
            client: Client::new(seen.hardware, host_name::own(), had),
            owners: owners.cloned(),
            configured: None,
        })
    }

    /// Whether its owner still says the same of it.
    pub(crate) fn is_owned_as(&self, owners: Option<&PortConfiguration>) -> bool {
        self.owners.as_ref() == owners
    }

    /// Before it is opened anew.
    pub(crate) fn close(&mut self, kernel: &Kernel) {
        self.deconfigure(kernel);
    }

    /// Whether somebody at the other end has answered: whoever gave the lease, or the router.
    /// A fixed port without a router has nobody to ask, and counts with its cable.
    pub(crate) fn reach(&self) -> Reach {
        let router = match (self.link, &self.configured) {
            (Link::Unplugged, _) => return Reach::Unplugged,
            (Link::Plugged, None) => return Reach::Silent,
            (Link::Plugged, Some(configured)) => configured.lease.router(),
        };
        match router {
            Some(router) if self.is_fixed() => {
                neighbours::ask(&self.socket, router);
                match neighbours::has_answered(&self.name, router) {
                    true => Reach::Answered,
                    false => Reach::Silent,
                }
            }
            _ => Reach::Answered,
        }
    }

    fn is_fixed(&self) -> bool {
        let addressing = self.owners.as_ref().map(|owners| &owners.addressing);
        matches!(addressing, Some(Addressing::Fixed { .. }))
    }

    pub(crate) fn is(&self, seen: &Seen) -> bool {
        (self.index, &self.name, self.hardware) == (seen.index, &seen.name, seen.hardware)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn hardware(&self) -> HardwareAddress {
        self.hardware
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        match self.is_fixed() {
            true => None,
            false => self.client.due(),
        }
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(crate) fn lease(&self) -> Option<&Lease> {
        self.configured.as_ref().map(|configured| &configured.lease)
    }

    pub(crate) fn link_is(&mut self, link: Link, kernel: &Kernel, now: Instant) {
        if link == self.link {
            return;
        }
        self.link = link;
        let event = match link {
            Link::Plugged => Event::Plugged,
            Link::Unplugged => Event::Unplugged,
        };
        self.step(event, kernel, now);
    }

    pub(crate) fn do_what_is_due(&mut self, kernel: &Kernel, now: Instant) {
        self.step(Event::Due, kernel, now);
    }

    /// Takes in what servers said.
    pub(crate) fn hear(&mut self, kernel: &Kernel, now: Instant) {
        let mut message = [0; 2048];
        for _ in 0..MESSAGES_A_TURN {
            let Ok((length, from)) = self.socket.recv_from(&mut message) else {
                return;
            };
            match Reply::parse(message.get(..length).unwrap_or_default()) {
                Ok(reply) => self.step(Event::Heard(reply), kernel, now),
                Err(error) => eprintln!("{}: cannot use a message of {from}: {error}", self.name),
            }
        }
    }

    fn step(&mut self, event: Event, kernel: &Kernel, now: Instant) {
        if self.is_fixed() {
            return self.step_fixed(&event, kernel, now);
        }
        for action in self.client.step(event, now, &mut random) {
            match action {
                Action::Send(request) => self.send(&request),
                Action::Configure { lease, since } => {
                    let lease = match &self.owners {
                        Some(owners) => owners.over(lease),
                        None => lease,
                    };
                    self.configure(lease, since, kernel, now);
                }
                Action::Deconfigure => self.deconfigure(kernel),
            }
        }
    }

    /// Nobody is asked for anything; the addresses come and go with the cable.
    fn step_fixed(&mut self, event: &Event, kernel: &Kernel, now: Instant) {
        let lease = self.owners.as_ref().and_then(PortConfiguration::fixed);
        match (event, lease) {
            (Event::Plugged, Some(lease)) => {
                if let Some(router) = lease.router() {
                    neighbours::forget(kernel, self.index, router);
                }
                self.configure(lease, now, kernel, now);
                for more in self.more_addresses() {
                    let add = netlink::Request::add_address(more, None);
                    self.ask_kernel(kernel, add, "set another address");
                }
            }
            (Event::Unplugged, _) => self.deconfigure(kernel),
            _ => {}
        }
    }

    fn more_addresses(&self) -> Vec<Address> {
        let owners = self.owners.as_ref();
        let more = owners.map_or(&[][..], PortConfiguration::more_addresses);
        let address = |more: &network::configuration::Prefixed| Address {
            port: self.index,
            address: more.address,
            prefix_length: more.prefix_length,
        };
        more.iter().map(address).collect()
    }

    /// A request that cannot be sent is repeated like one that got lost.
    fn send(&self, request: &Request) {
        let to = SocketAddrV4::new(request.destination(), SERVER_PORT);
        if let Err(error) = self.socket.send_to(&request.encode(), to) {
            eprintln!("{}: cannot ask {to}: {error}", self.name);
        }
    }

    fn configure(&mut self, lease: Lease, since: Instant, kernel: &Kernel, now: Instant) {
        let before = self.lease();
        let same = before.is_some_and(|before| {
            let parts = |lease: &Lease| (lease.address, lease.prefix_length, lease.routes.clone());
            parts(before) == parts(&lease)
        });
        if !same {
            self.deconfigure(kernel);
            let (address, length) = (lease.address, lease.prefix_length);
            match self.is_fixed() {
                true => println!("{}: {address}/{length}, fixed", self.name),
                false => println!("{}: {address}/{length} from {}", self.name, lease.server),
            }
        }
        let spent = now.saturating_duration_since(since);
        let left = lease.times.map(|times| times.expiry.saturating_sub(spent));
        let secs = |left: Duration| u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1);
        let add = netlink::Request::add_address(self.address(&lease), left.map(secs));
        self.ask_kernel(kernel, add, "set its address");
        for route in &lease.routes {
            let add = netlink::Request::add_route(self.index, route, lease.address);
            self.ask_kernel(kernel, add, "add a route");
        }
        if !self.is_fixed() {
            lease_hint::keep(self.hardware, lease.address);
        }
        self.configured = Some(Configured {
            until: left.map(|left| uptime().saturating_add(left).as_secs()),
            lease,
        });
    }

    fn deconfigure(&mut self, kernel: &Kernel) {
        let Some(Configured { lease, .. }) = self.configured.take() else {
            return;
        };
        println!("{}: {} is given up", self.name, lease.address);
        for route in &lease.routes {
            // With the link or the address the kernel may have taken it away already.
            let _ = kernel.request(netlink::Request::delete_route(self.index, route));
        }
        for address in [vec![self.address(&lease)], self.more_addresses()].concat() {
            let _ = kernel.request(netlink::Request::delete_address(address));
        }
    }

    fn ask_kernel(&self, kernel: &Kernel, request: netlink::Request, what: &str) {
        if let Err(error) = kernel.request(request) {
            eprintln!("{}: cannot {what}: {error}", self.name);
        }
    }

    fn address(&self, lease: &Lease) -> Address {
        Address {
            port: self.index,
            address: lease.address,
            prefix_length: lease.prefix_length,
        }
    }

    pub(crate) fn report(&self) -> PortReport {
        let state = match (&self.configured, self.link) {
            (Some(_), _) => PortState::Configured,
            (None, Link::Plugged) => PortState::Asking,
            (None, Link::Unplugged) => PortState::Unplugged,
        };
        PortReport {
            name: self.name.clone(),
            hardware: self.hardware.to_string(),
            state,
            lease: self.configured.as_ref().map(Configured::report),
        }
    }
}

impl Configured {
    fn report(&self) -> LeaseReport {
        LeaseReport {
            address: self.lease.address,
            prefix_length: self.lease.prefix_length,
            router: self.lease.router(),
            name_servers: self.lease.name_servers.clone(),
            domain: self.lease.domain.clone(),
            server: (!self.lease.server.is_unspecified()).then_some(self.lease.server),
            until_uptime_secs: self.until,
        }
    }
}

/// Tied to the port before it has an address of its own: several ports have one each.
fn listen(name: &str) -> anyhow::Result<UdpSocket> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
    system_call::bind_to_port(&socket, name)?;
    sockopt::set_socket_broadcast(&socket, true)?;
    bind(
        &socket,
        &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT),
    )?;
    Ok(UdpSocket::from(socket))
}

/// Not to be guessed by others: the kernel waits until it has such numbers.
fn random() -> u32 {
    let mut bytes = [0; 4];
    let _ = getrandom(&mut bytes[..], GetRandomFlags::empty());
    u32::from_ne_bytes(bytes)
}

/// Since the device started, sleep included.
pub(crate) fn uptime() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}
