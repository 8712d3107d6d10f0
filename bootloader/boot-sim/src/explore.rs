//! Cuts the power at every moment of a sequence, in every way, and again at every moment of
//! the boot that recovers from that.

use crate::cut::{Thoroughness, tears, torn};
use crate::device::{Device, Memory, Outcome, Point};
use crate::effort::{Effort, Patience};
use crate::invariant::{Invariant, MOST_CYCLES, broken_at_cut, broken_at_end, broken_by_cycle};
use crate::observation::Observation;
use crate::sectors::fingerprint;
use crate::tally::{Origin, Tally, Violation};
use crate::world::{End, ImageId, Step, World};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Cuts in a row, at most.
const DEEPEST: usize = 3;
/// Violations of one invariant in one world that are told.
const MOST_TOLD: usize = 1;

pub(crate) struct Explorer<'a> {
    world: &'a World,
    effort: Effort,
    patience: Patience,
    thoroughness: Thoroughness,
    /// Only this path is followed, and told.
    only: Option<Vec<(usize, usize)>>,
    /// States that were booted to their end, and the fewest cuts that led there.
    seen: HashMap<u128, usize>,
    memory: Memory,
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
        let mut memory = Memory::new();
        let first = Observation::of(world, &mut Device::new(world), &mut memory);
        Self {
            world,
            effort,
            patience,
            thoroughness,
            only,
            seen: HashMap::new(),
            memory,
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
        let mut points = Vec::new();
        let mut before = self.look(&mut device);
        for step in &self.world.steps {
            device.disk.records = true;
            let (cycle, of_step) = self.cycle(&mut device, *step);
            points.extend(of_step);
            let broken = self.broken_by(&cycle, &device, &before);
            self.judge(&Origin::default(), broken);
            before = cycle.after;
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
            let tears = tears(&point.moment, self.thoroughness);
            for (way, tear) in tears.into_iter().enumerate() {
                if !self.is_asked_for((at, way), depth) {
                    continue;
                }
                let device = Device::after_cut(point, torn(&point.moment, tear));
                self.tally.cuts += 1;
                if depth == 1 && !self.is_chosen(&device) {
                    continue;
                }
                if tear.counts() && !self.is_news(&device, depth) {
                    continue;
                }
                let story = format!("cut {depth} at moment {at}: {tear}");
                let depth = if tear.counts() { depth } else { DEEPEST };
                self.settle(device, &origin.then((at, way), story), depth);
                if self.patience.ends_with(&self.tally) {
                    return;
                }
            }
        }
    }

    /// Counts a state that was not there before. One that was there after more cuts is
    /// settled again, since the recovery from it may be cut more often now.
    fn is_news(&mut self, device: &Device, depth: usize) -> bool {
        let fewest = self.seen.entry(key(device));
        if matches!(fewest, Entry::Vacant(_)) {
            self.tally.states += 1;
        }
        let fewest = fewest.or_insert(usize::MAX);
        let is_news = depth < *fewest;
        *fewest = depth.min(*fewest);
        is_news
    }

    /// Whether a state after one cut is looked at.
    fn is_chosen(&self, device: &Device) -> bool {
        let one_in = self.effort.first_cuts;
        one_in == 1 || self.only.is_some() || key(device).is_multiple_of(one_in.into())
    }

    fn is_asked_for(&self, cut: (usize, usize), depth: usize) -> bool {
        let asked_for = |path: &Vec<_>| path.get(depth - 1) == Some(&cut);
        self.only.as_ref().is_none_or(asked_for)
    }

    /// Whether the boot that recovers from this state is cut, too.
    fn goes_deeper(&self, device: &Device, depth: usize) -> bool {
        if let Some(path) = &self.only {
            return path.len() > depth;
        }
        let one_in = match depth {
            1 => {
                let one_in = self.effort.second_cuts;
                one_in.map(|one_in| one_in * self.world.second_cuts_after)
            }
            2 => self.effort.third_cuts,
            _ => None,
        };
        one_in.is_some_and(|one_in| key(device).is_multiple_of(one_in.into()))
    }

    /// Boots until the device is at rest, and holds every cycle against the promises.
    fn settle(&mut self, mut device: Device, origin: &Origin, depth: usize) {
        let goes_deeper = self.goes_deeper(&device, depth);
        let mut origin = origin.clone();
        let mut points = Vec::new();
        let mut before = self.look(&mut device);
        let mut broken = broken_at_cut(self.world, &device.history, &before, self.copies_at_first);
        let mut started: Vec<ImageId> = Vec::new();
        let mut quiet = 0;
        for number in 1..=MOST_CYCLES {
            if broken.is_some() {
                break;
            }
            device.disk.records = number == 1 && goes_deeper;
            device.disk.cache.clear();
            let (cycle, of_cycle) = self.cycle(&mut device, self.world.recovery);
            points.extend(of_cycle);
            broken = self.broken_by(&cycle, &device, &before);
            if self.only.is_some() {
                let line = format!("boot {number}: {:?}", cycle.outcome);
                origin.story.push(line);
            }
            if let Outcome::Started(image) = cycle.outcome {
                let same = before.at_rest() == cycle.after.at_rest();
                let again = same && started.last() == Some(&image);
                quiet = if again { quiet + 1 } else { 0 };
                started.push(image);
            }
            before = cycle.after;
            if quiet == 2 && self.world.end != End::RescueInTurn {
                break;
            }
        }
        let broken = broken
            .or_else(|| broken_at_end(self.world, &device.history, &started, quiet >= 2, &before));
        if self.only.is_some() {
            origin.story.push(format!("{:?}", before.state));
        }
        self.judge(&origin, broken);
        if goes_deeper && !self.patience.ends_with(&self.tally) {
            self.cut_all(&points, &origin, depth + 1);
        }
    }

    fn cycle(&mut self, device: &mut Device, step: Step) -> (Cycle, Vec<Point>) {
        let (outcome, points) = device.cycle(self.world, step, &mut self.memory);
        device.disk.records = false;
        let cycle = Cycle {
            outcome,
            looks: device.disk.looks,
            after: self.look(device),
        };
        (cycle, points)
    }

    fn look(&mut self, device: &mut Device) -> Observation {
        Observation::of(self.world, device, &mut self.memory)
    }

    fn broken_by(&self, cycle: &Cycle, device: &Device, before: &Observation) -> Option<Invariant> {
        let Cycle {
            outcome,
            looks,
            after,
        } = cycle;
        let history = &device.history;
        broken_by_cycle(self.world, history, before, outcome, *looks, after)
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

/// What can be told of a boot and what its system did.
struct Cycle {
    outcome: Outcome,
    looks: usize,
    after: Observation,
}

/// A device by its content and its history.
fn key(device: &Device) -> u128 {
    let content = device.disk.durable.fingerprint();
    fingerprint(&(content, device.second_home_key(), device.history))
}

fn touches_state(world: &World, point: &Point) -> bool {
    use image_format::disk::{BLOCK_BYTES, Role, STATE_COPY_OFFSETS};
    let Some(partition) = world.layout.partition(Role::BootState) else {
        return false;
    };
    let unit = point.moment.durable.sector_bytes() as u64;
    point.moment.cache.iter().any(|(sector, _)| {
        let at = sector * unit;
        STATE_COPY_OFFSETS.into_iter().any(|copy| {
            let start = partition.offset_bytes + copy;
            (start..start + BLOCK_BYTES as u64).contains(&at)
        })
    })
}
