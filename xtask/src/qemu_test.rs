//! `cargo xtask qemu-test`.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::runner::{self, Outcome};
use qemu::scenarios::{self, Scenario, Tier};
use qemu::world::World;

use crate::host_tests::{self, Tally};
use crate::{setup, workspace};

/// Run the host tests, then boot devices and judge them
///
/// A scenario is a device with a disk that was prepared or damaged, started in a virtual
/// machine, two at a time. It passes only when the running system answered a fresh
/// question with the manifest that is expected, and the flight record on its disk holds
/// the expected cause. Transcripts are kept in `target/qemu-test/SCENARIO`.
///
/// The last line is `passed N, failed N, skipped N`; with failures the command fails.
#[derive(Debug, Args)]
pub(crate) struct QemuTestCommand {
    /// The board, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
    /// Only scenarios whose names begin so, and no host tests
    #[arg(long, value_name = "PREFIX")]
    scenario: Option<String>,
    /// Name the scenarios and do nothing else
    #[arg(long)]
    list: bool,
    /// Also the scenarios that are not run every day
    #[arg(long)]
    all: bool,
    /// Use KVM: faster, where it works
    #[arg(long)]
    kvm: bool,
}

impl QemuTestCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let named = self.named()?;
        if self.list {
            list(&named);
            return Ok(());
        }
        let board = Workspace::at(workspace::root()).read_board(&self.board)?;
        setup::prepare(
            workspace::root(),
            &[
                setup::IMAGE,
                setup::SECURE_BOOT,
                &setup::virtual_machine(&board),
                setup::CORRUPTION,
                setup::CROSS_CHECKS,
            ],
        )?;
        let (selected, left_out): (Vec<_>, Vec<_>) = named
            .into_iter()
            .partition(|scenario| self.all || scenario.tier == Tier::Everyday);

        let host_tests = match self.scenario {
            None => Some(host_tests::run(workspace::root())?),
            Some(_) => None,
        };
        let scenarios = self.run_scenarios(&selected).unwrap_or_else(|error| {
            eprintln!("cannot run the scenarios: {error:#}");
            Tally {
                failed: selected.len(),
                ..Tally::default()
            }
        });
        if let Some(tally) = host_tests {
            println!(
                "host tests: {} passed, {} failed",
                tally.passed, tally.failed
            );
        }
        conclude(host_tests.unwrap_or_default().plus(scenarios).plus(Tally {
            skipped: left_out.len(),
            ..Tally::default()
        }))
    }

    fn named(&self) -> Result<Vec<Scenario>> {
        let prefix = self.scenario.as_deref().unwrap_or_default();
        let named: Vec<_> = scenarios::ALL
            .iter()
            .copied()
            .filter(|scenario| scenario.name.starts_with(prefix))
            .collect();
        if named.is_empty() {
            bail!("no scenario begins with {prefix:?}; `cargo xtask qemu-test --list` names them");
        }
        Ok(named)
    }

    /// Builds the disk, runs the scenarios and prints their table.
    fn run_scenarios(&self, selected: &[Scenario]) -> Result<Tally> {
        let checkout = Workspace::at(workspace::root());
        let board = checkout.read_board(&self.board)?;
        let directory = checkout.target().join("qemu-test");
        let world = World::prepare(&checkout, board, &directory, &mut Printed::new())?;
        println!("running {} scenarios, two at a time", selected.len());
        let accelerator = workspace::accelerator(self.kvm);
        let outcomes = runner::run(&world, selected, accelerator, |outcome| {
            println!("{}", one_line(outcome));
        });
        println!();
        for outcome in &outcomes {
            println!("{}", one_line(outcome));
        }
        for outcome in &outcomes {
            if let Some(failure) = &outcome.failure {
                explain(outcome, failure, workspace::root());
            }
        }
        println!();
        let failed = outcomes
            .iter()
            .filter(|outcome| outcome.failure.is_some())
            .count();
        Ok(Tally {
            passed: outcomes.len() - failed,
            failed,
            skipped: 0,
        })
    }
}

fn list(scenarios: &[Scenario]) {
    for scenario in scenarios {
        let all = match scenario.tier {
            Tier::Everyday => "",
            Tier::Full => " (--all)",
        };
        println!("{:<22} {}{all}", scenario.name, scenario.behaviour);
    }
}

fn one_line(outcome: &Outcome) -> String {
    let result = match outcome.failure {
        None => "passed",
        Some(_) => "FAILED",
    };
    format!(
        "{result}  {:>4} s  {:<22} {}",
        outcome.duration.as_secs(),
        outcome.scenario.name,
        outcome.scenario.behaviour
    )
}

fn explain(outcome: &Outcome, failure: &str, root: &Path) {
    let directory = &outcome.directory;
    let directory = directory.strip_prefix(root).unwrap_or(directory);
    println!("\n{} failed: {failure}", outcome.scenario.name);
    println!("transcripts and disk: {}", directory.display());
}

fn conclude(tally: Tally) -> Result<()> {
    let Tally {
        passed,
        failed,
        skipped,
    } = tally;
    println!("passed {passed}, failed {failed}, skipped {skipped}");
    if failed > 0 {
        // The reasons were shown; the last line is the account.
        std::process::exit(1);
    }
    Ok(())
}
