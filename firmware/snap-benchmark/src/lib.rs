//! What installing a snap costs beside unpacking one, and what starting a confined program
//! costs beside bubblewrap and beside nothing at all.
//!
//! `cargo xtask bench snaps` calls [`measure`]. Every way is a process, and the ways take
//! turns in one run: so their ratios mean something on a machine that does other things.
#![forbid(unsafe_code)]

mod install;
mod report;
mod runs;
mod start;

use anyhow::Result;
use std::path::{Path, PathBuf};

pub use report::{Memory, Report};
pub use runs::Way;

/// What is measured.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The program `install-snap` of this crate, optimised.
    pub install: PathBuf,
    /// The program `snap-run`, optimised.
    pub snap_run: PathBuf,
}

/// Measures both, in a directory below `scratch`.
///
/// # Errors
/// A program is missing, or does not do its work.
pub fn measure(programs: &Programs, scratch: &Path, rounds: usize) -> Result<Report> {
    std::fs::create_dir_all(scratch)?;
    let directory = tempfile::tempdir_in(scratch)?;
    Ok(Report {
        rounds,
        snap_bytes: install::SNAP_BYTES,
        install: install::measure(&programs.install, directory.path(), rounds)?,
        start: start::measure(&programs.snap_run, directory.path(), rounds)?,
        memory: None,
    })
}
