//! Cuts the power at every moment of a sequence, in every way, and again at every moment of
//! the boot that recovers from that.

use crate::course::Course;
use crate::cut::{Tear, Thoroughness, second_home_after, tears, torn};
use crate::device::{Device, Memory, Outcome, Point, key};
use crate::effort::{Effort, Patience};
use crate::forecast::Forecast;
use crate::invariant::{Invariant, MOST_CYCLES, broken_at_cut, broken_at_end, broken_by_cycle};
use crate::observation::Observation;
use crate::sectors::fingerprint;
use crate::tally::{Origin, Tally, Violation};
use crate::world::{End, Step, World};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

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
    /// Those for which no state is counted.
    uncounted: HashSet<u128>,
    /// What came of devices that were some boots on their way to rest.
    ends: HashMap<u128, Option<Invariant>>,
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
            uncounted: HashSet::new(),
            ends: HashMap::new(),
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
        let points = self.play();
        if !self.patience.ends_with(&self.tally) {
            self.cut_all(&points, &Origin::default(), 1);
        }
        self.tally
    }

    /// The moments of the sequence.
    fn play(&mut self) -> Vec<Point> {
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
        points
    }

    fn cut_all(&mut self, points: &[Point], origin: &Origin, depth: usize) {
        for (at, point) in points.iter().enumerate() {
            if depth > 2 && !touches_state(self.world, point) {
                continue;
            }
            let moment = &point.moment;
            let forecast = Forecast::new(moment);
            let history = point.history.after_cut();
            let mut met = HashSet::new();
            for (way, tear) in tears(moment, self.thoroughness).into_iter().enumerate() {
                if !self.is_asked_for((at, way), depth) {
                    continue;
                }
                self.tally.cuts += 1;
                let content = forecast.content_after(tear);
                let second_home = second_home_after(moment, tear);
                if second_home == moment.second_home && !met.insert(content) {
                    continue;
                }
                let key = key(content, second_home, &history);
                if depth == 1 && !self.is_chosen(key) || !self.is_news(key, tear, depth) {
                    continue;
                }
                let device = Device::after_cut(point, torn(moment, tear));
                debug_assert_eq!(device.key(), key, "another disk than was foreseen");
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
    fn is_news(&mut self, key: u128, tear: Tear, depth: usize) -> bool {
        if !tear.counts() {
            return !self.seen.contains_key(&key) && self.uncounted.insert(key);
        }
        let fewest = self.seen.entry(key);
        if matches!(fewest, Entry::Vacant(_)) {
            self.tally.states += 1;
        }
        let fewest = fewest.or_insert(usize::MAX);
        let is_news = depth < *fewest;
        *fewest = depth.min(*fewest);
        is_news
    }

    /// Whether a state after one cut is looked at.
    fn is_chosen(&self, key: u128) -> bool {
        let one_in = self.effort.first_cuts;
        one_in == 1 || self.only.is_some() || key.is_multiple_of(one_in.into())
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
                one_in.map(|one_in| one_in.max(self.world.second_cuts_after))
            }
            2 => {
                let one_in = self.effort.third_cuts;
                one_in.map(|one_in| one_in.max(self.world.third_cuts_after))
            }
            _ => None,
        };
        one_in.is_some_and(|one_in| one_in == 1 || device.key().is_multiple_of(one_in.into()))
    }

    /// Boots until the device is at rest, and holds every cycle against the promises. From
    /// where another device was on its way the end is known.
    fn settle(&mut self, mut device: Device, origin: &Origin, depth: usize) {
        let goes_deeper = self.goes_deeper(&device, depth);
        let mut origin = origin.clone();
        let mut points = Vec::new();
        let mut before = self.look(&mut device);
        let mut course = Course::default();
        let mut stations = Vec::new();
        let mut end =
            broken_at_cut(self.world, &device.history, &before, self.copies_at_first).map(Some);
        while end.is_none() {
            device.disk.records = course.started.is_empty() && goes_deeper;
            device.disk.cache.clear();
            let (cycle, of_cycle) = self.cycle(&mut device, self.world.recovery);
            points.extend(of_cycle);
            let broken = self.broken_by(&cycle, &device, &before);
            if let Outcome::Started(image) = cycle.outcome {
                course.add(image, before.at_rest() == cycle.after.at_rest());
            }
            before = cycle.after;
            end = match broken {
                Some(_) => Some(broken),
                None => self.end_of(&course, &device, &before),
            };
            if self.only.is_some() {
                let line = format!("boot {}: {:?}", course.started.len(), cycle.outcome);
                origin.story.push(line);
            } else if end.is_none() {
                let station = fingerprint(&(device.key(), course.key(self.world)));
                stations.push(station);
                end = self.ends.get(&station).copied();
            }
        }
        let broken = end.flatten();
        let known = stations.into_iter().map(|station| (station, broken));
        self.ends.extend(known);
        if self.only.is_some() {
            origin.story.push(format!("{:?}", before.state));
        }
        self.judge(&origin, broken);
        if goes_deeper && !self.patience.ends_with(&self.tally) {
            self.cut_all(&points, &origin, depth + 1);
        }
    }

    /// What the boots up to now came to, if they were the last ones.
    fn end_of(
        &self,
        course: &Course,
        device: &Device,
        last: &Observation,
    ) -> Option<Option<Invariant>> {
        let world = self.world;
        let started = &course.started;
        let at_rest = course.is_at_rest();
        let ends = started.len() == MOST_CYCLES || at_rest && world.end != End::RescueInTurn;
        ends.then(|| broken_at_end(world, &device.history, started, at_rest, last))
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

#[cfg(test)]
mod tests;
