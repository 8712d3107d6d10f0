//! `cargo xtask check`: what ordinary builds and tests cannot see.
//!
//! Whether an image is reproducible: it is built twice, the second time from a
//! copy of the sources under another path, with another umask, time zone, clock and order
//! of directories. And whether each crate of the loader builds alone for a bare target, for
//! all boards: builds of the whole workspace unify features and hide a dependency on the
//! standard library. Whether the loader stays within its limit, and its hash code is right.

mod crates;
mod loader;
mod reproducible;
mod source_copy;

use std::fmt;

use anyhow::{Result, bail};
use clap::Args;
use image_builder::Workspace;

use crate::{setup, workspace};

/// Check that images are reproducible, and that the loader's crates build alone
///
/// Builds the image twice, the second time elsewhere and under other circumstances, and
/// compares bit for bit; names the first part that differs.
#[derive(Debug, Args)]
pub(crate) struct CheckCommand {
    /// The board whose image is built twice, a file of `boards/`
    #[arg(long, default_value = workspace::DEFAULT_BOARD)]
    board: String,
}

/// One line of the table at the end.
struct Finding {
    what: String,
    outcome: Outcome,
}

enum Outcome {
    Good(String),
    Bad(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, detail) = match &self.outcome {
            Outcome::Good(detail) => ("ok    ", detail),
            Outcome::Bad(detail) => ("FAILED", detail),
        };
        write!(f, "{mark}  {:<44}  {detail}", self.what)
    }
}

impl CheckCommand {
    /// Runs all checks, then says what they found.
    pub(crate) fn run(self) -> Result<()> {
        let workspace = Workspace::at(workspace::root());
        let board = workspace.read_board(&self.board)?;
        let compilers = setup::compilers(&board);
        setup::prepare(
            workspace::root(),
            &[setup::IMAGE, &compilers, setup::SECURE_BOOT],
        )?;
        let mut findings = crates::check(&workspace, &workspace.read_boards()?)?;
        findings.extend(loader::check(&workspace, &workspace.read_boards()?)?);
        findings.extend(reproducible::check(&workspace, &board)?);
        for finding in &findings {
            println!("{finding}");
        }
        let failed = findings
            .iter()
            .filter(|finding| matches!(finding.outcome, Outcome::Bad(_)));
        match failed.count() {
            0 => Ok(()),
            count => bail!("{count} of {} checks failed", findings.len()),
        }
    }
}
