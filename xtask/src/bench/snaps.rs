//! `cargo xtask bench snaps`.

use anyhow::Result;
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::benchmark;
use snap_benchmark::{Memory, Programs, measure};

use super::build;
use super::document::{self, Section};
use crate::{setup, workspace};

/// Measure what snaps cost: an install, a confined start, and what waits in memory
///
/// Installs a snap of 4 MiB beside unsquashfs and sha256sum, and starts a program confined
/// beside bubblewrap and beside nothing; takes root for that. Then boots a device and reads
/// what PID 1 and the daemon keep in memory. Writes its section of docs/performance.md.
#[derive(Debug, Args)]
pub(super) struct SnapsBenchmark {
    /// How often each way is gone
    #[arg(long, default_value_t = 51, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Boot no device, and say nothing of memory
    #[arg(long)]
    without_device: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl SnapsBenchmark {
    pub(super) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(workspace::DEFAULT_BOARD)?;
        setup::prepare_packages(workspace::root(), &[setup::SNAP_BENCHMARK])?;
        let package = ["--package", "snap-benchmark"];
        let programs = Programs {
            install: build(&checkout, &package, "install-snap")?,
            snap_run: build(&checkout, &["--package", "snap-services"], "snap-run")?,
        };
        let scratch = checkout.target().join("bench-snaps");
        let mut report = measure(&programs, &scratch, self.rounds.into())?;
        if !self.without_device {
            super::prepare(std::slice::from_ref(&board))?;
            report.memory = Some(Memory {
                board: board.id.clone(),
                programs: benchmark::idle_memory(&checkout, board, &scratch, &mut Printed::new())?,
            });
        }
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        document::write(Section::Snaps, &report.to_string())
    }
}
