//! `cargo xtask snap`.

mod examples;

use anyhow::Result;
use clap::{Args, Subcommand};
use examples::Examples;
use serde::Serialize;
use snap_format::build::{Built, Output, build, source_date_epoch};
use std::path::{Path, PathBuf};

/// Make snaps
///
/// Without a command: all example snaps, as `snap examples` does. See docs/making-snaps.md.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SnapCommand {
    #[command(subcommand)]
    task: Option<SnapTask>,
    #[command(flatten)]
    examples: Examples,
}

#[derive(Debug, Subcommand)]
enum SnapTask {
    Build(Build),
    Examples(Examples),
}

impl SnapCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            Some(SnapTask::Build(build)) => build.run(),
            Some(SnapTask::Examples(examples)) => examples.run(),
            None => self.examples.run(),
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

impl<'a> Report<'a> {
    fn of(built: &'a Built) -> Self {
        Self {
            path: &built.path,
            length_bytes: built.length_bytes,
            warnings: built.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Build {
    fn run(self) -> Result<()> {
        let output = match &self.output {
            Some(file) => Output::File(file),
            None => Output::Directory(Path::new("")),
        };
        let built = build(&self.directory, output, source_date_epoch()?)?;
        if self.json {
            println!("{}", serde_json::to_string(&Report::of(&built))?);
            return Ok(());
        }
        for warning in &built.warnings {
            eprintln!("warning: {warning}");
        }
        println!("Generated '{}' snap", built.path.display());
        Ok(())
    }
}
