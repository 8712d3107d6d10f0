//! Does a router answer? The kernel's table of neighbours says so: `/proc/net/arp`.

use network::netlink::Request;
use rustix::io::Errno;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};

use crate::kernel::Kernel;

const TABLE: &str = "/proc/net/arp";
/// `ATF_COM`, `linux/if_arp.h`: its hardware address is known.
const COMPLETE: u32 = 0x02;
/// Whoever gets it throws it away: RFC 863.
const DISCARD: u16 = 9;

/// Forgets what is known of it, so that an older answer does not count.
pub(crate) fn forget(kernel: &Kernel, port: u32, address: Ipv4Addr) {
    match kernel.request(Request::delete_neighbour(port, address)) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => eprintln!("cannot forget the neighbour {address}: {error}"),
    }
}

/// Makes the kernel ask for it.
pub(crate) fn ask(socket: &UdpSocket, address: Ipv4Addr) {
    // Nothing of it has to arrive: the kernel asks before it sends.
    let _ = socket.send_to(&[], (address, DISCARD));
}

/// Whether it has answered.
pub(crate) fn has_answered(port: &str, address: Ipv4Addr) -> bool {
    is_complete(
        &fs::read_to_string(TABLE).unwrap_or_default(),
        port,
        address,
    )
}

fn is_complete(table: &str, port: &str, address: Ipv4Addr) -> bool {
    table.lines().skip(1).any(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let [of, _, flags, _, _, on] = fields[..] else {
            return false;
        };
        let flags = flags.trim_start_matches("0x");
        let is_known = u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & COMPLETE != 0);
        of.parse() == Ok(address) && on == port && is_known
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_has_answered_once_its_entry_is_complete() {
        let table = "\
IP address       HW type     Flags       HW address            Mask     Device
10.0.2.2         0x1         0x2         52:55:0a:00:02:02     *        eth0
10.0.2.3         0x1         0x0         00:00:00:00:00:00     *        eth0
";
        let complete = |port, last| is_complete(table, port, Ipv4Addr::new(10, 0, 2, last));
        assert!(complete("eth0", 2));
        assert!(!complete("eth0", 3));
        assert!(!complete("eth1", 2));
        assert!(!complete("eth0", 4));
        assert!(!is_complete("", "eth0", Ipv4Addr::new(10, 0, 2, 2)));
    }
}
