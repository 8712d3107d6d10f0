//! `cargo xtask qemu-test`.

use std::path::Path;
use std::sync::mpsc;

use anyhow::{Result, bail};
use boards::Board;
use clap::Args;
use image_builder::{Printed, Workspace};
use qemu::corrupted;
use qemu::plan::{Extent, Planned, can_run, plan};
use qemu::runner::{self, Job, Outcome};
use qemu::scenarios::{self, Scenario, Tier};
use qemu::world::World;

use crate::corrupt::{self, corrupt};
use crate::host_tests::{self, Tally, foreign};
use crate::setup::{self, Need};
use crate::workspace;

/// Run the host tests, then boot devices and judge them
///
/// A scenario is a device with a disk that was prepared or damaged, started in a virtual
/// machine, one more at a time than there are processors. It passes only when the running
/// system answered a fresh question with the manifest that is expected, and the flight record
/// on its disk holds the expected cause. Transcripts are kept in
/// `target/qemu-test/BOARD/SCENARIO`.
///
/// Without `--scenario`, disks are corrupted, too, as by `cargo xtask corrupt`: what is judged
/// on this machine counts as one test, and so does each disk that is booted.
///
/// Without `--board`, all everyday scenarios run on x86_64-uefi, and those that tell
/// something about a board on every other board, too.
///
/// The last line is `passed N, failed N, skipped N`; with failures the command fails.
#[derive(Debug, Args)]
pub(crate) struct QemuTestCommand {
    /// All scenarios on this board and none on others
    #[arg(long)]
    board: Option<String>,
    /// Only scenarios whose names begin so, and no host tests
    #[arg(long, value_name = "PREFIX")]
    scenario: Option<String>,
    /// Name the scenarios and do nothing else
    #[arg(long)]
    list: bool,
    /// Everything on every board, also what is not run every day
    #[arg(long)]
    all: bool,
    /// Use KVM for boards of this machine's own architecture: faster, where it works
    #[arg(long)]
    kvm: bool,
}

impl QemuTestCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let named = self.named()?;
        let boards = self.boards()?;
        if self.list {
            list(&named, &boards);
            return Ok(());
        }
        let planned = self.plan(&boards, &named);
        prepare(&planned, self.host_test_needs())?;
        let host_tests = match self.scenario {
            None => Some(host_tests::run(workspace::root())?),
            Some(_) => None,
        };
        let scenarios = self.run_scenarios(&planned);
        if let Some(tally) = host_tests {
            println!(
                "host tests: {} passed, {} failed",
                tally.passed, tally.failed
            );
        }
        conclude(host_tests.unwrap_or_default().plus(scenarios).plus(Tally {
            skipped: left_out(&named, &planned),
            ..Tally::default()
        }))
    }

    fn host_test_needs(&self) -> [&'static [Need<'static>]; 3] {
        match self.scenario {
            None => [foreign::NEEDS, setup::STORE_TESTS, setup::SOCKET_TESTS],
            Some(_) => [&[]; 3],
        }
    }

    fn boards(&self) -> Result<Vec<Board>> {
        let workspace = Workspace::at(workspace::root());
        Ok(match &self.board {
            Some(id) => vec![workspace.read_board(id)?],
            None => workspace.read_boards()?,
        })
    }

    fn plan(&self, boards: &[Board], scenarios: &[Scenario]) -> Vec<Planned> {
        let extent = if self.all {
            Extent::All
        } else {
            Extent::Everyday
        };
        let main = self.board.as_deref().unwrap_or(workspace::DEFAULT_BOARD);
        plan(boards, main, scenarios, extent)
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

    /// Builds the disks, runs the scenarios and prints their table. While the scenarios of a
    /// board run, which wait much, the disks of the next ones are built.
    fn run_scenarios(&self, planned: &[Planned]) -> Tally {
        let mut tally = Tally::default();
        let mut outcomes = Vec::new();
        std::thread::scope(|scope| {
            let (done, prepared) = mpsc::channel();
            scope.spawn(move || {
                for planned in planned {
                    // It is taken, or this run came to grief and says so.
                    let _ = done.send((planned, prepare_world(&planned.board)));
                }
            });
            for (Planned { board, scenarios }, world) in prepared {
                match world {
                    Ok(world) => {
                        outcomes.extend(self.run_on(&world, scenarios));
                        if self.corrupts(board) {
                            tally = tally.plus(self.corrupt(&world));
                        }
                    }
                    Err(error) => {
                        // Such a board has failed all of its scenarios.
                        eprintln!("cannot run the scenarios on {}: {error:#}", board.id);
                        tally.failed += scenarios.len();
                    }
                }
            }
        });
        show(&outcomes);
        let failed = outcomes
            .iter()
            .filter(|outcome| outcome.failure.is_some())
            .count();
        tally.plus(Tally {
            passed: outcomes.len() - failed,
            failed,
            skipped: 0,
        })
    }

    fn run_on(&self, world: &World, scenarios: &[Scenario]) -> Vec<Outcome> {
        let jobs: Vec<_> = scenarios
            .iter()
            .map(|scenario| Job {
                world,
                scenario: *scenario,
                accelerator: workspace::accelerator(self.kvm, world.board()),
            })
            .collect();
        let board = &world.board().id;
        let (count, at_once) = (jobs.len(), runner::at_once());
        println!("running {count} scenarios on {board}, {at_once} at a time");
        runner::run(&jobs, |outcome| println!("{}", one_line(outcome)))
    }
}

