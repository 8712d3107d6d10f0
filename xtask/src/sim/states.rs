//! The states: builds `boot-sim` with optimisation and runs it.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::workspace;

/// What is simulated.
#[derive(Debug, Args)]
pub(crate) struct Simulation {
    /// On all disks, with all subsets of writes and all third cuts that pay
    #[arg(long)]
    full: bool,
    /// No second cuts: some seconds
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// End with the first violation
    #[arg(long)]
    until_violation: bool,
    /// Only sequences whose names begin so; no bugs
    #[arg(long)]
    pub(super) sequence: Option<String>,
    /// Follow this cut of a sequence, as a violation names it, and tell every boot
    #[arg(long, requires = "sequence")]
    cut: Option<String>,
}

/// The simulator's account.
pub(super) enum States {
    /// Its last line.
    Line(String),
    /// All of it.
    Json(Value),
}

impl Simulation {
    /// Builds and runs it. Prints all but the account.
    pub(super) fn run(&self, json: bool) -> Result<States> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut child = Command::new(cargo)
            .args(["run", "--quiet", "--profile", "simulator"])
            .args(["--package", "boot-sim", "--"])
            .args(self.flags())
            .args(json.then_some("--json"))
            .current_dir(workspace::root())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo")?;
        let stdout = child.stdout.take().context("cannot hear the simulator")?;
        let mut last = None;
        for line in BufReader::new(stdout).lines() {
            if let Some(before) = last.replace(line?) {
                println!("{before}");
            }
        }
        let status = child.wait().context("cannot wait for the simulator")?;
        let (Some(last), Some(0 | 1)) = (last, status.code()) else {
            bail!("the simulator gave no account: {status}");
        };
        if json {
            let account = serde_json::from_str(&last);
            Ok(States::Json(
                account.context("cannot understand the simulator")?,
            ))
        } else {
            Ok(States::Line(last))
        }
    }

    fn flags(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = Vec::new();
        flags.extend(self.quick.then(|| "--quick".into()));
        flags.extend(self.full.then(|| "--full".into()));
        flags.extend(self.until_violation.then(|| "--until-violation".into()));
        for (name, value) in [("--sequence", &self.sequence), ("--cut", &self.cut)] {
            if let Some(value) = value {
                flags.extend([name.into(), value.into()]);
            }
        }
        flags
    }
}

impl States {
    /// No promise was broken.
    pub(super) fn is_clean(&self) -> bool {
        match self {
            Self::Line(line) => line.split(' ').any(|word| word == "violations=0"),
            Self::Json(account) => account["violations"] == 0,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Line(line) => Value::from(line.as_str()),
            Self::Json(account) => account.clone(),
        }
    }
}

impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => f.write_str(line),
            Self::Json(account) => account.fmt(f),
        }
    }
}
