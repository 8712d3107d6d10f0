//! `cargo xtask bench memory`.

use anyhow::Result;
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::least_memory::{measure, section};

use super::document::{self, Section};
use crate::{setup, workspace};

/// The boards that there are goals for.
const BOARDS: [&str; 3] = ["x86_64-uefi", "arm64-uefi", "power-pseries"];

/// Find the least memory with which a first boot comes up, confirms itself and updates itself
///
/// By halving, in steps of 16 MiB; each try is the first boot of a fresh disk.
/// Without `--board`, writes its section of docs/performance.md.
#[derive(Debug, Args)]
pub(super) struct MemoryBenchmark {
    /// Only on this board; docs/performance.md stays as it is
    #[arg(long)]
    board: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl MemoryBenchmark {
    pub(super) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let names = match &self.board {
            Some(name) => vec![name.as_str()],
            None => BOARDS.to_vec(),
        };
        let directory = checkout.target().join("bench-memory");
        let mut reports = Vec::new();
        for name in names {
            let board = checkout.read_board(name)?;
            let machine = setup::virtual_machine(&board);
            let compilers = setup::compilers(&board);
            let groups = [setup::IMAGE, &compilers, &machine, setup::CORRUPTION];
            setup::prepare(checkout.root(), &groups)?;
            reports.push(measure(&checkout, &board, &directory, &mut Printed::new())?);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reports)?);
        } else {
            reports.iter().for_each(|report| println!("{report}"));
        }
        if self.board.is_some() {
            return Ok(());
        }
        document::write(Section::Memory, &section(&reports))
    }
}