impl QemuTestCommand {
    fn corrupts(&self, board: &Board) -> bool {
        self.scenario.is_none() && board.id == workspace::DEFAULT_BOARD
    }

    /// Counts one test for all that is judged on this machine, and one for each machine.
    fn corrupt(&self, world: &World) -> Tally {
        let count = if self.all {
            corrupt::FULL
        } else {
            corrupt::EVERYDAY
        };
        let report = match corrupted::laboratory(world) {
            Ok(laboratory) => corrupt(world, &laboratory, corrupt::SEED, count, corrupt::BOOTED),
            Err(error) => {
                eprintln!("cannot corrupt disks: {error:#}");
                return Tally {
                    failed: 1,
                    ..Tally::default()
                };
            }
        };
        report.print();
        let (passed, failed) = report.tests();
        Tally {
            passed,
            failed,
            skipped: 0,
        }
    }
}

fn prepare(planned: &[Planned], [foreign, store, socket]: [&[Need<'_>]; 3]) -> Result<()> {
    let boards = || planned.iter().map(|planned| &planned.board);
    let machines: Vec<_> = boards().flat_map(setup::virtual_machine).collect();
    let compilers: Vec<_> = boards().flat_map(setup::compilers).collect();
    setup::prepare(
        workspace::root(),
        &[
            setup::IMAGE,
            &compilers,
            setup::SECURE_BOOT,
            &machines,
            setup::CORRUPTION,
            setup::CROSS_CHECKS,
            foreign,
            store,
            socket,
        ],
    )
}

fn prepare_world(board: &Board) -> Result<World> {
    let checkout = Workspace::at(workspace::root());
    let directory = checkout.target().join("qemu-test");
    println!("preparing {}", board.id);
    World::prepare(&checkout, board.clone(), &directory, &mut Printed::new())
}

/// How many of `named` run on no board.
fn left_out(named: &[Scenario], planned: &[Planned]) -> usize {
    let is_planned = |scenario: &&Scenario| {
        planned
            .iter()
            .flat_map(|planned| &planned.scenarios)
            .any(|other| other.name == scenario.name)
    };
    named.len() - named.iter().filter(is_planned).count()
}

/// The table of all, then the reasons of those that failed.
fn show(outcomes: &[Outcome]) {
    println!();
    for outcome in outcomes {
        println!("{}", one_line(outcome));
    }
    for outcome in outcomes {
        if let Some(failure) = &outcome.failure {
            explain(outcome, failure, workspace::root());
        }
    }
    println!();
}

fn list(scenarios: &[Scenario], boards: &[Board]) {
    for scenario in scenarios {
        let when = match scenario.tier {
            Tier::EveryBoard => " (on every board)",
            Tier::Everyday => "",
            Tier::Full => " (--all)",
        };
        print!("{:<22} {}{when}", scenario.name, scenario.behaviour);
        for board in boards.iter().filter(|board| !can_run(board, scenario)) {
            print!(" (not on {})", board.id);
        }
        println!();
    }
}

fn one_line(outcome: &Outcome) -> String {
    let result = match outcome.failure {
        None => "passed",
        Some(_) => "FAILED",
    };
    format!(
        "{result}  {:>4} s  {:<12} {:<22} {}",
        outcome.duration.as_secs(),
        outcome.board,
        outcome.scenario.name,
        outcome.scenario.behaviour
    )
}

fn explain(outcome: &Outcome, failure: &str, root: &Path) {
    let directory = &outcome.directory;
    let directory = directory.strip_prefix(root).unwrap_or(directory);
    println!(
        "\n{} on {} failed: {failure}",
        outcome.scenario.name, outcome.board
    );
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
