//! A store that answers nobody during a trial, and then again.

use std::fs;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use image_format::{Slot, Verdict};

use super::maker::{Maker, of_version};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::guest::Guest;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "store-lost",
    behaviour: "a store that is down during a trial: falls back, blames nobody, and tries again",
    tier: Tier::Full,
    run,
};

/// Of a release that was never confirmed.
const ATTEMPTS: usize = 3;
const BASELINE: &str =
    "until grep -qi 'store.*\"reached' /writable/system/network-baseline.json; do sleep 1; done";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let mut maker = Maker::new(bench)?;
    let system = bench.world().trusting(maker.trust()?)?;
    let disk = bench.disk()?;
    bench.install(&disk, Slot::A, &of_version(&system, 1))?;
    let manifest = maker.publish(&of_version(&system, 2), None)?;
    let line = Line::to(maker.serve()?.port())?;
    let settings = bench.directory().join("updates.toml");
    let (port, text) = (
        line.port,
        "autopilot = \"off\"\npoll-interval-secs = 86400\n",
    );
    fs::write(
        &settings,
        format!("store = [\"http://{HOST_ADDRESS}:{port}\"]\n{text}"),
    )?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings, "/system/updates.toml")?;

    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    update(&mut guest)?;
    guest.run(BASELINE)?;
    line.cut();
    guest.reboot()?;
    for _ in 0..ATTEMPTS {
        guest.expect_up(Slot::B)?;
        guest.expect("twinkeel: error: check network: the store has not answered")?;
    }
    guest.expect_up(Slot::A)?;
    guest.expect("says nothing about the release: ")?;
    ensure!(disk.failed_releases()?.is_empty(), "a release is blamed");

    line.mend();
    update(&mut guest)?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let source = Slot::B.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;
    let judged = Cause::judged(Slot::B, Verdict::Inconclusive, "it lost the network");
    Evidence::of_guest(&proof, &disk, &judged)
}

fn update(guest: &mut Guest) -> Result<()> {
    guest.expect_address()?;
    let output = guest.run("snappy update")?;
    ensure!(output.contains(" -> edge 2 "), "it says {output}");
    Ok(())
}

/// Leads to a server of the loopback, unless it is cut.
struct Line {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Line {
    fn to(server: u16) -> Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on the loopback")?;
        let port = listener.local_addr()?.port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_cut);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !told.load(Ordering::SeqCst) {
                    // Who cannot be led to the server is hung up on.
                    let _ = lead(client, server);
                }
            }
        });
        Ok(Self { port, is_cut })
    }

    /// Hangs up on whoever calls from now on.
    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn lead(client: TcpStream, server: u16) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server))?;
    let ways = [(client.try_clone()?, server.try_clone()?), (server, client)];
    for (mut from, mut to) in ways {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
