//! Cuts the power at every moment of a sequence, in every way, and again at every moment of
//! the boot that recovers from that.

use crate::cut::{Thoroughness, tears, torn};
use crate::device::{Device, Outcome, Point};
use crate::invariant::{Invariant, MOST_CYCLES, broken_at_cut, broken_at_end, broken_by_cycle};
use crate::observation::Observation;
use crate::world::{End, Step, World};
use image_format::Source;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Results of cycles that are kept, at most.
const MOST_KNOWN: usize = 20_000;
/// Violations of one invariant in one world that are told.
const MOST_TOLD: usize = 1;

/// How much is tried. Samples are by content: the same at every run.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// One in so many of the second cuts; none without a number.
    second_cuts: Option<u64>,
    /// One in so many of the third cuts; none without a number.
    third_cuts: Option<u64>,
    /// Every subset of the sectors of a write.
    all_subsets: bool,
}

impl Effort {
    /// Every first cut.
    pub const QUICK: Self = Self {
        second_cuts: None,
        third_cuts: None,
        all_subsets: false,
    };
    /// Every first cut and a sample of the second ones: a minute of one processor.
    pub const EVERYDAY: Self = Self {
        second_cuts: Some(24),
        ..Self::QUICK
    };
    /// Every second cut, and a sample of the third ones.
    pub const FULL: Self = Self {
        second_cuts: Some(1),
        third_cuts: Some(64),
        all_subsets: true,
    };
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// When all was tried.
    ToTheEnd,
    /// With the first violation: enough to know that there is one.
    FirstViolation,
}

impl Patience {
    pub(crate) fn ends_with(self, tally: &Tally) -> bool {
        self == Self::FirstViolation && tally.violations > 0
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every first cut")?;
        match self.second_cuts {
            None => f.write_str(", no second one")?,
            Some(1) => f.write_str(", every second one")?,
            Some(sample) => write!(f, ", a sample of the second ones (1 in {sample})")?,
        }
        match self.third_cuts {
            None => f.write_str("; --full tries more"),
            Some(sample) => write!(
                f,
                ", a sample of the third ones of the state (1 in {sample})"
            ),
        }
    }
}

/// What came out of one world.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Its sequence.
    pub sequence: String,
    /// States that a loss of power left.
    pub states: u64,
    /// Those that were not the same as another, and were booted to their end.
    pub distinct: u64,
    /// How many of them broke a promise.
    pub violations: u64,
    /// The first ones.
    pub told: Vec<Violation>,
}

/// A promise that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// In which world.
    pub world: String,
    /// Where the power was cut: moment and way, for each cut.
    pub path: String,
    /// The same in words.
    pub story: Vec<String>,
    /// Which promise.
    pub invariant: Invariant,
}

/// A cycle that was seen before.
#[derive(Clone)]
struct Known {
    device: Device,
    outcome: Outcome,
    looks: usize,
    after: Observation,
}

/// Which cut a state comes from.
#[derive(Clone, Default)]
struct Origin {
    path: Vec<(usize, usize)>,
    story: Vec<String>,
}

impl Origin {
    fn path(&self) -> String {
        let parts: Vec<_> = self
            .path
            .iter()
            .map(|(at, way)| format!("{at}.{way}"))
            .collect();
        parts.join("/")
    }
}

pub(crate) struct Explorer<'a> {
    world: &'a World,
    effort: Effort,
    patience: Patience,
    thoroughness: Thoroughness,
    /// Only this path is followed, and told.
    only: Option<Vec<(usize, usize)>>,
    seen: HashSet<(u128, u64, usize)>,
    known: HashMap<(u128, u64), Known>,
    copies_at_first: usize,
    tally: Tally,
}

impl<'a> Explorer<'a> {
    pub(crate) fn new(
        world: &'a World,
        effort: Effort,
        patience: Patience,
        only: Option<Vec<(usize, usize)>>,
    ) -> Self {
        let thoroughness = if effort.all_subsets || only.is_some() {
            Thoroughness::Full
        } else {
            Thoroughness::Bounded
        };
        let first = Observation::of(world, &Device::new(world));
        Self {
            world,
            effort,
            patience,
            thoroughness,
            only,
            seen: HashSet::new(),
            known: HashMap::new(),
            copies_at_first: first.whole_copies,
            tally: Tally {
                sequence: world.sequence.to_owned(),
                ..Tally::default()
            },
        }
    }

    /// Plays the sequence, then every cut of it.
    pub(crate) fn explore(mut self) -> Tally {
        let mut device = Device::new(self.world);
        device.disk.records = true;
        let mut points = Vec::new();
        let mut before = Observation::of(self.world, &device);
        for step in &self.world.steps {
            let (outcome, of_step) = device.cycle(self.world, *step);
            points.extend(of_step);
            let after = Observation::of(self.world, &device);
            let looks = device.disk.looks;
            let broken = broken_by_cycle(
                self.world,
                &device.history,
                &before,
                &outcome,
                looks,
                &after,
            );
            self.judge(&Origin::default(), broken);
            before = after;
        }
        if !self.patience.ends_with(&self.tally) {
            self.cut_all(&points, &Origin::default(), 1);
        }
        self.tally
    }

