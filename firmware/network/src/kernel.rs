//! The kernel's side of links, addresses and routes: two sockets of rtnetlink(7).

use anyhow::Context;
use network::netlink::{Request, parse_outcome};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send,
    socket_with, sockopt,
};
use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// `RTMGRP_LINK`: links that come, go, and change.
const LINKS: u32 = 1;
/// The kernel answers at once; if it does not, this is not the way to hang for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sockets.
pub(crate) struct Kernel {
    requests: OwnedFd,
    events: OwnedFd,
    number: Cell<u32>,
}

impl Kernel {
    /// Opens them: events are kept from here on.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let open = |flags: SocketFlags, groups: u32| {
            let family = AddressFamily::NETLINK;
            let flags = flags | SocketFlags::CLOEXEC;
            let socket = socket_with(family, SocketType::RAW, flags, None)?;
            bind(&socket, &netlink::SocketAddrNetlink::new(0, groups))?;
            Ok::<_, Errno>(socket)
        };
        let cannot = "cannot open a socket to the kernel";
        let requests = open(SocketFlags::empty(), 0).context(cannot)?;
        sockopt::set_socket_timeout(&requests, sockopt::Timeout::Recv, Some(PATIENCE))
            .context(cannot)?;
        Ok(Self {
            requests,
            events: open(SocketFlags::NONBLOCK, LINKS).context(cannot)?,
            number: Cell::new(0),
        })
    }

    /// Makes a request and waits for its outcome.
    ///
    /// # Errors
    /// The kernel's.
    pub(crate) fn request(&self, request: Request) -> Result<(), Errno> {
        let number = self.number.get().wrapping_add(1);
        self.number.set(number);
        send(&self.requests, &request.encode(number), SendFlags::empty())?;
        let mut message = [0; 4096];
        loop {
            let (length, _) = recv(&self.requests, &mut message[..], RecvFlags::empty())?;
            let message = message.get(..length).unwrap_or_default();
            match parse_outcome(message, number) {
                Some(0) => return Ok(()),
                Some(error) => return Err(Errno::from_raw_os_error(error)),
                None => {}
            }
        }
    }

    /// Forgets the events that are waiting: whoever was woken looks at everything.
    pub(crate) fn drain_events(&self) {
        let mut message = [0; 8192];
        while matches!(
            recv(&self.events, &mut message[..], RecvFlags::empty()),
            // Too many to be kept are as good as one.
            Ok(_) | Err(Errno::NOBUFS | Errno::INTR)
        ) {}
    }
}

/// Of the events.
impl AsFd for Kernel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.events.as_fd()
    }
}
