//! A device gets its address from the network, and packets pass.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use image_format::{Event, Slot};
use serde_json::{Value, json};

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "network-dhcp",
    behaviour: "a wired port gets an address, a route and name servers, and reaches a web server",
    tier: Tier::Everyday,
    run,
};

/// A guest that does not ask must not keep the scenario.
const PATIENCE: Duration = Duration::from_secs(300);

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;

    // What QEMU's network has: its manual, "Using the user mode network stack".
    let told: Value = serde_json::from_str(&guest.run("snappy network --json")?)?;
    let port = &told["ports"][0];
    let lease = &port["lease"];
    let expected = json!({
        "address": "10.0.2.15",
        "prefix_length": 24,
        "router": "10.0.2.2",
        "name_servers": ["10.0.2.3"],
        "domain": null,
        "server": "10.0.2.2",
        "until_uptime_secs": lease["until_uptime_secs"],
    });
    ensure!(*lease == expected, "the port got {lease}");
    let left = |field: &Value| field.as_u64().context("there is no such number");
    let left = left(&lease["until_uptime_secs"])?.saturating_sub(left(&told["uptime_secs"])?);
    ensure!(
        (86_000..=86_400).contains(&left),
        "a lease of a day lasts {left} s"
    );

    // What other programs find.
    let name = port["name"].as_str().context("the port has no name")?;
    let address = guest.run(&format!("ip -4 -o addr show dev {name}"))?;
    ensure!(
        address.contains("inet 10.0.2.15/24 brd 10.0.2.255"),
        "{address}"
    );
    let route = guest.run("ip route")?;
    ensure!(
        route.contains(&format!("default via 10.0.2.2 dev {name}")),
        "{route}"
    );
    let resolver = guest.run("cat /etc/resolv.conf")?;
    ensure!(resolver == "nameserver 10.0.2.3", "{resolver}");

    let (port, words) = serve_once()?;
    let fetched = guest.run(&format!("wget -q -O - http://{HOST_ADDRESS}:{port}/"))?;
    ensure!(fetched == words, "the guest fetched {fetched:?}");

    // One that died comes back, asks for the same address and keeps it.
    guest.run("kill -9 $(pidof network)")?;
    guest.run("until snappy service network | grep -q 'running *2'; do sleep 1; done")?;
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;
    let addresses = guest.run(&format!("ip -4 -o addr show dev {name}"))?;
    ensure!(addresses.lines().count() == 1, "{addresses}");
    guest
        .run("until grep -q '\"inet\"' /writable/system/network-baseline.json; do sleep 1; done")?;

    let proof = guest.prove(bench.expected(Slot::A)?)?;
    guest.power_off()?;
    let confirmed = Cause::new(json!({"kind": "confirmed", "slot": "system-a"}), |event| {
        matches!(event, Event::Confirmed { slot: Slot::A, .. })
    });
    Evidence::of_guest(&proof, &disk, &confirmed)
}

/// A web server for one question, on a port of the loopback; what it answers.
fn serve_once() -> Result<(u16, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
    let port = listener.local_addr()?.port();
    let words = format!("packets pass through port {port}");
    let answer = format!(
        "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{words}",
        words.len()
    );
    // It ends with its one guest, or with the scenario.
    thread::spawn(move || {
        let (mut guest, _) = listener.accept()?;
        guest.set_read_timeout(Some(PATIENCE))?;
        let mut question = [0; 1024];
        let _ = guest.read(&mut question)?;
        guest.write_all(answer.as_bytes())
    });
    Ok((port, words))
}
