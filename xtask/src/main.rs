//! `cargo xtask`: every task of this repository, for people and for CI alike.
//!
//! Parses flags and calls libraries; one module per command.

mod setup;
mod setup_command;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The tasks of this repository. A newcomer types `cargo xtask qemu`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Setup(setup_command::SetupCommand),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Task::Setup(command) => command.run(),
    }
}
