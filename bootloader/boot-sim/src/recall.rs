//! Remembers what code under test did, by all that it read.
//!
//! A boot or an act knows of the device only what it reads from the disk and what it is
//! told (the key). Where both are as before it would do the same again, so it need not run
//! again: what it wrote is written, and it answers as before. Nothing is left out of the
//! comparison: each read is compared by the content of all of its sectors.

use crate::disk::Disk;
use crate::sectors::Sector;
use boot_core::SecondHome;
use std::collections::HashMap;
use std::ops::Range;

/// Runs that are remembered at most; then all are forgotten.
const MOST_RUNS: usize = 20_000;

/// What a run read before it wrote there itself, and what it wrote.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    /// Sectors in the order of the reads, and their fingerprint.
    pub(crate) reads: Vec<(Range<u64>, u128)>,
    /// Sectors that were written, the last content of each that was flushed.
    pub(crate) flushed: HashMap<u64, Sector>,
    pub(crate) looks: usize,
}

struct Run<A> {
    trace: Trace,
    /// Written and not flushed.
    cache: Vec<(u64, Sector)>,
    second_home: SecondHome,
    answer: A,
}

enum Node<A> {
    /// These sectors are read, and what they hold leads on.
    Reads(Range<u64>, Ways),
    /// Nothing more was read.
    Ends(Box<Run<A>>),
}

/// From a read to the next node, by what the sectors held. Most reads found one thing only.
enum Ways {
    One(u128, usize),
    Many(HashMap<u128, usize>),
}

impl Ways {
    fn get(&self, content: u128) -> Option<usize> {
        match self {
            Self::One(known, to) => (*known == content).then_some(*to),
            Self::Many(ways) => ways.get(&content).copied(),
        }
    }

    fn add(&mut self, content: u128, to: usize) {
        match self {
            Self::One(known, first) => {
                *self = Self::Many(HashMap::from([(*known, *first), (content, to)]));
            }
            Self::Many(ways) => drop(ways.insert(content, to)),
        }
    }
}

/// Runs of one kind, as a tree over their reads.
pub(crate) struct Recall<A> {
    roots: HashMap<u128, usize>,
    nodes: Vec<Node<A>>,
    runs: usize,
}

impl<A: Clone> Recall<A> {
    pub(crate) fn new() -> Self {
        Self {
            roots: HashMap::new(),
            nodes: Vec::new(),
            runs: 0,
        }
    }

    /// Runs, or does what a run did that was told and read the same. Where moments are
    /// noted, or something waits in the cache, it runs.
    pub(crate) fn run(
        &mut self,
        disk: &mut Disk,
        key: u128,
        run: impl FnOnce(&mut Disk) -> A,
    ) -> A {
        if disk.records || !disk.cache.is_empty() {
            return run(disk);
        }
        if let Some(known) = self.find(disk, key) {
            disk.replay(&known.trace, &known.cache);
            disk.second_home = known.second_home;
            return known.answer.clone();
        }
        disk.trace = Some(Trace::default());
        let looks = disk.looks;
        let answer = run(disk);
        if let Some(mut trace) = disk.trace.take() {
            trace.looks = disk.looks - looks;
            let run = Run {
                trace,
                cache: disk.cache.clone(),
                second_home: disk.second_home,
                answer: answer.clone(),
            };
            self.keep(key, run);
        }
        answer
    }

    /// How many runs are remembered.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.runs
    }

    fn find(&self, disk: &Disk, key: u128) -> Option<&Run<A>> {
        let mut at = *self.roots.get(&key)?;
        loop {
            match &self.nodes[at] {
                Node::Ends(run) => return Some(run),
                Node::Reads(span, ways) => {
                    at = ways.get(disk.durable.fingerprint_of(span.clone()))?;
                }
            }
        }
    }

    fn keep(&mut self, key: u128, mut run: Run<A>) {
        if self.runs >= MOST_RUNS {
            *self = Self::new();
        }
        self.runs += 1;
        let reads = std::mem::take(&mut run.trace.reads);
        let mut rest = reads.iter();
        // As far as another run read the same.
        let mut at = self.roots.get(&key).copied();
        let mut last = None;
        while let Some(node) = at {
            let (Node::Reads(span, ways), Some((read, content))) = (&self.nodes[node], rest.next())
            else {
                panic!("the same reads had another end");
            };
            assert_eq!(span, read, "the same reads were followed by different ones");
            last = Some((node, *content));
            at = ways.get(*content);
        }
        let new = self.nodes.len();
        match last {
            None => drop(self.roots.insert(key, new)),
            Some((node, content)) => {
                if let Node::Reads(_, ways) = &mut self.nodes[node] {
                    ways.add(content, new);
                }
            }
        }
        for (place, (read, content)) in (new + 1..).zip(rest) {
            let on = Ways::One(*content, place);
            self.nodes.push(Node::Reads(read.clone(), on));
        }
        self.nodes.push(Node::Ends(Box::new(run)));
    }
}

#[cfg(test)]
mod tests;
