//! The interfaces that are set up by themselves: loopback, and what has a cable.

use crate::health::network::wired_interfaces;
use crate::ioctls;
use anyhow::Context;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::path::Path;

/// Sets `lo` up: the kernel gives it its addresses.
pub(crate) fn set_loopback_up() -> anyhow::Result<()> {
    set_up("lo")
}

/// Sets the wired interfaces up: the kernel finds out about their carriers, and what
/// routers announce.
pub(crate) fn set_wired_up() {
    for interface in wired_interfaces(Path::new("/sys/class/net")) {
        if let Err(error) = set_up(&interface) {
            log::warn!("{error:#}");
        }
    }
}

fn set_up(interface: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot set the interface {interface} up");
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .with_context(cannot)?;
    ioctls::interface_up(&socket, interface).with_context(cannot)
}
