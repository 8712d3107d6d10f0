//! What an update costs on the wire and on a device.
//!
//! `cargo xtask bench update` calls [`measure`]. Two pairs of systems are built from Debian's
//! archive as it is today (`pairs`), and packed into update files as any image. The lower
//! bound of a pair is what the best of three tools needs for each file that changed
//! (`bound`). Patches are made and applied by a process of its own, which says what memory
//! and processor time it took (`apply`); other tools do the same with the same files
//! (`others`).
#![forbid(unsafe_code)]

mod apply;
mod bound;
mod chunks;
mod others;
mod pairs;
mod report;
mod tools;

use anyhow::{Context, Result};
use image_builder::Workspace;
use std::fs::{self, File};
use std::path::PathBuf;

pub use apply::{Applied, Source, apply};
pub use bound::Bound;
pub use report::{PairReport, Report, Row};

/// What is needed beside the pairs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The program `apply-release` of this crate, optimised.
    pub apply: PathBuf,
    /// The unpacked packages with `zstd`, `bsdiff` and `xdelta3`.
    pub tools: Vec<PathBuf>,
}

/// Builds the pairs and measures.
///
/// # Errors
/// The archive is out of reach, the disk full, or a tool does not do its work.
pub fn measure(workspace: &Workspace, programs: &Programs, rounds: usize) -> Result<Report> {
    let directory = workspace.target().join("bench-update");
    fs::create_dir_all(&directory)?;
    let systems = pairs::build(&directory)?;
    let tools = tools::Tools::find(&programs.tools)?;
    let mut reports = Vec::new();
    for pair in &systems.pairs() {
        eprintln!("bench: {}: patches", pair.name);
        let patch = directory.join(format!("{}.patch", pair.name));
        let mut out = File::create(&patch)?;
        let made = image_delta::make::make_patch(&pair.old.update, &pair.new.update, &mut out)
            .context("cannot make the patch")?;
        let runs = apply::runs(programs, pair, &patch, rounds)?;
        let ours = Row::ours(made.patch_bytes, &runs);
        eprintln!("bench: {}: {ours:?}", pair.name);
        let mut rows = vec![ours, chunks::measure(pair, &programs.apply)?];
        rows.extend(others::measure(pair, &tools, &programs.apply)?);
        eprintln!("bench: {}: the lower bound", pair.name);
        let bound = bound::measure(pair, &tools)?;
        reports.push(PairReport {
            name: pair.name.to_owned(),
            about: pair.about.clone(),
            update_bytes: fs::metadata(&pair.new.update)?.len(),
            bound,
            rows,
        });
    }
    systems.remove()?;
    Ok(Report { pairs: reports })
}
