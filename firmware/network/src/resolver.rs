//! `/run/resolv.conf`, which `/etc/resolv.conf` in the root is a link to.

use network::dhcp::Lease;
use std::fmt::Write;
use std::fs;

const PATH: &str = "/run/resolv.conf";
const NEW: &str = "/run/resolv.conf.new";
/// The C libraries ask no more of them.
const MAX_SERVERS: usize = 3;

/// Remembers what it wrote.
#[derive(Default)]
pub(crate) struct Resolver {
    written: Option<String>,
}

impl Resolver {
    /// Writes the file whole, if it would be another.
    pub(crate) fn write(&mut self, leases: &[&Lease]) {
        let text = text(leases);
        if self.written.as_ref() == Some(&text) {
            return;
        }
        match fs::write(NEW, &text).and_then(|()| fs::rename(NEW, PATH)) {
            Ok(()) => self.written = Some(text),
            Err(error) => eprintln!("cannot write {PATH}: {error}"),
        }
    }
}

/// The name servers of all ports, those of the first port first.
fn text(leases: &[&Lease]) -> String {
    let mut servers = Vec::new();
    for server in leases.iter().flat_map(|lease| &lease.name_servers) {
        if !servers.contains(server) {
            servers.push(*server);
        }
    }
    let mut text = String::new();
    let domain = leases.iter().find_map(|lease| lease.domain.as_deref());
    if let Some(domain) = domain {
        let _ = writeln!(text, "search {domain}");
    }
    for server in servers.iter().take(MAX_SERVERS) {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn lease(servers: &[u8], domain: Option<&str>) -> Lease {
        let address = |last: &u8| Ipv4Addr::new(10, 0, 0, *last);
        Lease {
            address: address(&9),
            prefix_length: 24,
            server: address(&1),
            routes: Vec::new(),
            name_servers: servers.iter().map(address).collect(),
            time_servers: Vec::new(),
            domain: domain.map(str::to_owned),
            host_name: None,
            times: None,
        }
    }

    #[test]
    fn every_server_stands_there_once_and_three_at_most() {
        let (one, two) = (lease(&[1, 2], None), lease(&[2, 3, 4], Some("a.example")));
        assert_eq!(
            text(&[&one, &two]),
            "search a.example\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n"
        );
        assert_eq!(text(&[]), "");
    }
}
