//! `cargo xtask snap`.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use snap_format::build::{Built, Output, build, source_date_epoch};
use std::path::{Path, PathBuf};

/// Make snaps
///
/// See docs/making-snaps.md.
#[derive(Debug, Args)]
pub(crate) struct SnapCommand {
    #[command(subcommand)]
    task: SnapTask,
}

#[derive(Debug, Subcommand)]
enum SnapTask {
    Build(Build),
}

impl SnapCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            SnapTask::Build(build) => build.run(),
        }
    }
}

/// Make a snap of a directory that has a meta/snap.yaml
///
/// The same files make the same bytes, wherever that is. Everything in the snap gets the time
/// that SOURCE_DATE_EPOCH says, or 1970.
#[derive(Debug, Args)]
struct Build {
    /// The directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The snap; without it, NAME_VERSION_ARCHITECTURE.snap
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    path: &'a Path,
    length_bytes: u64,
    warnings: Vec<String>,
}

impl Build {
    fn run(self) -> Result<()> {
        let output = match &self.output {
            Some(file) => Output::File(file),
            None => Output::Directory(Path::new("")),
        };
        let built = build(&self.directory, output, source_date_epoch()?)?;
        let Built {
            path,
            length_bytes,
            warnings,
        } = built;
        if self.json {
            let warnings = warnings.iter().map(ToString::to_string).collect();
            let report = Report {
                path: &path,
                length_bytes,
                warnings,
            };
            println!("{}", serde_json::to_string(&report)?);
            return Ok(());
        }
        for warning in warnings {
            eprintln!("warning: {warning}");
        }
        println!("Generated '{}' snap", path.display());
        Ok(())
    }
}
