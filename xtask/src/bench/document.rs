//! docs/performance.md: what a boot costs, and behind it what snaps and updates cost.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace;

/// What the section of `bench snaps` begins with.
const SNAPS: &str = "\n## Snaps\n";
/// What the section of `bench update` begins with; it is the last one.
const UPDATES: &str = "\n## Updates\n";

/// The document in its parts, each but the first with its heading.
struct Parts {
    boots: String,
    snaps: String,
    updates: String,
}

/// Writes all but the sections of `bench snaps` and `bench update`.
pub(super) fn write_boots(boots: &str) -> Result<()> {
    let boots = boots.to_owned();
    write(&Parts { boots, ..read()? })
}

/// Writes the section of `bench snaps`, heading included.
pub(super) fn write_snaps(snaps: &str) -> Result<()> {
    let snaps = format!("\n{snaps}");
    write(&Parts { snaps, ..read()? })
}

/// Writes the section of `bench update`, heading included.
pub(super) fn write_updates(updates: &str) -> Result<()> {
    let updates = format!("\n{updates}");
    write(&Parts { updates, ..read()? })
}

fn read() -> Result<Parts> {
    let path = path();
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (text, updates) = split(&text, UPDATES);
    let (boots, snaps) = split(text, SNAPS);
    Ok(Parts {
        boots: boots.to_owned(),
        snaps: snaps.to_owned(),
        updates: updates.to_owned(),
    })
}

/// What stands before `heading`, and it with what follows.
fn split<'a>(text: &'a str, heading: &str) -> (&'a str, &'a str) {
    text.split_at(text.find(heading).unwrap_or(text.len()))
}

fn write(parts: &Parts) -> Result<()> {
    let path = path();
    let text = [&*parts.boots, &parts.snaps, &parts.updates].concat();
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn path() -> PathBuf {
    workspace::root().join("docs/performance.md")
}
