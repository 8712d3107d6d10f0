//! `cargo xtask sim`: the simulator of power cuts, built with optimisation and run.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::workspace;

/// Cut the power at every write of a boot and of what the system does, in memory
///
/// Plays each sequence over a disk that loses its cache, boots what is left until it is at
/// rest, and holds it against what the device promises. The last line counts the states
/// and the violations; with one violation or more, the command fails.
#[derive(Debug, Args)]
pub(crate) struct SimCommand {
    /// On all disks, with all subsets of writes: some hours
    #[arg(long)]
    full: bool,
    /// No second cuts: some seconds
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// End with the first violation
    #[arg(long)]
    until_violation: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only sequences whose names begin so
    #[arg(long)]
    sequence: Option<String>,
    /// Follow this cut of a sequence, as a violation names it, and tell every boot
    #[arg(long, requires = "sequence")]
    cut: Option<String>,
}

impl SimCommand {
    /// Builds and runs it; its exit code is ours.
    pub(crate) fn run(self) -> Result<()> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "run",
                "--quiet",
                "--profile",
                "simulator",
                "--package",
                "boot-sim",
                "--",
            ])
            .args(self.flags())
            .current_dir(workspace::root())
            .status()
            .context("cannot start cargo")?;
        std::process::exit(status.code().unwrap_or(1));
    }

    fn flags(self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        flags.extend(self.quick.then(|| "--quick".into()));
        flags.extend(self.full.then(|| "--full".into()));
        flags.extend(self.until_violation.then(|| "--until-violation".into()));
        flags.extend(self.json.then(|| "--json".into()));
        for (name, value) in [("--sequence", self.sequence), ("--cut", self.cut)] {
            if let Some(value) = value {
                flags.extend([name.into(), value.into()]);
            }
        }
        flags
    }
}
