//! The program against a DHCP server that we had no part in: dnsmasq at the other end of a
//! virtual cable, in namespaces that end with the test.

mod wire;

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Result, ensure};
use network::report::{NetworkReport, PortState};
use wire::{Running, Wire, from_server, in_namespaces, run, until};

const NAME: &str = "a_lease_is_taken_renewed_rebound_and_given_up";
/// What is seen last.
const LAST: &str = "with the cable it comes back";
#[test]
fn a_lease_is_taken_renewed_rebound_and_given_up() -> Result<()> {
    in_namespaces(NAME, LAST, inside)
}

fn inside() -> Result<()> {
    let wire = Wire::new()?;

    let server = wire.server("10.9.0.1", "10.9.0.10,10.9.0.19")?;
    let log = File::create("/run/network.log")?;
    let program = Command::new(env!("CARGO_BIN_EXE_network"))
        .arg("device0")
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let _program = Running(program);
    until("a lease is taken", || from_server("10.9.0.1"))?;
    let address = run("ip -4 -o addr show dev device0")?;
    ensure!(address.contains("inet 10.9.0.1"), "{address}");
    // The kernel ends it by itself after the lease's two minutes.
    ensure!(address.contains("brd 10.9.0.255"), "{address}");
    ensure!(address.contains("valid_lft 1"), "{address}");
    let routes = run("ip -4 route")?;
    ensure!(
        routes.contains("default via 10.9.0.1 dev device0 proto dhcp"),
        "{routes}"
    );
    ensure!(
        routes.contains("172.16.0.0/16 via 10.9.0.7 dev device0"),
        "{routes}"
    );
    let resolver = fs::read_to_string("/run/resolv.conf")?;
    ensure!(
        resolver == "search site.example\nnameserver 10.9.0.3\n",
        "{resolver}"
    );
    ensure!(run("uname -n")?.trim() == "gateway-9");

    let requests = || {
        let log = fs::read_to_string("/run/dnsmasq.log").unwrap_or_default();
        log.matches("DHCPACK(server0)").count()
    };
    until("it is renewed", || requests() >= 2)?;

    drop(server);
    let server = wire.server("10.9.0.2", "10.9.0.10,10.9.0.19")?;
    until("another server renews it", || from_server("10.9.0.2"))?;
    ensure!(run("ip -4 -o addr show dev device0")?.lines().count() == 1);

    drop(server);
    let _server = wire.server("10.9.0.2", "10.9.0.50,10.9.0.59")?;
    until("it is refused and another one taken", || {
        let addresses = run("ip -4 -o addr show dev device0").unwrap_or_default();
        addresses.contains("inet 10.9.0.5") && addresses.lines().count() == 1
    })?;

    wire.run("ip link set server0 down")?;
    until("it is given up with the cable", || {
        state() == Some(PortState::Unplugged)
    })?;
    ensure!(run("ip -4 -o addr show dev device0")?.is_empty());
    ensure!(run("ip -4 route")?.is_empty());
    ensure!(fs::read_to_string("/run/resolv.conf")?.is_empty());
    wire.run("ip link set server0 up")?;
    until(LAST, || state() == Some(PortState::Configured))
}

fn state() -> Option<PortState> {
    let report = NetworkReport::read().ok()?;
    Some(report.ports.first()?.state)
}
