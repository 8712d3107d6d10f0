//! What a run of corruptions came to.

use disk_corruption::{Outcome, Tally};
use qemu::corrupted::Booted;
use serde_json::{Value, json};

const OUTCOMES: [Outcome; 4] = [
    Outcome::Usual,
    Outcome::OtherSlot,
    Outcome::Rescue,
    Outcome::Halted,
];

/// Judged on this machine, and booted in QEMU.
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) tally: Tally,
    pub(crate) judged_secs: f64,
    pub(crate) booted: Vec<Booted>,
    pub(crate) total_secs: f64,
}

impl Report {
    pub(crate) fn violations(&self) -> usize {
        let booted = self.booted.iter();
        let in_machines = booted.filter(|booted| booted.violation.is_some()).count();
        self.tally.violations.len() + in_machines
    }

    /// Passed and failed, in an account of tests.
    pub(crate) fn tests(&self) -> (usize, usize) {
        let is_bad = |booted: &&Booted| booted.violation.is_some();
        let bad = self.booted.iter().filter(is_bad).count();
        let judged = usize::from(self.tally.violations.is_empty());
        (self.booted.len() - bad + judged, bad + 1 - judged)
    }

    /// The table, the violations, and the account as the last line.
    pub(crate) fn print(&self) {
        print_row("kind", OUTCOMES.map(|outcome| outcome.to_string()));
        for (kind, outcomes) in self.tally.kinds() {
            let count = |outcome| outcomes.get(&outcome).copied().unwrap_or_default();
            print_row(kind, OUTCOMES.map(|outcome| count(outcome).to_string()));
        }
        print_row(
            "all",
            OUTCOMES.map(|outcome| self.tally.of(outcome).to_string()),
        );
        println!(
            "\nin {} of them the kernel will refuse blocks of the root that was started",
            self.tally.damaged_roots()
        );
        println!(
            "judged in {:.0} s, {:.0} s with the machines",
            self.judged_secs, self.total_secs
        );
        self.tell_violations();
        println!("{}", self.account());
    }

    fn tell_violations(&self) {
        let tell = |number: u64, story: &str, violation: &str| {
            println!("\ncorruption {number}: {violation}\n  {story}");
            println!(
                "  again: cargo xtask corrupt --seed {} --only {number}",
                self.seed
            );
        };
        for found in &self.tally.violations {
            tell(found.number, &found.story, &found.violation.to_string());
        }
        for booted in &self.booted {
            if let Some(violation) = &booted.violation {
                tell(booted.number, &booted.story, violation);
            }
        }
    }

    pub(crate) fn account(&self) -> String {
        format!(
            "corruptions={} violations={} booted={}",
            self.tally.judged.len(),
            self.violations(),
            self.booted.len()
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        let outcomes = OUTCOMES.map(|outcome| (outcome.to_string(), json!(self.tally.of(outcome))));
        let found = self.tally.violations.iter().map(|found| {
            json!({
                "number": found.number,
                "story": found.story,
                "violation": found.violation.to_string(),
            })
        });
        let booted = self.booted.iter().map(|booted| {
            json!({
                "number": booted.number,
                "kind": booted.kind,
                "story": booted.story,
                "seconds": booted.duration.as_secs_f64(),
                "seen": booted.seen,
                "violation": booted.violation,
            })
        });
        json!({
            "seed": self.seed,
            "corruptions": self.tally.judged.len(),
            "violations": self.violations(),
            "outcomes": outcomes.into_iter().collect::<serde_json::Map<_, _>>(),
            "damaged_roots": self.tally.damaged_roots(),
            "judged": found.collect::<Vec<_>>(),
            "booted": booted.collect::<Vec<_>>(),
            "judged_secs": self.judged_secs,
            "total_secs": self.total_secs,
        })
    }
}

fn print_row(name: &str, [usual, other, rescue, halted]: [String; 4]) {
    println!("{name:<22}{usual:>12}{other:>12}{rescue:>12}{halted:>12}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn booted(violation: Option<&str>) -> Booted {
        Booted {
            number: 7,
            kind: "bit",
            story: "one bit".to_owned(),
            duration: Duration::from_secs(1),
            seen: String::new(),
            violation: violation.map(str::to_owned),
        }
    }

    #[test]
    fn the_account_adds_up() {
        let report = Report {
            seed: 1,
            tally: Tally::default(),
            judged_secs: 0.0,
            booted: vec![booted(None), booted(Some("it halted")), booted(None)],
            total_secs: 0.0,
        };
        assert_eq!(report.account(), "corruptions=0 violations=1 booted=3");
        assert_eq!(report.tests(), (3, 1));
        assert_eq!(report.to_json()["violations"], 1);
        assert_eq!(report.to_json()["booted"][1]["violation"], "it halted");
    }
}
