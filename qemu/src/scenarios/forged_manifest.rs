//! A manifest that somebody changed and gave a matching checksum.

use anyhow::{Context, Result};
use image_format::refusal::{Refusal, SignatureError};
use image_format::{Kind, Slot, parse_envelope};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "forged-manifest",
    behaviour: "another manifest under the old signatures: boots the other slot",
    tier: Tier::Everyday,
    run,
};

/// The words that somebody would like the kernel to get.
const EVIL_WORDS: &str = " init=/bin/sh";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let area = disk.read_envelope(Slot::A)?;
    let envelope = parse_envelope(&area)?;
    let mut manifest: image_format::Manifest<'_> = envelope.manifest.decode()?;
    let words = format!("{}{EVIL_WORDS}", manifest.command_line);
    manifest.command_line = &words;
    let mut forged = vec![0; area.len()];
    let forged = image_format::frame::encode_value(Kind::Manifest, &manifest, &mut forged)
        .context("cannot encode the forged manifest")?;
    let mut evil = [
        envelope.delegation.bytes,
        envelope.delegation_signatures.bytes,
        forged,
        envelope.manifest_signatures.bytes,
    ]
    .concat();
    evil.resize(area.len(), 0);
    disk.write_envelope(Slot::A, &evil)?;

    let refusal = Refusal::Untrusted {
        record: Kind::Manifest,
        error: SignatureError::Invalid,
    };
    let told = json!({"check": "untrusted", "record": "manifest"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
