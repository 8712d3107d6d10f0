//! The kernel's announcements of devices and of damage, from its netlink socket.
//!
//! The socket is opened before the first module is loaded, so that no device
//! appears between a look at `/sys` and the wait for the next one. The same socket
//! later tells PID 1 that dm-verity met a damaged block: the kernel's
//! `verity_handle_err` sends a `change` event of the mapped device with
//! `DM_VERITY_ERR_BLOCK_NR=<0 data, 1 hash tree>,<block>`.

mod message;

pub(crate) use message::{DamagedBlock, Uevent};

use anyhow::Context;
use message::parse_uevent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with, sockopt,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// Room for the bursts of a boot. When it overflows, an [`Uevent::Lost`] says so.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// The kernel's limit is 2 KiB of variables and the path before them.
const MESSAGE_BYTES: usize = 8 << 10;
/// The multicast group of the kernel's own events (2 would be a udev's).
const KERNEL_GROUP: u32 = 1;

/// The socket.
pub(crate) struct UeventSocket(OwnedFd);

impl UeventSocket {
    /// Opens it: events are kept from here on.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::KOBJECT_UEVENT),
        )
        .context("cannot open the kernel's event socket")?;
        // Without the permission to exceed the limit the ordinary size must do.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, SOCKET_BUFFER_BYTES);
        bind(&socket, &netlink::SocketAddrNetlink::new(0, KERNEL_GROUP))
            .context("cannot listen to the kernel's events")?;
        Ok(Self(socket))
    }

    /// All events that are waiting. Never blocks.
    pub(crate) fn drain(&self) -> Vec<Uevent> {
        let mut events = Vec::new();
        let mut message = [0; MESSAGE_BYTES];
        loop {
            match recv(&self.0, &mut message[..], RecvFlags::empty()) {
                Ok((length, _)) => events.extend(parse_uevent(&message[..length])),
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS) => events.push(Uevent::Lost),
                Err(_) => return events,
            }
        }
    }

    /// Waits until there is an event, or until the deadline.
    pub(crate) fn wait_until(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        // Every outcome is the same to the caller: it looks, and asks the clock.
        let _ = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], timeout.as_ref());
    }
}

impl AsFd for UeventSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
