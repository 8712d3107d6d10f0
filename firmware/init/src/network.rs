//! The one interface that PID 1 sets up: loopback. The service `network` looks after those
//! that have a cable.

use crate::ioctls;
use anyhow::Context;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// Sets `lo` up: the kernel gives it its addresses.
pub(crate) fn set_loopback_up() -> anyhow::Result<()> {
    let cannot = "cannot set the interface lo up";
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .context(cannot)?;
    ioctls::interface_up(&socket, "lo").context(cannot)
}
