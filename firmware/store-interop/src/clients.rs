//! What a round costs each client: from its first root to a verified target.

use crate::python_tuf::{PythonTuf, call};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Where clients keep their state while they are measured: ours flushes each file to the
/// disk and the others do not, and what a disk makes of that is no figure of a client.
const IN_MEMORY: &str = "/dev/shm";

/// What each of the clients is given.
pub(crate) struct Task<'a> {
    pub(crate) address: &'a str,
    pub(crate) first_root: &'a Path,
    pub(crate) target: &'a str,
}

impl Task<'_> {
    /// Processor time of a round in microseconds, by a program that measures itself.
    pub(crate) fn by_program(&self, program: &Path, rounds: u32) -> Result<u64> {
        let rounds = rounds.to_string();
        parse(&call(
            Command::new(program)
                .env("TMPDIR", IN_MEMORY)
                .arg(self.address)
                .arg(self.first_root)
                .args([self.target, &rounds]),
        )?)
    }

    /// The same by python-tuf.
    pub(crate) fn by_python(&self, python: &PythonTuf, rounds: u32) -> Result<u64> {
        let root = self.first_root.to_str().context("a path is not UTF-8")?;
        let rounds = rounds.to_string();
        let arguments = [self.address, root, self.target, &rounds];
        let environment = [("TMPDIR", IN_MEMORY)];
        parse(&python.run_with("loop.py", &arguments, &environment)?)
    }
}

fn parse(text: &str) -> Result<u64> {
    text.parse()
        .with_context(|| format!("cannot read a time in {text:?}"))
}
