//! `cargo xtask bench memory`.

use anyhow::Result;
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::least_memory::{MemoryReport, measure};

use crate::{setup, workspace};

/// The boards that there are goals for.
const BOARDS: [&str; 3] = ["x86_64-uefi", "arm64-uefi", "power-pseries"];

/// Find the least memory with which a first boot comes up, confirms itself and updates itself
///
/// By halving, in steps of 16 MiB; each try is the first boot of a fresh disk.
#[derive(Debug, Args)]
pub(super) struct MemoryBenchmark {
    /// Only on this board [default: x86_64-uefi, arm64-uefi and power-pseries]
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
            return Ok(());
        }
        println!("{}", MemoryReport::MARKDOWN_HEAD);
        reports.iter().for_each(|report| println!("{report}"));
        Ok(())
    }
}
