//! Which disks a loss of power may leave of a log.
//!
//! Between two flushes lies an *epoch*: until the second one returns, each of its writes may
//! have reached the disk or not. Every write of the log is a state: all up to it is there, in
//! order. Where an epoch writes outside of `writable` and of the parts of a slot, there are
//! more: such a write stopped at each of its sectors, which is old then or holds neither; and where there are several
//! such writes, each of them alone missing, and each alone there.

use std::fmt;
use std::io;

use super::replayed_disk::ReplayedDisk;
use super::write_log::{Request, SECTOR_BYTES};

/// How much of its epoch reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All up to this write.
    After,
    /// All before this write, and so many sectors of it, not all.
    Inside {
        /// How many.
        sectors: usize,
        /// What the next one holds.
        next: Edge,
    },
    /// All but this write.
    Missing,
    /// Nothing but this write.
    Alone,
}

/// What a sector holds at which a write stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// What it held before.
    Old,
    /// Neither that nor what was written.
    Garbled,
}

const GARBAGE: [u8; SECTOR_BYTES] = [0xa5; SECTOR_BYTES];

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After => f.write_str("after it"),
            Self::Inside { sectors, next } => {
                write!(f, "after {sectors} of its sectors")?;
                match next {
                    Edge::Old => Ok(()),
                    Edge::Garbled => f.write_str(", the next one is garbled"),
                }
            }
            Self::Missing => f.write_str("it is lost, what follows up to the flush is there"),
            Self::Alone => f.write_str("it is there, the others since the flush are lost"),
        }
    }
}

/// A disk that a loss of power may leave.
pub struct State {
    /// The request at which the power was lost, by its number in the log from 0 on.
    pub request: usize,
    /// And how.
    pub cut: Cut,
    /// What is left.
    pub disk: ReplayedDisk,
}

/// What lies between two flushes.
pub struct Epoch<'a> {
    /// The number of its first request in the log.
    pub first: usize,
    /// Its writes and discards, in their order.
    pub requests: &'a [Request<'a>],
}

/// The epochs of a log, in their order. Those without a write are left out.
#[must_use]
pub fn epochs<'a>(log: &'a [Request<'a>]) -> Vec<Epoch<'a>> {
    let mut first = 0;
    let mut epochs = Vec::new();
    for requests in log.split(|request| *request == Request::Flush) {
        if !requests.is_empty() {
            epochs.push(Epoch { first, requests });
        }
        first += requests.len() + 1;
    }
    epochs
}

impl Epoch<'_> {
    /// The disk once all of it is there.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn whole(&self, before: &ReplayedDisk) -> io::Result<ReplayedDisk> {
        self.some(before, |_| true)
    }

    /// All states of this epoch; `before` is the disk at the flush that it begins with.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn states(&self, before: &ReplayedDisk) -> io::Result<Vec<State>> {
        let places = before.places();
        let telling =
            |request: &Request<'_>| !(places.only_writable(request) || places.only_parts(request));
        let several = self.requests.iter().filter(|one| telling(one)).count() > 1;
        let mut states = Vec::new();
        let mut disk = before.clone();
        for (index, request) in self.requests.iter().enumerate() {
            let mut add = |cut, disk| {
                let request = self.first + index;
                states.push(State { request, cut, disk });
            };
            if telling(request) {
                for (cut, torn) in torn(&disk, request)? {
                    add(cut, torn);
                }
            }
            // Of a single one, both would be states that are there already.
            if telling(request) && several {
                add(Cut::Missing, self.some(before, |other| other != index)?);
                add(Cut::Alone, self.some(before, |other| other == index)?);
            }
            disk.apply(request)?;
            add(Cut::After, disk.clone());
        }
        Ok(states)
    }

    fn some(
        &self,
        before: &ReplayedDisk,
        lands: impl Fn(usize) -> bool,
    ) -> io::Result<ReplayedDisk> {
        let mut disk = before.clone();
        for (_, request) in self
            .requests
            .iter()
            .enumerate()
            .filter(|(index, _)| lands(*index))
        {
            disk.apply(request)?;
        }
        Ok(disk)
    }
}

/// A write that stopped at each of its sectors.
fn torn(disk: &ReplayedDisk, request: &Request<'_>) -> io::Result<Vec<(Cut, ReplayedDisk)>> {
    let Request::Write { sector, bytes } = *request else {
        return Ok(Vec::new());
    };
    let mut torn = Vec::new();
    let mut disk = disk.clone();
    for (sectors, (sector, bytes)) in (sector..).zip(bytes.chunks(SECTOR_BYTES)).enumerate() {
        let inside = |next| Cut::Inside { sectors, next };
        // Before the first one, that is the state before.
        if sectors > 0 {
            torn.push((inside(Edge::Old), disk.clone()));
        }
        let mut garbled = disk.clone();
        garbled.apply(&Request::Write {
            sector,
            bytes: &GARBAGE,
        })?;
        torn.push((inside(Edge::Garbled), garbled));
        disk.apply(&Request::Write { sector, bytes })?;
    }
    Ok(torn)
}

#[cfg(test)]
mod tests;
