//! The least memory with which a first boot comes up, confirms itself and installs an update.
//! Called by `cargo xtask bench memory`.
//!
//! QEMU is given less and less. The firmware needs memory, too, and may need more than the
//! system: so what is told beside the least is where the next smaller machine stopped.

mod bisection;
mod probe;
mod report;

use std::path::Path;

use anyhow::{Result, ensure};
use boards::{Architecture, Board};
use image_builder::{Progress, Workspace};

use self::bisection::least;
use self::probe::Release;
use crate::bench::Bench;
use crate::command_line::Accelerator;
use crate::world::World;

pub use probe::Stage;
pub use report::{MemoryReport, section};

/// How exactly the least is found.
const STEP_MIB: u32 = 16;

/// Finds the least memory of `board`; keeps everything below `directory`.
///
/// # Errors
/// Nothing can be built, or not even the board's own memory is enough.
pub fn measure(
    workspace: &Workspace,
    board: &Board,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<MemoryReport> {
    let world = World::prepare(workspace, board.clone(), directory, progress)?;
    let bench = Bench::new(&world, "least-memory", Accelerator::Emulation)?;
    let release = Release::make(&bench)?;
    let (goal_mib, most_mib) = (goal_mib(board.architecture), board.qemu.memory_mib);
    ensure!(
        goal_mib < most_mib,
        "cannot search on {}: its machine has {most_mib} MiB, of at most {goal_mib}",
        board.id
    );
    // The goal first: most of what is above it need not be tried.
    let found = least(STEP_MIB, goal_mib, most_mib, |mib| {
        let stopped = release.try_with(&bench, mib)?;
        let told = stopped.map_or("enough".to_owned(), |stage| format!("stops at {stage}"));
        progress.step(&format!("{} with {mib} MiB: {told}", board.id));
        Ok(stopped)
    })?;
    Ok(MemoryReport {
        board: board.id.clone(),
        least_mib: found.least,
        goal_mib,
        next_mib: found.least - STEP_MIB,
        next_stops_at: found.stopped,
    })
}

/// With so many MiB a machine shall do.
pub(crate) fn goal_mib(architecture: Architecture) -> u32 {
    match architecture {
        Architecture::X86_64 => 128,
        Architecture::Aarch64 | Architecture::Armv7 | Architecture::PowerPc64 => 256,
    }
}
