//! docs/performance.md: what a boot costs, and behind it what an update costs.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace;

/// What the section of `bench update` begins with.
const UPDATES: &str = "\n## Updates\n";

/// Writes all but the section of `bench update`.
pub(super) fn write_boots(boots: &str) -> Result<()> {
    let (_, updates) = read()?;
    write(&format!("{boots}{updates}"))
}

/// Writes the section of `bench update`, heading included.
pub(super) fn write_updates(updates: &str) -> Result<()> {
    let (boots, _) = read()?;
    write(&format!("{boots}\n{updates}"))
}

/// What stands before the section of `bench update`, and the section.
fn read() -> Result<(String, String)> {
    let path = path();
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let at = text.find(UPDATES).unwrap_or(text.len());
    let (boots, updates) = text.split_at(at);
    Ok((boots.to_owned(), updates.to_owned()))
}

fn write(text: &str) -> Result<()> {
    let path = path();
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn path() -> PathBuf {
    workspace::root().join("docs/performance.md")
}
