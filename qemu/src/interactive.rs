//! A machine for a person: its console is this terminal.
//!
//! Called by `cargo xtask qemu`. Ctrl-A X leaves, Ctrl-A C switches to QEMU's monitor.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command_line::MachineDescription;

/// Runs the machine until it switches itself off or the person leaves.
///
/// # Errors
/// QEMU cannot be started, or fails.
pub fn run(description: &MachineDescription<'_>) -> Result<()> {
    let program = &description.board.qemu.binary;
    let status = Command::new(program)
        .args(description.arguments()?)
        .args(["-chardev", "stdio,id=console,mux=on,signal=off"])
        .args(["-serial", "chardev:console", "-mon", "chardev=console"])
        .status()
        .with_context(|| format!("cannot start {program}; try `cargo xtask setup`"))?;
    if !status.success() {
        bail!("QEMU ended with {status}");
    }
    Ok(())
}
