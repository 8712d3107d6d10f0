//! After the network and who listens there.

use super::{Attempt, escape, stage, variable};
use crate::call::call;
use crate::stage::ABSTRACT;
use std::io;
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

pub(super) const ALL: &[Attempt] = &[
    escape("reach-listener", "reaches a service of the device", || {
        let port: u16 = variable("PORT")?.parse().map_err(io::Error::other)?;
        TcpStream::connect(("127.0.0.1", port)).map(drop)
    }),
    escape("reach-daemon", "asks the daemon", || {
        UnixStream::connect(stage("daemon.socket")?).map(drop)
    }),
    escape("reach-abstract", "asks one that has no file", || {
        let name = SocketAddr::from_abstract_name(ABSTRACT)?;
        UnixStream::connect_addr(&name).map(drop)
    }),
    escape("raw-socket", "forges packets", || {
        socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)
    }),
    escape("packet-socket", "listens to all packets", || {
        socket(libc::AF_PACKET, libc::SOCK_RAW, 0x0300)
    }),
    escape("audit-socket", "speaks to the audit", || {
        socket(libc::AF_NETLINK, libc::SOCK_RAW, 9)
    }),
    escape("event-socket", "hears of every device", || {
        socket(libc::AF_NETLINK, libc::SOCK_RAW, 15)
    }),
    escape("switch-interface", "switches an interface", || {
        const GET_FLAGS: usize = 0x8913;
        const SET_FLAGS: usize = 0x8914;
        let descriptor = call(
            libc::SYS_socket,
            [libc::AF_INET as usize, libc::SOCK_DGRAM as usize, 0],
        )?;
        let mut request = [0_u8; 64];
        request[..2].copy_from_slice(b"lo");
        let at = request.as_mut_ptr() as usize;
        call(libc::SYS_ioctl, [descriptor, GET_FLAGS, at])?;
        call(libc::SYS_ioctl, [descriptor, SET_FLAGS, at]).map(drop)
    }),
];

fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<()> {
    let arguments = [family, kind, protocol].map(|number| number as usize);
    call(libc::SYS_socket, arguments).map(drop)
}
