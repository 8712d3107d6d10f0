//! Makes attempts and counts them.

use crate::Limited;
use crate::attempts::{self, Attempt, Kind};
use crate::stage::Stage;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::process::{Command, ExitCode, Output};

/// An attempt that got what it wanted ends with it.
const DONE: u8 = 0;
/// One that did not.
const REFUSED: u8 = 40;
/// `SIGSYS` and `SIGKILL`: the kernel ends who makes a call in another way than its
/// architecture does, and who takes more memory than it may.
const KILLED: [i32; 2] = [128 + libc::SIGSYS, 128 + libc::SIGKILL];

/// Makes one, in this process.
pub(crate) fn make(attempt: &Attempt) -> ExitCode {
    match (attempt.act)() {
        Ok(()) => ExitCode::from(DONE),
        Err(error) => {
            println!("{error}");
            ExitCode::from(REFUSED)
        }
    }
}

/// Makes all of them, outside and inside.
pub(crate) fn all(directory: &Path, limited: Limited) -> Result<ExitCode> {
    let mut stage = Stage::set(directory)?;
    let (mut made, mut refused) = (0, 0);
    for attempt in attempts::all() {
        if attempt.kind == Kind::NeedsGroups && limited == Limited::WithoutGroups {
            println!("not made  {}: it needs --limits", attempt.name);
            continue;
        }
        let outside = outside(&stage, attempt)?;
        if outside.status.code() != Some(DONE.into()) {
            ensure!(
                attempt.kind != Kind::Control,
                "{} has to work, and does not even outside: {}",
                attempt.name,
                words(&outside)
            );
            println!("not made  {}: outside, {}", attempt.name, words(&outside));
            continue;
        }
        let inside = inside(&stage, attempt, limited)?;
        match (judge(attempt, &inside)?, attempt.kind) {
            (Verdict::Succeeded, Kind::Control) => println!("works     {}", attempt.name),
            (Verdict::Refused, Kind::Control) => {
                bail!("{} has to work inside: {}", attempt.name, words(&inside))
            }
            (verdict, _) => {
                made += 1;
                if verdict == Verdict::Refused {
                    refused += 1;
                    println!("refused   {}: {}", attempt.name, words(&inside));
                } else {
                    println!("ESCAPED   {}: {}", attempt.name, attempt.what);
                }
            }
        }
        ensure!(stage.is_whole()?, "{} damaged the stage", attempt.name);
    }
    println!("attempts={made} refused={refused}");
    Ok(if made == refused {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Succeeded,
    Refused,
}

fn judge(attempt: &Attempt, inside: &Output) -> Result<Verdict> {
    match inside.status.code() {
        Some(code) if code == i32::from(DONE) => Ok(Verdict::Succeeded),
        Some(code) if code == i32::from(REFUSED) || KILLED.contains(&code) => Ok(Verdict::Refused),
        // A confinement that was not there refuses nothing.
        _ => bail!(
            "{} was not made inside: {:?}, {}",
            attempt.name,
            inside.status,
            words(inside)
        ),
    }
}

fn outside(stage: &Stage, attempt: &Attempt) -> Result<Output> {
    let snap = stage.directory().join("snap");
    Command::new(snap.join("escape-suite"))
        .args(["attempt", attempt.name])
        .env_clear()
        .envs(stage.environment())
        .env("SNAP", &snap)
        .env("SNAP_DATA", stage.directory().join("data"))
        .output()
        .with_context(|| format!("cannot make {} outside", attempt.name))
}

fn inside(stage: &Stage, attempt: &Attempt, limited: Limited) -> Result<Output> {
    let mut command = Command::new(stage.directory().join("snap/escape-suite"));
    command
        .args(["inside", attempt.name])
        .arg(stage.directory())
        .env_clear()
        .envs(stage.environment());
    if limited == Limited::Fully {
        command.arg("--limits");
    }
    command
        .output()
        .with_context(|| format!("cannot make {} inside", attempt.name))
}

/// What it said, in a line.
fn words(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    let said = said.trim().replace('\n', "; ");
    match (said.is_empty(), output.status.code()) {
        (false, _) => said,
        (true, Some(code)) => format!("ended with {code}"),
        (true, None) => output.status.to_string(),
    }
}