    fn cut_all(&mut self, points: &[Point], origin: &Origin, depth: usize) {
        for (at, point) in points.iter().enumerate() {
            if depth > 2 && !touches_state(self.world, point) {
                continue;
            }
            for (way, tear) in tears(&point.moment, self.thoroughness)
                .into_iter()
                .enumerate()
            {
                if let Some(only) = &self.only
                    && only.get(depth - 1) != Some(&(at, way))
                {
                    continue;
                }
                let device = Device::after_cut(point, torn(&point.moment, tear));
                if !self.is_chosen(&device, depth) {
                    continue;
                }
                self.tally.states += 1;
                if !self.seen.insert(key(&device, depth)) {
                    continue;
                }
                self.tally.distinct += 1;
                let mut origin = origin.clone();
                origin.path.push((at, way));
                origin
                    .story
                    .push(format!("cut {depth} at moment {at}: {tear}"));
                self.settle(device, &origin, depth);
                if self.patience.ends_with(&self.tally) {
                    return;
                }
            }
        }
    }

    fn is_chosen(&self, device: &Device, depth: usize) -> bool {
        let one_in = match depth {
            1 => 1,
            2 => self.effort.second_cuts.unwrap_or(1),
            _ => self.effort.third_cuts.unwrap_or(1),
        };
        one_in <= 1 || self.only.is_some() || key(device, depth).1.is_multiple_of(one_in)
    }

    /// Boots until the device is at rest, and holds every cycle against the promises.
    fn settle(&mut self, mut device: Device, origin: &Origin, depth: usize) {
        let goes_deeper = match depth {
            1 => self.effort.second_cuts.is_some() || self.only.is_some(),
            2 => self.effort.third_cuts.is_some() || self.only.is_some(),
            _ => false,
        };
        let mut origin = origin.clone();
        let mut points = Vec::new();
        let mut before = Observation::of(self.world, &device);
        let mut broken = broken_at_cut(self.world, &device.history, &before, self.copies_at_first);
        let mut sources: Vec<Source> = Vec::new();
        let mut quiet = 0;
        for cycle in 0..MOST_CYCLES {
            if broken.is_some() {
                break;
            }
            let records = cycle == 0 && goes_deeper;
            let result = self.cycle(&mut device, records, &mut points);
            broken = broken_by_cycle(
                self.world,
                &device.history,
                &before,
                &result.outcome,
                result.looks,
                &result.after,
            );
            if self.only.is_some() {
                origin
                    .story
                    .push(format!("boot {}: {:?}", cycle + 1, result.outcome));
            }
            let same = before.at_rest() == result.after.at_rest();
            if let Outcome::Started(source) = result.outcome {
                quiet = if same && sources.last() == Some(&source) {
                    quiet + 1
                } else {
                    0
                };
                sources.push(source);
            }
            before = result.after;
            if quiet == 2 && self.world.end != End::RescueInTurn {
                break;
            }
        }
        let broken = broken
            .or_else(|| broken_at_end(self.world, &device.history, &sources, quiet >= 2, &before));
        if self.only.is_some() {
            origin.story.push(format!("{:?}", before.state));
        }
        self.judge(&origin, broken);
        if goes_deeper && !self.patience.ends_with(&self.tally) {
            self.cut_all(&points, &origin, depth + 1);
        }
    }

    fn cycle(&mut self, device: &mut Device, records: bool, points: &mut Vec<Point>) -> Known {
        device.disk.records = records;
        device.disk.cache.clear();
        let (content, rest, _) = key(device, 0);
        if !records && let Some(known) = self.known.get(&(content, rest)) {
            *device = known.device.clone();
            return known.clone();
        }
        let (outcome, of_cycle) = device.cycle(self.world, Step::Boot);
        points.extend(of_cycle);
        device.disk.records = false;
        let known = Known {
            after: Observation::of(self.world, device),
            looks: device.disk.looks,
            outcome,
            device: device.clone(),
        };
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert((content, rest), known.clone());
        known
    }

    fn judge(&mut self, origin: &Origin, broken: Option<Invariant>) {
        if self.only.is_some() && !origin.path.is_empty() {
            println!("{}", origin.story.join("\n"));
        }
        let Some(invariant) = broken else { return };
        self.tally.violations += 1;
        let same = |told: &&Violation| told.invariant == invariant;
        if self.tally.told.iter().filter(same).count() < MOST_TOLD {
            self.tally.told.push(Violation {
                world: self.world.name.clone(),
                path: origin.path(),
                story: origin.story.clone(),
                invariant,
            });
        }
    }
}

/// A device by its content and its history.
fn key(device: &Device, depth: usize) -> (u128, u64, usize) {
    let mut hasher = DefaultHasher::new();
    format!("{:?} {:?}", device.disk.second_home, device.history).hash(&mut hasher);
    let content = device.disk.durable.fingerprint();
    content.hash(&mut hasher);
    (content, hasher.finish(), depth)
}

fn touches_state(world: &World, point: &Point) -> bool {
    use image_format::disk::{BLOCK_BYTES, Role, STATE_COPY_OFFSETS};
    let Some(partition) = world.layout.partition(Role::BootState) else {
        return false;
    };
    let unit = point.moment.durable.sector_bytes() as u64;
    point.moment.cache.iter().any(|(sector, _)| {
        let at = sector * unit - partition.offset_bytes;
        STATE_COPY_OFFSETS
            .into_iter()
            .any(|copy| (copy..copy + BLOCK_BYTES as u64).contains(&at))
    })
}
