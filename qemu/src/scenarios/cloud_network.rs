//! Words in the serial number lead to a web server, and addresses from there that lead nowhere
//! give way to those that worked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive, HOST_ADDRESS};
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "cloud-network",
    behaviour: "a seed comes over HTTP; wrong addresses in it are tried and rolled back",
    tier: Tier::Everyday,
    run,
};

/// A guest that does not ask must not keep the scenario.
const PATIENCE: Duration = Duration::from_secs(300);
/// A guest's prompt is known by how it ends.
const HOST_NAME: &str = "web-twinkeel";
/// Nobody has it: RFC 5737.
const WRONG: &str = "version: 2
ethernets:
  all: {match: {name: 'e*'}, addresses: [192.0.2.9/24], gateway4: 192.0.2.1}
";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let port = serve()?;
    let seed = format!("serial=ds=nocloud;s=http://{HOST_ADDRESS}:{port}/seed/;i=i-1");
    let drive = Drive::of_board(bench.world().board(), disk.image(), Boot::First);
    let mut guest = bench.start_in_machine(&seed, vec![drive])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let name = guest.run("hostname")?;
    ensure!(name.trim() == HOST_NAME, "it is called {name:?}");

    let refused = "/writable/system/network-refused.json";
    guest.run("until grep -q 192.0.2.9/24 /var/log/services/network.log; do sleep 1; done")?;
    guest.run(&format!("until [ -e {refused} ]; do sleep 1; done"))?;
    let addresses = guest.run("ip -4 -o addr")?;
    ensure!(
        addresses.contains("inet 10.0.2.15/24") && !addresses.contains("192.0.2.9"),
        "{addresses}"
    );
    let fetched = guest.run(&format!(
        "wget -q -O - http://{HOST_ADDRESS}:{port}/seed/meta-data"
    ))?;
    ensure!(fetched.contains("local-hostname"), "it fetched {fetched:?}");
    let why = guest.run("snappy why")?;
    ensure!(
        why.contains("error: network-config: under it nobody answered"),
        "{why}"
    );
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

/// A web server with a seed, on a port of the loopback. It ends with the scenarios.
fn serve() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot serve on the loopback")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for guest in listener.incoming().flatten() {
            // One that hangs up has its reasons.
            let _ = answer(guest);
        }
    });
    Ok(port)
}

fn answer(mut guest: TcpStream) -> std::io::Result<()> {
    guest.set_read_timeout(Some(PATIENCE))?;
    let mut question = [0; 2048];
    let length = guest.read(&mut question)?;
    let question = String::from_utf8_lossy(&question[..length]).into_owned();
    let user_data = format!("#cloud-config\nhostname: {HOST_NAME}\n");
    let page = match question.split(' ').nth(1) {
        Some("/seed/user-data") => user_data.as_str(),
        Some("/seed/meta-data") => "instance-id: of-web\nlocal-hostname: other\n",
        Some("/seed/network-config") => WRONG,
        _ => return guest.write_all(b"HTTP/1.0 404 None\r\nContent-Length: 0\r\n\r\n"),
    };
    let length = page.len();
    write!(
        guest,
        "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{page}"
    )
}
