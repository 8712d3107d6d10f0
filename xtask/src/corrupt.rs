//! `cargo xtask corrupt`: whole disks, corrupted at random and with a plan.

mod report;

use anyhow::{Result, bail};
use clap::Args;
use disk_corruption::{Laboratory, judge_all};
use image_builder::{Printed, Workspace};
use qemu::corrupted::{self, Booted};
use qemu::runner::at_once;
use qemu::world::World;

use crate::{setup, workspace};
use report::Report;

/// Corruptions of an everyday run.
pub(crate) const EVERYDAY: u64 = 2_000;
/// With `--full`.
pub(crate) const FULL: u64 = 10_000;
/// Of those, what is booted in a virtual machine.
pub(crate) const BOOTED: usize = 50;
/// Of the everyday run.
pub(crate) const SEED: u64 = 1;

/// Corrupt a real disk image, boot each disk by the real loader, and judge what it started
///
/// The image is one as `cargo xtask image` makes it, of a device that has confirmed its
/// system. It is corrupted by bits, sectors and runs, and by somebody who knows the formats
/// and puts checksums right. The loader runs on this machine; it must start kernel, initrd
/// and command line of one untouched image, or halt when nothing whole is left. Some of the
/// disks are booted in QEMU, where the same has to happen, and the guest has to prove which
/// system it is.
///
/// The last line is `corruptions=N violations=N booted=N`; with a violation the command
/// fails.
#[derive(Debug, Args)]
pub(crate) struct CorruptCommand {
    /// 10,000 corruptions instead of 2,000
    #[arg(long)]
    full: bool,
    /// Other corruptions: each seed has its own
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Only the corruption of this number: judge it, boot it, and tell everything
    #[arg(long, value_name = "N", conflicts_with_all = ["full", "boot"])]
    only: Option<u64>,
    /// How many are booted in a virtual machine
    #[arg(long, value_name = "N", default_value_t = BOOTED)]
    boot: usize,
    /// Print JSON; progress goes to standard error
    #[arg(long)]
    json: bool,
}

impl CorruptCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(workspace::DEFAULT_BOARD)?;
        setup::prepare(
            workspace::root(),
            &[setup::IMAGE, &setup::virtual_machine(&board)],
        )?;
        let directory = checkout.target().join("corrupt");
        let world = World::prepare(&checkout, board, &directory, &mut Printed::new())?;
        let laboratory = corrupted::laboratory(&world)?;
        if let Some(number) = self.only {
            return self.tell_one(&world, &laboratory, number);
        }
        let count = if self.full { FULL } else { EVERYDAY };
        let report = corrupt(&world, &laboratory, self.seed, count, self.boot);
        if self.json {
            println!("{}", report.to_json());
        } else {
            report.print();
        }
        if report.violations() > 0 {
            // They were told; the last line is the account.
            std::process::exit(1);
        }
        Ok(())
    }

    fn tell_one(&self, world: &World, laboratory: &Laboratory, number: u64) -> Result<()> {
        let corruption = laboratory.corruption(self.seed, number);
        println!("{}: {}", corruption.kind, corruption.story);
        println!("{:#?}", laboratory.judge(&corruption));
        let booted = corrupted::boot(world, laboratory, self.seed, &[number], tell_boot);
        match booted.iter().find_map(|one| one.violation.as_ref()) {
            Some(violation) => bail!("{violation}"),
            None => Ok(()),
        }
    }
}

/// Judges `count` corruptions of a run and boots `boots` of them.
pub(crate) fn corrupt(
    world: &World,
    laboratory: &Laboratory,
    seed: u64,
    count: u64,
    boots: usize,
) -> Report {
    eprintln!("corrupt: {count} disks of seed {seed}, judged on this machine");
    let begin = std::time::Instant::now();
    let tally = judge_all(laboratory, seed, 0..count);
    let judged_secs = begin.elapsed().as_secs_f64();
    let numbers = tally.sample(boots);
    let (booted, at_once) = (numbers.len(), at_once());
    eprintln!("corrupt: {booted} of them in QEMU, {at_once} at a time");
    let booted = corrupted::boot(world, laboratory, seed, &numbers, tell_boot);
    Report {
        seed,
        tally,
        judged_secs,
        booted,
        total_secs: begin.elapsed().as_secs_f64(),
    }
}

fn tell_boot(booted: &Booted) {
    let result = match booted.violation {
        None => "ok    ",
        Some(_) => "FAILED",
    };
    eprintln!(
        "{result}  {:>4} s  {:>5}  {:<16} {}",
        booted.duration.as_secs(),
        booted.number,
        booted.kind,
        booted.seen
    );
}
