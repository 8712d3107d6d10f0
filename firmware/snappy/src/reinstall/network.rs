//! A network for the rescue system, which has none until something asks for it: the program
//! that is a service elsewhere is started, and waited for.

use network::report::{NetworkReport, PortReport, PortState};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PROGRAM: &str = "/usr/lib/twinkeel/network";
/// What it says.
const LOG: &str = "/run/twinkeel/network.log";
/// Name servers, which it writes behind its report.
const RESOLVER: &str = "/run/resolv.conf";
/// An address comes within seconds, where there is one.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

/// Waits until a port has an address.
///
/// # Errors
/// Why none has.
pub(crate) fn join() -> Result<(), String> {
    if !runs() {
        start().map_err(|error| format!("cannot run {PROGRAM}: {error}"))?;
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let report = NetworkReport::read().unwrap_or_default();
        if is_ready(&report, Path::new(RESOLVER).exists()) {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(why_not(&report));
        }
        sleep(LOOK);
    }
}

fn runs() -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut programs = processes.filter_map(|one| fs::read_link(one.path().join("exe")).ok());
    programs.any(|program| program == Path::new(PROGRAM))
}

/// It goes on when this program ends.
fn start() -> io::Result<()> {
    let log = File::options().create(true).append(true).open(LOG)?;
    Command::new(PROGRAM)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(())
}

fn is_ready(report: &NetworkReport, names_are_there: bool) -> bool {
    let with_lease = report.ports.iter().filter_map(|port| port.lease.as_ref());
    with_lease
        .into_iter()
        .any(|lease| lease.name_servers.is_empty() || names_are_there)
}

fn why_not(report: &NetworkReport) -> String {
    if report.ports.is_empty() {
        return "this system knows no wired port; is its driver in the image?".to_owned();
    }
    let state = |port: &PortReport| {
        let state = match port.state {
            PortState::Unplugged => "has no cable",
            PortState::Asking => "gets no address",
            PortState::Configured => "has an address",
        };
        format!("{} {state}", port.name)
    };
    let ports: Vec<_> = report.ports.iter().map(state).collect();
    format!("there is no network: {}; see {LOG}", ports.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::report::LeaseReport;
    use std::net::Ipv4Addr;

    fn port(name: &str, state: PortState, name_servers: Option<Vec<Ipv4Addr>>) -> PortReport {
        PortReport {
            name: name.to_owned(),
            hardware: "52:54:00:12:34:56".to_owned(),
            state,
            lease: name_servers.map(|name_servers| LeaseReport {
                address: Ipv4Addr::new(10, 0, 2, 15),
                prefix_length: 24,
                router: None,
                name_servers,
                domain: None,
                server: Some(Ipv4Addr::new(10, 0, 2, 2)),
                until_uptime_secs: None,
            }),
        }
    }

    #[test]
    fn a_port_with_an_address_is_enough_once_its_name_servers_are_written_down() {
        let server = Ipv4Addr::new(10, 0, 2, 3);
        let asking = port("eth0", PortState::Asking, None);
        let named = port("eth1", PortState::Configured, Some(vec![server]));
        let nameless = port("eth1", PortState::Configured, Some(Vec::new()));
        for (ports, names_are_there, ready) in [
            (vec![], true, false),
            (vec![asking.clone()], true, false),
            (vec![asking.clone(), named.clone()], true, true),
            (vec![asking.clone(), named], false, false),
            (vec![asking, nameless], false, true),
        ] {
            let report = NetworkReport { ports };
            assert_eq!(is_ready(&report, names_are_there), ready, "{report:?}");
        }
    }

    #[test]
    fn each_port_says_what_it_lacks() {
        let ports = vec![
            port("eth0", PortState::Unplugged, None),
            port("eth1", PortState::Asking, None),
        ];
        let why = why_not(&NetworkReport { ports });
        assert!(
            why.starts_with("there is no network: eth0 has no cable, eth1 gets no address;"),
            "{why}"
        );
        assert!(why_not(&NetworkReport::default()).contains("is its driver in the image?"));
    }
}
