//! `cargo xtask bench first-boot`.

use anyhow::Result;
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::first_boot::{Sizes, measure};

use super::document::{self, Section};
use crate::{setup, workspace};

/// Measure how long a fresh disk takes from power-on to the first login by SSH, beside Debian
///
/// Debian's, with systemd, cloud-init and openssh-server, is built from packages by mmdebstrap
/// and kept in target/bench-first-boot. Both start in the same emulated machine, in turns.
/// Seconds of a machine that does something else as well mean less; the ratio still counts.
/// Writes its section of docs/performance.md.
#[derive(Debug, Args)]
pub(super) struct FirstBootBenchmark {
    /// How often each system is started
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// Compress a fresh disk of each, too: some minutes
    #[arg(long)]
    sizes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl FirstBootBenchmark {
    pub(super) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(workspace::DEFAULT_BOARD)?;
        let machine = setup::virtual_machine(&board);
        let compilers = setup::compilers(&board);
        let groups = [
            setup::IMAGE,
            &compilers,
            setup::FLASH,
            &machine,
            setup::CORRUPTION,
            setup::FIRST_BOOT,
        ];
        setup::prepare(checkout.root(), &groups)?;
        let sizes = match self.sizes {
            true => Sizes::Measured,
            false => Sizes::LeftOut,
        };
        let (runs, progress) = (self.runs.into(), &mut Printed::new());
        let report = measure(&checkout, &board, runs, sizes, progress)?;
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        document::write(Section::FirstBoots, &report.markdown())
    }
}
