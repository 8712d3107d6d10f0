//! A device gets its address and the time from the network, and packets pass.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use image_format::{Event, Slot};
use serde_json::{Value, json};

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "network-dhcp",
    behaviour: "a wired port gets its address, a route and name servers; packets pass, and the clock is set",
    tier: Tier::Everyday,
    run,
};

/// A guest that does not ask must not keep the scenario.
const PATIENCE: Duration = Duration::from_secs(300);
/// The build of the system, in 2017.
const BUILT_SECS: u64 = 1_500_000_000;
/// How far ahead our time server is: nothing else is.
const FAST_SECS: u64 = 7200;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let system = bench.world().system();
    let built = system.with_manifest(|manifest| manifest.build_time_secs = BUILT_SECS);
    let manifest = bench.install(&disk, Slot::A, &built)?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.expect_address()?;

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

    // One that died comes back, asks for the same address and keeps it. It finds a time
    // server, which first says what cannot be.
    let port = serve_time()?;
    let server = format!("{HOST_ADDRESS}:{port}");
    guest.run(&format!("echo {server} > /writable/system/time-servers"))?;
    guest.run("kill -9 $(pidof network)")?;
    let log = "/var/log/services/network.log";
    let twice = format!("[ $(grep -c '10.0.2.15/24 from' {log}) = 2 ]");
    guest.run(&format!("until {twice}; do sleep 1; done"))?;
    let addresses = guest.run(&format!("ip -4 -o addr show dev {name}"))?;
    ensure!(addresses.lines().count() == 1, "{addresses}");
    guest.run(&format!(
        "until grep -q {server} /run/twinkeel/clock.json; do sleep 1; done"
    ))?;
    let log = guest.run(&format!("cat {log}"))?;
    ensure!(
        log.contains(": its time is before this system was built"),
        "{log}"
    );
    let clock: u64 = guest.run("date +%s")?.parse()?;
    let fast = clock.saturating_sub(now_secs()?);
    ensure!(fast.abs_diff(FAST_SECS) < 60, "the clock is {fast} s ahead");
    guest
        .run("until grep -q '\"inet\"' /writable/system/network-baseline.json; do sleep 1; done")?;

    let proof = guest.prove(Expected {
        source: Slot::A.into(),
        manifest,
    })?;
    guest.power_off()?;
    let confirmed = Cause::new(json!({"kind": "confirmed", "slot": "system-a"}), |event| {
        matches!(event, Event::Confirmed { slot: Slot::A, .. })
    });
    Evidence::of_guest(&proof, &disk, &confirmed)
}

fn now_secs() -> Result<u64> {
    Ok(SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)?
        .as_secs())
}

/// A time server, on a port of the loopback. Its first answer lies in 2001, its others are
/// ahead by [`FAST_SECS`]. RFC 4330, section 4, has the message.
fn serve_time() -> Result<u16> {
    const SECS_FROM_1900: u64 = 2_208_988_800;
    let socket = UdpSocket::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
    let port = socket.local_addr()?.port();
    socket.set_read_timeout(Some(PATIENCE))?;
    thread::spawn(move || -> Result<()> {
        let mut secs = 1_000_000_000;
        loop {
            let mut message = [0; 48];
            let (_, guest) = socket.recv_from(&mut message)?;
            message.copy_within(40.., 24);
            message[..2].copy_from_slice(&[0x24, 1]);
            let stamp = (secs + SECS_FROM_1900) << 32;
            message[32..40].copy_from_slice(&stamp.to_be_bytes());
            message[40..].copy_from_slice(&stamp.to_be_bytes());
            socket.send_to(&message, guest)?;
            secs = now_secs()? + FAST_SECS;
        }
    });
    Ok(port)
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
