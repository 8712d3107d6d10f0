//! A release whose parts the device holds already comes from a web server.

use std::fs;

use anyhow::{Context, Result, ensure};
use image_builder::make_chunk_file;
use image_format::Slot;
use serde_json::Value;

use super::update_from_file::Newer;
use super::update_from_web::{Files, Server};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-few-bytes",
    behaviour: "`snappy update --from http://`: what the running slot holds is not fetched",
    tier: Tier::Everyday,
    run,
};

/// An envelope, an index and what changed of the manifest's neighbours: nothing.
const MOST_FETCHED_BYTES: u64 = 32 << 10;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    let server = Server::of(Files {
        release: fs::read(&newer.update)?,
        chunks: Some(make_chunk_file(&newer.update)?),
    })?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;
    let address = format!("{}/release", server.address);
    let output = guest.run(&format!("snappy update --from {address} --json"))?;
    let line = output.lines().find(|line| line.starts_with('{'));
    let told: Value = serde_json::from_str(line.context("it says nothing")?)?;
    let fetched = told["fetched_bytes"].as_u64().context("no bytes fetched")?;
    ensure!(
        fetched <= MOST_FETCHED_BYTES,
        "it fetched {fetched} bytes of what it holds: {told}"
    );
    newer.keep(guest, &disk)
}
