//! A newer release comes from a web server, over a line that keeps breaking.

use std::fs;

use anyhow::{Result, ensure};
use image_format::Slot;

use super::update_from_file::Newer;
use super::web_server::{Files, PIECE_BYTES, Server};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-from-web",
    behaviour: "`snappy update --from http://`: connections break, and no byte comes twice",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    let server = Server::of(Files {
        release: fs::read(&newer.update)?,
        chunks: None,
    })?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.expect_address()?;
    guest.require_refused(
        &format!("snappy update --from {}/other", server.address),
        "the server has no such file (404)",
    )?;
    let evidence = newer.install(guest, &disk, &format!("{}/release", server.address))?;

    // The envelope; then, for the server has no chunk file, all from the front. Each
    // connection was asked for the byte behind the last one that came.
    let begins: Vec<_> = server.sent()?.iter().map(|sent| sent.bytes.start).collect();
    let pieces = (0..server.length_bytes).step_by(PIECE_BYTES);
    let expected: Vec<_> = [0].into_iter().chain(pieces).collect();
    ensure!(
        begins == expected,
        "of {} bytes, it asked for what begins at {begins:?}",
        server.length_bytes
    );
    Ok(evidence)
}
