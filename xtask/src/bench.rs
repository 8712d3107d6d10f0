//! `cargo xtask bench`.

mod document;
mod first_boot;
mod memory;
mod snaps;
mod store;
mod update;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use boards::Board;
use clap::{Args, Subcommand};
use image_builder::{Printed, Workspace};
use qemu::benchmark::{self, AloneReport, BootReport};
use serde::Serialize;

use self::document::Section;
use crate::{setup, workspace};

/// Measure
#[derive(Debug, Args)]
pub(crate) struct BenchCommand {
    #[command(subcommand)]
    what: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    Boot(BootBenchmark),
    Snaps(snaps::SnapsBenchmark),
    FirstBoot(first_boot::FirstBootBenchmark),
    Memory(memory::MemoryBenchmark),
    Store(store::StoreBenchmark),
    Update(update::UpdateBenchmark),
}

/// Measure what a boot costs, beside systemd-boot and QEMU's direct load
///
/// Counts the instructions that the guest executes from the loader's first to the kernel's
/// first, under real firmware, with the same kernel and the same initrd. Without `--board`,
/// measures on all boards and writes docs/performance.md. Where there is no other way to
/// compare with, our loader is measured alone.
#[derive(Debug, Args)]
struct BootBenchmark {
    /// Only on this board; docs/performance.md stays as it is
    #[arg(long)]
    board: Option<String>,
    /// How often each way is gone
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl BenchCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            Benchmark::Boot(boot) => boot.run(),
            Benchmark::Snaps(snaps) => snaps.run(),
            Benchmark::FirstBoot(first_boot) => first_boot.run(),
            Benchmark::Memory(memory) => memory.run(),
            Benchmark::Store(store) => store.run(),
            Benchmark::Update(update) => update.run(),
        }
    }
}

impl BootBenchmark {
    fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let boards = match &self.board {
            Some(id) => vec![checkout.read_board(id)?],
            None => checkout.read_boards()?,
        };
        prepare(&boards)?;
        let mut reports = Reports::default();
        for board in &boards {
            self.measure(&checkout, board, &mut reports)
                .with_context(|| format!("cannot measure a boot on {}", board.id))?;
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reports)?);
        }
        if self.board.is_none() {
            let text = benchmark::document(&reports.compared, &reports.alone);
            document::write(Section::Boots, &text)?;
        }
        Ok(())
    }

    fn measure(&self, checkout: &Workspace, board: &Board, reports: &mut Reports) -> Result<()> {
        let (runs, progress) = (self.runs.into(), &mut Printed::new());
        let text = if benchmark::has_other_ways(board) {
            let report = benchmark::measure(checkout, board, runs, progress)?;
            reports.compared.push(report.clone());
            report.to_string()
        } else {
            let report = benchmark::measure_alone(checkout, board, runs, progress)?;
            reports.alone.push(report.clone());
            report.to_string()
        };
        if !self.json {
            println!("{}\n{text}", board.id);
        }
        Ok(())
    }
}

/// What was measured.
#[derive(Debug, Default, Serialize)]
struct Reports {
    /// Beside the other ways to boot.
    compared: Vec<BootReport>,
    /// Where there is no other way.
    alone: Vec<AloneReport>,
}

fn prepare(boards: &[Board]) -> Result<()> {
    let machines: Vec<_> = boards.iter().flat_map(setup::virtual_machine).collect();
    let tools = [setup::IMAGE, &machines, setup::CORRUPTION];
    setup::prepare(workspace::root(), &tools)
}

/// Builds an optimised program.
fn build(checkout: &Workspace, arguments: &[&str], program: &str) -> Result<PathBuf> {
    let target = checkout.target().join("bench-programs");
    eprintln!("bench: building {program}");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(checkout.root())
        .args(["build", "--quiet", "--release", "--bin", program])
        .args(arguments)
        .arg("--target-dir")
        .arg(&target)
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    ensure!(
        status.success(),
        "cannot build {program}: cargo says why above"
    );
    Ok(target.join(Path::new("release")).join(program))
}
