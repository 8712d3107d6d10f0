//! What a log was found to hold, and what of it would not boot.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use anyhow::{Result, ensure};
use image_format::{Slot, Source};
use serde_json::{Value, json};

use super::loader::Verdict;
use super::place::{Place, Places};
use super::problem::{Problem, Told};
use super::write_log::{Request, SECTOR_BYTES};

/// So many problems are told; all are counted.
const MOST_TOLD: usize = 10;

/// Writes to one place of the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Writes that touch it.
    pub writes: u64,
    /// Their bytes there.
    pub bytes: u64,
    /// How often that sector was written that was written most.
    pub busiest: u64,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Writes and discards in the log.
    pub writes: usize,
    /// Flushes in it.
    pub flushes: usize,
    /// Boots that were begun in it.
    pub boots: u64,
    /// Where the writes went.
    pub traffic: BTreeMap<Place, Traffic>,
    /// States that were judged.
    pub states: usize,
    /// Those of them whose content, outside of `writable`, no other had before: what the
    /// loader was run on.
    pub distinct: Vec<(Told, Verdict)>,
    /// In how many states each source starts.
    pub starts: Vec<(Source, usize)>,
    /// In how many none does.
    pub unbootable: usize,
    /// What starts after the flushes, without repetitions.
    pub story: Vec<Verdict>,
    /// How many promises were broken, and the first ones.
    pub problems: usize,
    told: Vec<Problem>,
}

impl Account {
    /// What the log itself tells, with nothing judged yet. `updated` is the slot that may be
    /// written to.
    pub(super) fn of(log: &[Request<'_>], places: &Places, updated: Option<Slot>) -> Self {
        let updated = updated.map(Place::of_slot);
        let mut account = Self::default();
        let mut sectors: HashMap<u64, u64> = HashMap::new();
        let mut not_flushed = None;
        for (number, request) in log.iter().enumerate() {
            if *request == Request::Flush {
                account.flushes += 1;
                not_flushed = None;
                continue;
            }
            account.writes += 1;
            let mut touched: BTreeMap<Place, u64> = BTreeMap::new();
            for sector in request.sectors() {
                let place = places.at(sector);
                *touched.entry(place).or_default() += 1;
                let times = sectors.entry(sector).or_default();
                *times += 1;
                let busiest = &mut account.traffic.entry(place).or_default().busiest;
                *busiest = (*busiest).max(*times);
            }
            if touched.keys().any(|place| place.is_boot_state())
                && let Some(request) = not_flushed.replace(number)
            {
                let next = number;
                account.tell(Problem::NotFlushed { request, next });
            }
            for (place, sectors) in touched {
                let traffic = account.traffic.entry(place).or_default();
                traffic.writes += 1;
                traffic.bytes += sectors * SECTOR_BYTES as u64;
                if !place.is_written() && updated != Some(place) {
                    let request = number;
                    account.tell(Problem::WrittenTo { place, request });
                }
            }
        }
        account
    }

    /// One more state, and what becomes of it.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        self.states += 1;
        let Some(source) = verdict.source() else {
            self.unbootable += 1;
            return;
        };
        match self.starts.iter_mut().find(|(known, _)| *known == source) {
            Some((_, states)) => *states += 1,
            None => self.starts.push((source, 1)),
        }
    }

    /// The verdict after a flush.
    pub(super) fn at_rest(&mut self, verdict: &Verdict) {
        if self.story.last() != Some(verdict) {
            self.story.push(verdict.clone());
        }
    }

    /// A promise was broken.
    pub(super) fn tell(&mut self, problem: Problem) {
        self.problems += 1;
        if self.told.len() < MOST_TOLD {
            self.told.push(problem);
        }
    }

    /// The first ones of the problems.
    #[must_use]
    pub fn told(&self) -> &[Problem] {
        &self.told
    }

    /// Holds it against the story that was lived: these start after the flushes.
    pub fn expect_story(&mut self, expected: &[Source]) {
        let found: Vec<_> = self.story.iter().filter_map(Verdict::source).collect();
        if found != expected {
            let expected = expected.to_vec();
            self.tell(Problem::OtherStory { expected, found });
        }
    }

    /// No promise was broken.
    ///
    /// # Errors
    /// The first ones that were.
    pub fn require_kept(&self) -> Result<()> {
        let told: Vec<_> = self.told.iter().map(ToString::to_string).collect();
        ensure!(
            self.problems == 0,
            "{} promises were broken:\n{}",
            self.problems,
            told.join("\n")
        );
        Ok(())
    }

    /// The account in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self {
            writes,
            states,
            unbootable,
            ..
        } = self;
        format!("writes={writes} states={states} unbootable={unbootable}")
    }

    /// All of it, for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let traffic = self.traffic.iter().map(|(place, traffic)| {
            json!({
                "place": place.name(),
                "writes": traffic.writes,
                "bytes": traffic.bytes,
                "busiest_sector": traffic.busiest,
            })
        });
        let starts = self
            .starts
            .iter()
            .map(|(source, states)| json!({"source": source.name(), "states": states}));
        json!({
            "writes": self.writes,
            "flushes": self.flushes,
            "boots": self.boots,
            "traffic": traffic.collect::<Vec<_>>(),
            "states": self.states,
            "distinct": self.distinct.len(),
            "starts": starts.collect::<Vec<_>>(),
            "unbootable": self.unbootable,
            "story": self.story.iter().map(short).collect::<Vec<_>>(),
            "problems": self.problems,
            "told": self.told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<34}{:>9}{:>12}{:>12}",
            "place", "writes", "bytes", "busiest"
        )?;
        for (place, traffic) in &self.traffic {
            let Traffic {
                writes,
                bytes,
                busiest,
            } = traffic;
            writeln!(f, "{:<34}{writes:>9}{bytes:>12}{busiest:>12}", place.name())?;
        }
        let Self {
            boots,
            flushes,
            states,
            ..
        } = self;
        let different = self.distinct.len();
        writeln!(f, "\n{boots} boots were begun, with {flushes} flushes")?;
        writeln!(
            f,
            "{states} states, {different} of them different for the loader"
        )?;
        for (source, states) in &self.starts {
            writeln!(f, "{source} starts in {states}")?;
        }
        let story: Vec<_> = self.story.iter().map(short).collect();
        writeln!(f, "after the flushes starts: {}", story.join(", "))?;
        for problem in &self.told {
            writeln!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

/// The source alone, where one starts.
fn short(verdict: &Verdict) -> String {
    verdict
        .source()
        .map_or_else(|| verdict.to_string(), |source| source.to_string())
}
