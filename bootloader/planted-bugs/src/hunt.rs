//! One run of the simulator over one planted bug: was it noticed, and by which promise?

use crate::bug::Bug;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// A run that takes longer hangs: the bug made the simulator itself endless.
const LONGEST_RUN: Duration = Duration::from_secs(600);

/// What came of a bug. Only the first one is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This promise was reported broken, as expected.
    Caught(String),
    /// These were, and none of them is expected of this bug.
    CaughtByAnother(Vec<String>),
    /// Nothing was.
    Missed,
    /// It does not compile: the words of the compiler.
    NotBuilt(String),
}

/// The simulator did not do its work.
#[derive(Debug)]
pub enum HuntError {
    /// It cannot be started.
    NotStarted(std::io::Error),
    /// It did not end.
    Endless,
    /// It ended without an account, as after a panic of its own.
    NoAccount(String),
}

impl fmt::Display for HuntError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(cause) => write!(f, "cannot start the simulator: {cause}"),
            Self::Endless => write!(
                f,
                "cannot wait for the simulator: it was not done in {} s; plant a bug that \
                 does not make a device loop in memory",
                LONGEST_RUN.as_secs()
            ),
            Self::NoAccount(words) => write!(f, "cannot understand the simulator: {words}"),
        }
    }
}

impl std::error::Error for HuntError {}

/// Runs the simulator; returns the promises that it reports broken.
pub(crate) fn broken_promises(simulator: &Path) -> Result<Vec<String>, HuntError> {
    let mut child = Command::new(simulator)
        .args(["--quick", "--until-violation", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(HuntError::NotStarted)?;
    let (sender, receiver) = channel();
    if let Some(mut stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut account = String::new();
            // Whatever is wrong with it shows when it is read.
            let _ = stdout.read_to_string(&mut account);
            let _ = sender.send(account);
        });
    }
    let account = receiver.recv_timeout(LONGEST_RUN);
    if account == Err(RecvTimeoutError::Timeout) {
        // It may have ended just now.
        let _ = child.kill();
    }
    let status = child.wait().map_err(HuntError::NotStarted)?;
    let account = account.map_err(|_| HuntError::Endless)?;
    read_account(&account).ok_or_else(|| HuntError::NoAccount(status.to_string()))
}

/// `None` for what is no account of the simulator.
fn read_account(account: &str) -> Option<Vec<String>> {
    let account: serde_json::Value = serde_json::from_str(account).ok()?;
    let violations = account.get("violations")?.as_u64()?;
    let mut promises = Vec::new();
    for sequence in account.get("sequences")?.as_array()? {
        for told in sequence.get("told")?.as_array()? {
            promises.push(told.get("invariant")?.as_str()?.to_owned());
        }
    }
    (promises.is_empty() == (violations == 0)).then_some(promises)
}

/// What the broken promises say about a bug.
pub(crate) fn verdict(bug: &Bug, broken: Vec<String>) -> Verdict {
    if broken.is_empty() {
        return Verdict::Missed;
    }
    let expected = |promise: &&String| bug.caught_by.contains(promise);
    match broken.iter().find(expected) {
        Some(promise) => Verdict::Caught(promise.clone()),
        None => Verdict::CaughtByAnother(broken),
    }
}

#[cfg(test)]
mod tests;
