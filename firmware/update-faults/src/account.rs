//! What was done, and what came of it.

use std::fmt;

/// What came of one fault.
pub(crate) enum Outcome {
    /// All is as it has to be.
    Good,
    /// It was to happen, and did not.
    NotReached,
    /// The device is not as it has to be.
    Stuck(anyhow::Error),
}

/// What was done, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// System calls at which an update was killed.
    pub kill_points: usize,
    /// System calls that failed once, in an update each.
    pub errno_points: usize,
    /// Misbehaviours of a server.
    pub http_scripts: usize,
    /// After which of them the device was not as it has to be, and what was wrong.
    pub stuck: Vec<String>,
    /// Which of them were to happen, and did not.
    pub not_reached: Vec<String>,
}

impl Account {
    /// Whether all went as it has to.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.stuck.is_empty() && self.not_reached.is_empty()
    }

    /// Notes what came of the fault `what`.
    pub(crate) fn note(&mut self, what: impl fmt::Display, outcome: Outcome) {
        match outcome {
            Outcome::Good => {}
            Outcome::NotReached => self.not_reached.push(what.to_string()),
            Outcome::Stuck(why) => self.stuck.push(format!("{what}: {why:#}")),
        }
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kill_points": self.kill_points,
            "errno_points": self.errno_points,
            "http_scripts": self.http_scripts,
            "stuck": self.stuck,
            "not_reached": self.not_reached,
        })
    }
}

/// The last line of the command.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "kill_points={} errno_points={} http_scripts={} stuck={}",
            self.kill_points,
            self.errno_points,
            self.http_scripts,
            self.stuck.len()
        )
    }
}
