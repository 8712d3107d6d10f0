//! What all targets together came to.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

/// How one target bore it.
#[derive(Debug)]
pub(super) struct TargetResult {
    pub(super) target: &'static str,
    pub(super) duration: Duration,
    pub(super) executions: u64,
    /// Places in the code that were reached.
    pub(super) edges: u64,
    /// The file with the input that broke it.
    pub(super) crash: Option<PathBuf>,
    pub(super) reason: Option<String>,
}

impl TargetResult {
    /// The line to type to see it again.
    fn reproduce(&self) -> Option<String> {
        let crash = self.crash.as_ref()?;
        let target = self.target;
        Some(format!(
            "cargo xtask fuzz --target {target} --input {}",
            crash.display()
        ))
    }
}

pub(super) fn one_line(result: &TargetResult) -> String {
    let outcome = match result.crash {
        None => "ok    ",
        Some(_) => "FAILED",
    };
    format!(
        "{outcome}  {:<16} {:>5} s  {:>10} executions  {:>5} edges",
        result.target,
        result.duration.as_secs(),
        result.executions,
        result.edges
    )
}

/// The results so far.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<TargetResult>);

impl Report {
    pub(super) fn add(&mut self, result: TargetResult) {
        self.0.push(result);
    }

    pub(super) fn crashes(&self) -> usize {
        let broken = self.0.iter().filter(|result| result.crash.is_some());
        broken.count()
    }

    /// Whether a target got no input: then nothing was shown by its silence.
    pub(super) fn is_idle(&self) -> bool {
        self.0
            .iter()
            .any(|result| result.executions == 0 || result.edges == 0)
    }

    fn executions(&self) -> u64 {
        self.0.iter().map(|result| result.executions).sum()
    }

    /// The table, the crashes, and the account as the last line.
    pub(super) fn print(&self) {
        println!();
        for result in &self.0 {
            println!("{}", one_line(result));
        }
        for result in &self.0 {
            if let Some(line) = result.reproduce() {
                let reason = result.reason.as_deref().unwrap_or("no reason was given");
                println!("\n{}: {reason}\n{line}", result.target);
            }
        }
        println!("\n{}", self.account());
    }

    fn account(&self) -> String {
        format!(
            "targets={} executions={} crashes={}",
            self.0.len(),
            self.executions(),
            self.crashes()
        )
    }

    pub(super) fn to_json(&self) -> Value {
        let results: Vec<_> = self
            .0
            .iter()
            .map(|result| {
                json!({
                    "target": result.target,
                    "seconds": result.duration.as_secs_f64(),
                    "executions": result.executions,
                    "edges": result.edges,
                    "crash": result.crash,
                    "reason": result.reason,
                    "reproduce": result.reproduce(),
                })
            })
            .collect();
        json!({
            "targets": results,
            "executions": self.executions(),
            "crashes": self.crashes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(crash: Option<&str>, executions: u64) -> TargetResult {
        TargetResult {
            target: "gpt",
            duration: Duration::from_secs(1),
            executions,
            edges: 7,
            crash: crash.map(PathBuf::from),
            reason: crash.map(|_| "outside".to_owned()),
        }
    }

    #[test]
    fn the_account_adds_up() {
        let report = Report(vec![result(None, 5), result(Some("/c/crash-1"), 6)]);
        assert_eq!(report.account(), "targets=2 executions=11 crashes=1");
        assert!(!report.is_idle());
        let json = report.to_json();
        assert_eq!(json["crashes"], 1);
        assert_eq!(
            json["targets"][1]["reproduce"],
            "cargo xtask fuzz --target gpt --input /c/crash-1"
        );
    }

    #[test]
    fn a_target_without_input_is_noticed() {
        assert!(Report(vec![result(None, 5), result(None, 0)]).is_idle());
    }
}
