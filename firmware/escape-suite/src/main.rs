//! Attempts to get out of the confinement. Each is made twice: outside, as root, where it
//! has to succeed, and inside, where it has to be refused. An attempt that fails outside
//! shows nothing, is named, and does not count.
//!
//! ```text
//! escape-suite run DIRECTORY [--limits]    all of them; DIRECTORY is made and removed
//! escape-suite list
//! ```
//!
//! The other commands are how it calls itself.

mod attempts;
mod call;
mod inside;
mod judge;
mod stage;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which limits the confinement has here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limited {
    /// Those that need no control group.
    WithoutGroups,
    /// All of them.
    Fully,
}

fn main() -> ExitCode {
    match act() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act() -> Result<ExitCode> {
    let mut words = Vec::new();
    let mut limited = Limited::WithoutGroups;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("limits") => limited = Limited::Fully,
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["run", directory] => judge::all(&PathBuf::from(directory), limited),
        ["list"] => {
            for attempt in attempts::all() {
                println!("{:<28} {}", attempt.name, attempt.what);
            }
            Ok(ExitCode::SUCCESS)
        }
        ["attempt", name] => {
            let attempt = attempts::all().find(|attempt| attempt.name == name);
            Ok(judge::make(attempt.context("there is no such attempt")?))
        }
        ["inside", name, stage] => inside::run(name, &PathBuf::from(stage), limited),
        ["victim"] => {
            // Until the runner is gone.
            let _ = std::io::stdin().read_line(&mut String::new());
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("give 'run DIRECTORY' or 'list'"),
    }
}
