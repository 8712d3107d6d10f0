//! The plug is pulled while a release comes from a web server that has it in chunks.

use std::fs;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use image_builder::make_chunk_file;
use image_format::disk::Role;
use image_format::{Slot, SlotStatus};
use serde_json::Value;

use super::update_from_file::Newer;
use super::web_server::{Files, Sent, Server};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::initrd::Addition;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-interrupted",
    behaviour: "the plug pulled while a release is fetched: the next `snappy update` goes on there",
    tier: Tier::Everyday,
    run,
};

/// What is new in the release; the rest of it is in the slot that runs.
const NEW_BYTES: usize = 16 << 20;
/// An envelope and the index of the chunks.
const MOST_BESIDE_BYTES: usize = 512 << 10;
/// The index of what is missing still: 20 bytes for each chunk of some 2 KiB. The chunks
/// themselves are in the slot before more of them are asked for.
const MOST_TWICE_BYTES: usize = 128 << 10;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    // What is found there later, the first attempt brought.
    let (begin, length) = (
        disk.offset_of(Role::SystemB)?,
        disk.length_of(Role::SystemB)?,
    );
    disk.write_at(begin, &vec![0; usize::try_from(length)?])?;
    let noise = Addition::Noise {
        path: "noise",
        bytes: NEW_BYTES,
    };
    let newer = Newer::of(bench, &bench.with_initrd_addition(&noise)?, &disk)?;
    let server = Server::of(Files {
        release: fs::read(&newer.update)?,
        chunks: Some(make_chunk_file(&newer.update)?),
    })?;
    let address = format!("{}/release", server.address);

    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.expect_address()?;
    let stopped = server.stop_after(NEW_BYTES / 2)?;
    guest.run(&format!(
        "(snappy update --from {address} > /dev/null 2>&1 &)"
    ))?;
    stopped.wait()?;
    guest.pull_the_plug()?;
    let first = server.sent()?;
    let state = disk.read_state()?;
    ensure!(
        state.slot(Slot::B).status == SlotStatus::Empty,
        "the boot state is {state:?}"
    );

    server.go_on()?;
    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_address()?;
    let output = guest.run(&format!("snappy update --from {address} --json"))?;
    let line = output.lines().find(|line| line.starts_with('{'));
    let told: Value = serde_json::from_str(line.context("it says nothing")?)?;
    let all = server.sent()?;
    let second = &all[first.len()..];
    ensure!(
        told["fetched_bytes"].as_u64() == Some(bytes_of(second) as u64),
        "of {second:?} it says {told}"
    );
    ensure!(
        bytes_twice(&first, second) <= MOST_TWICE_BYTES,
        "{} bytes came twice: first {first:?}, then {second:?}",
        bytes_twice(&first, second)
    );
    ensure!(
        bytes_of(&all) <= NEW_BYTES + MOST_TWICE_BYTES + MOST_BESIDE_BYTES,
        "of {NEW_BYTES} new bytes, {} came: {all:?}",
        bytes_of(&all)
    );
    newer.keep(guest, &disk)
}

fn bytes_of(sent: &[Sent]) -> usize {
    sent.iter().map(|sent| sent.bytes.len()).sum()
}

/// How much of `second` is in `first`.
fn bytes_twice(first: &[Sent], second: &[Sent]) -> usize {
    let pairs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| one.path == other.path)
        .map(|(one, other)| shared(&one.bytes, &other.bytes).len())
        .sum()
}

fn shared(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.max(other.start)..one.end.min(other.end)
}
