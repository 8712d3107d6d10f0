//! `cargo xtask bench update`.

use anyhow::Result;
use boards::Architecture;
use clap::Args;
use image_builder::{Printed, Workspace, fetch_package};
use update_benchmark::{Programs, measure};

use super::build;
use super::document::{self, Section};
use crate::{setup, workspace};

/// Measure what an update costs: bytes on the wire, memory, processor time
///
/// Builds two pairs of systems from Debian's archive, with about 300 MB in each, and compares
/// published patches with a lower bound and with other tools over the same files. Takes some
/// twenty minutes, most of them for the bound, and 3 GB in target/bench-update while it
/// runs. Writes its section of docs/performance.md.
#[derive(Debug, Args)]
pub(super) struct UpdateBenchmark {
    /// How often each release is applied
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl UpdateBenchmark {
    pub(super) fn run(self) -> Result<()> {
        setup::prepare(workspace::root(), &[setup::IMAGE])?;
        let checkout = Workspace::at(workspace::root());
        let mut progress = Printed::new();
        let tools = ["zstd", "bsdiff", "xdelta3"]
            .into_iter()
            .map(|name| fetch_package(&checkout, Architecture::X86_64, name, &mut progress));
        let programs = Programs {
            tools: tools.collect::<Result<_>>()?,
            apply: build(
                &checkout,
                &["--package", "update-benchmark"],
                "apply-release",
            )?,
        };
        let report = measure(&checkout, &programs, self.rounds.into())?;
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        document::write(Section::Updates, &report.to_string())
    }
}
