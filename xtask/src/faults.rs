//! `cargo xtask faults`: what bad servers, bad disks and sudden ends do to a device.

use anyhow::{Context, Result};
use boards::{Architecture, Board};
use clap::{Args, Subcommand};
use image_builder::{Workspace, build_device_program};
use update_faults::{Account, Effort, Program, Programs};

use crate::{setup, workspace};

/// Let an update meet bad servers, be killed, and fail at its system calls
#[derive(Debug, Args)]
pub(crate) struct FaultsCommand {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, Subcommand)]
enum Of {
    Update(UpdateFaults),
}

/// Play bad servers to an update, and kill and fail it at its system calls
///
/// The real `snappy`, under `strace`, and a program that does the same with short patience,
/// update a device that is a disk in a file. After each fault the real loader judges the disk,
/// and the next honest run has to succeed.
///
/// The last line is `kill_points=N errno_points=N http_scripts=N stuck=0`. The command fails
/// when a device was stuck, and when a fault that was to happen did not.
#[derive(Debug, Args)]
struct UpdateFaults {
    /// Every system call of an update; a sample otherwise
    #[arg(long)]
    full: bool,
    /// Print JSON; progress goes to standard error
    #[arg(long)]
    json: bool,
}

impl FaultsCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let Of::Update(update) = self.of;
        update.run()
    }
}

impl UpdateFaults {
    fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        setup::prepare(checkout.root(), &[setup::FAULTS])?;
        let board = board_of_this_machine(&checkout)?;
        let program = |name: &'static str| -> Result<Program> {
            let bytes = build_device_program(&checkout, &board, name)?;
            Ok(Program { name, bytes })
        };
        let programs = Programs {
            snappy: program("snappy")?,
            update_once: program("update-once")?,
        };
        let effort = match self.full {
            true => Effort::Full,
            false => Effort::Everyday,
        };
        let directory = checkout.target().join("faults");
        let progress = |what: &str| eprintln!("faults: {what}");
        let account = update_faults::run(&programs, effort, &directory, &progress)?;
        self.conclude(&account)
    }

    fn conclude(&self, account: &Account) -> Result<()> {
        for stuck in &account.stuck {
            eprintln!("faults: stuck: {stuck}");
        }
        for point in &account.not_reached {
            eprintln!("faults: did not happen: {point}");
        }
        match self.json {
            true => println!("{}", account.to_json()),
            false => println!("{account}"),
        }
        if !account.is_clean() {
            // The reasons were shown; the last line is the account.
            std::process::exit(1);
        }
        Ok(())
    }
}

/// A board whose programs this machine can run.
fn board_of_this_machine(checkout: &Workspace) -> Result<Board> {
    let ours = Architecture::of_this_machine();
    let boards = checkout.read_boards()?;
    boards
        .into_iter()
        .find(|board| Some(board.architecture) == ours)
        .context("cannot run a device's programs here: no board has this machine's processor")
}
