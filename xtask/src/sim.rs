//! `cargo xtask sim`: the simulator of power cuts, and the bugs that it has to catch.

mod bugs;
mod states;
mod tables;

use anyhow::Result;
use clap::Args;
use planted_bugs::Account;

use states::{Simulation, States};

/// Cut the power at every write of a boot and of what the system does, in memory
///
/// Plays each sequence over a disk that loses its cache, boots what is left until it is at
/// rest, and holds it against what the device promises. Then plants bugs into a copy of
/// the shipped code, one at a time, and looks whether a quick simulation catches each.
///
/// The last line counts the states, the violations, and how many of the planted bugs
/// (mutants) were caught. The command fails with one violation or more, and when a bug was
/// missed.
#[derive(Debug, Args)]
pub(crate) struct SimCommand {
    #[command(flatten)]
    simulation: Simulation,
    /// Print JSON; progress goes to standard error
    #[arg(long)]
    json: bool,
    /// Only write the tables of power cuts in the documents
    #[arg(long, exclusive = true)]
    write_tables: bool,
    /// Plant no bugs
    #[arg(long, conflicts_with_all = ["bugs_only", "bug"])]
    states_only: bool,
    /// Only plant bugs
    #[arg(long, conflicts_with_all = ["sequence", "full", "quick"])]
    bugs_only: bool,
    /// Only plant this bug, a file in bootloader/planted-bugs/bugs
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sequence", "full", "quick"])]
    bug: Option<String>,
}

impl SimCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        if self.write_tables {
            return tables::write();
        }
        let only_bugs = self.bugs_only || self.bug.is_some();
        let only_states = self.states_only || self.simulation.sequence.is_some();
        let states = match only_bugs {
            true => None,
            false => Some(self.simulation.run(self.json)?),
        };
        // A simulator that reports violations by itself would catch anything.
        let is_clean = states.as_ref().is_none_or(States::is_clean);
        let account = match is_clean && !only_states {
            true => Some(bugs::try_them(self.bug.as_deref())?),
            false => None,
        };
        if self.json {
            println!("{}", to_json(states.as_ref(), account.as_ref()));
        } else {
            println!("{}", last_line(states.as_ref(), account.as_ref()));
        }
        let all_caught = account
            .as_ref()
            .is_none_or(|account| account.caught() == account.planted());
        if !(is_clean && all_caught) {
            // The reasons were shown; the last line is the account.
            std::process::exit(1);
        }
        Ok(())
    }
}

fn last_line(states: Option<&States>, account: Option<&Account>) -> String {
    let states = states.map(ToString::to_string);
    let mutants = account.map(|account| format!("mutants={account}"));
    let parts: Vec<_> = states.into_iter().chain(mutants).collect();
    parts.join(" ")
}

fn to_json(states: Option<&States>, account: Option<&Account>) -> serde_json::Value {
    let mut all = states.map_or_else(|| serde_json::json!({}), States::to_json);
    if let Some(account) = account {
        all["mutants"] = account.to_json();
    }
    all
}
