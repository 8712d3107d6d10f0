//! `cargo xtask`: every task of this repository, for people and for CI alike.
//!
//! Parses flags and calls libraries; one module per command.

mod bench;
mod boards;
mod check;
mod corrupt;
mod faults;
mod flash;
mod fuzz;
mod host_tests;
mod image;
mod image_files;
mod keys;
mod patch;
mod publish;
mod qemu;
mod qemu_test;
mod replay;
mod serve;
mod setup;
mod setup_command;
mod sim;
mod snap;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The tasks of this repository
///
/// A newcomer types `cargo xtask qemu` and has a running device in a few minutes.
/// `cargo xtask help COMMAND` explains a command.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Qemu(qemu::QemuCommand),
    QemuTest(qemu_test::QemuTestCommand),
    Image(Box<image::ImageCommand>),
    Bench(bench::BenchCommand),
    Boards(boards::BoardsCommand),
    Check(check::CheckCommand),
    Corrupt(corrupt::CorruptCommand),
    Faults(faults::FaultsCommand),
    Flash(flash::FlashCommand),
    Fuzz(fuzz::FuzzCommand),
    Keys(keys::KeysCommand),
    Patch(patch::PatchCommand),
    Publish(publish::PublishCommand),
    Replay(replay::ReplayCommand),
    Serve(serve::ServeCommand),
    Setup(setup_command::SetupCommand),
    Sim(sim::SimCommand),
    Snap(snap::SnapCommand),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Task::Qemu(command) => command.run(),
        Task::QemuTest(command) => command.run(),
        Task::Image(command) => command.run(),
        Task::Bench(command) => command.run(),
        Task::Boards(command) => command.run(),
        Task::Check(command) => command.run(),
        Task::Corrupt(command) => command.run(),
        Task::Faults(command) => command.run(),
        Task::Flash(command) => command.run(),
        Task::Fuzz(command) => command.run(),
        Task::Keys(command) => command.run(),
        Task::Patch(command) => command.run(),
        Task::Publish(command) => command.run(),
        Task::Replay(command) => command.run(),
        Task::Serve(command) => command.run(),
        Task::Setup(command) => command.run(),
        Task::Sim(command) => command.run(),
        Task::Snap(command) => command.run(),
    }
}
