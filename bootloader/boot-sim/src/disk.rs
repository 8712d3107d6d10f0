//! The disk of the simulated device: it keeps writes in a volatile cache until it is told to
//! flush, and notes every moment at which a loss of power would matter.
//!
//! The second home of the floors is here too, since the same cut hits it.

use crate::recall::Trace;
use crate::sectors::{Sector, Sectors};
use boot_core::SecondHome;
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use image_format::FLOORS_BYTES;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;

/// More requests than any boot or act has reason for.
const MOST_REQUESTS: usize = 50_000;

/// A boot that never ends, carried by a panic through the code under test.
pub(crate) struct Runaway;

/// What became of a card over the years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wear {
    /// It keeps what it is given.
    None,
    /// It takes writes and keeps nothing of them.
    KeepsNothing,
}

/// A read that never returns, carried by a panic through the code under test.
pub(crate) struct Stuck;

/// What outlasts a loss of power, and the cache that does not.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) durable: Sectors,
    pub(crate) cache: Vec<(u64, Sector)>,
    pub(crate) second_home: SecondHome,
    position: u64,
    requests: usize,
    /// Where envelopes lie, and how often one was looked at since the power came.
    pub(crate) watched: Arc<[u64]>,
    pub(crate) looks: usize,
    pub(crate) wear: Wear,
    /// Where a read never returns.
    pub(crate) deadly: Arc<[u64]>,
    /// Whether moments are noted.
    pub(crate) records: bool,
    pub(crate) moments: Vec<Moment>,
    /// Of a run that is to be remembered.
    pub(crate) trace: Option<Trace>,
}

/// A moment at which the power may go away: some of the cache may have reached the disk.
#[derive(Clone)]
pub(crate) struct Moment {
    pub(crate) durable: Sectors,
    pub(crate) cache: Vec<(u64, Sector)>,
    pub(crate) second_home: SecondHome,
    /// What the second home is being changed to.
    pub(crate) becomes: Option<[u8; FLOORS_BYTES]>,
    watched: Arc<[u64]>,
    wear: Wear,
    deadly: Arc<[u64]>,
}

impl Moment {
    /// The disk when the power is back: what had reached it, and nothing in the cache.
    pub(crate) fn disk(&self) -> Disk {
        let mut disk = Disk::new(self.durable.clone(), self.second_home);
        disk.watched = Arc::clone(&self.watched);
        disk.wear = self.wear;
        disk.deadly = Arc::clone(&self.deadly);
        disk
    }
}

impl Disk {
    pub(crate) fn new(durable: Sectors, second_home: SecondHome) -> Self {
        Self {
            durable,
            cache: Vec::new(),
            second_home,
            position: 0,
            requests: 0,
            watched: Arc::from([]),
            looks: 0,
            wear: Wear::None,
            deadly: Arc::from([]),
            records: false,
            moments: Vec::new(),
            trace: None,
        }
    }

    /// The power goes away and comes back. A reset without that loses the cache too, here:
    /// nothing promises that it does not.
    pub(crate) fn power_cycle(&mut self) {
        self.cache.clear();
        self.count_anew();
        self.looks = 0;
    }

    /// Whoever comes next has all the requests that there are.
    pub(crate) fn count_anew(&mut self) {
        self.requests = 0;
    }

    /// The moments since the last call. What is still in the cache makes one more.
    pub(crate) fn take_moments(&mut self) -> Vec<Moment> {
        if self.records && !self.cache.is_empty() {
            self.note(None);
        }
        std::mem::take(&mut self.moments)
    }

    pub(crate) fn write_second_home(&mut self, record: [u8; FLOORS_BYTES]) {
        self.note(Some(record));
        self.second_home = SecondHome::Record(record);
    }

    fn note(&mut self, becomes: Option<[u8; FLOORS_BYTES]>) {
        if self.records {
            self.moments.push(Moment {
                durable: self.durable.clone(),
                cache: self.cache.clone(),
                second_home: self.second_home,
                becomes,
                watched: Arc::clone(&self.watched),
                wear: self.wear,
                deadly: Arc::clone(&self.deadly),
            });
        }
    }

    fn count_request(&mut self) {
        self.requests += 1;
        if self.requests > MOST_REQUESTS {
            resume_unwind(Box::new(Runaway));
        }
    }

    /// What a run does that was traced.
    pub(crate) fn replay(&mut self, trace: &Trace, cache: &[(u64, Sector)]) {
        for (number, sector) in &trace.flushed {
            self.durable.put(*number, sector.clone());
        }
        self.cache.extend_from_slice(cache);
        self.looks += trace.looks;
    }

    /// Whether these sectors are as the base has them, which counts as reading them.
    pub(crate) fn is_untouched(&mut self, span: Range<u64>) -> bool {
        self.trace_read(span.clone());
        !self.durable.changed_inside(span)
    }

    /// Notes what of `span` a run knows from the disk, and not because it wrote it itself.
    fn trace_read(&mut self, span: Range<u64>) {
        let Some(trace) = &mut self.trace else { return };
        let own = |number: &u64| {
            trace.flushed.contains_key(number) || self.cache.iter().any(|(at, _)| at == number)
        };
        let mut first = span.start;
        let mut ends: Vec<u64> = Vec::new();
        if !(trace.flushed.is_empty() && self.cache.is_empty()) {
            ends.extend(span.clone().filter(own));
        }
        ends.push(span.end);
        for end in ends {
            if first < end {
                let content = self.durable.fingerprint_of(first..end);
                trace.reads.push((first..end, content));
            }
            first = end + 1;
        }
    }

    fn sector(&self, number: u64) -> Option<&[u8]> {
        match self.cache.iter().rev().find(|(at, _)| *at == number) {
            Some((_, cached)) => cached.bytes(),
            None => self.durable.get(number),
        }
    }
}

impl ErrorType for Disk {
    type Error = ErrorKind;
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.count_request();
        let left = self.durable.length_bytes().saturating_sub(self.position);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..length];
        let start = self.position;
        if self.deadly.contains(&start) {
            resume_unwind(Box::new(Stuck));
        }
        if self.watched.contains(&start) {
            self.looks += 1;
        }
        if length > 0 {
            self.trace_read(self.durable.span(start, length as u64));
        }
        if self.cache.is_empty()
            && let Some(bytes) = self.durable.unchanged(start, length)
        {
            buffer.copy_from_slice(bytes);
        } else {
            let unit = self.durable.sector_bytes();
            let mut done = 0;
            while done < length {
                let at = start + done as u64;
                let skip = (at % unit as u64) as usize;
                let sector = self.sector(at / unit as u64).ok_or(ErrorKind::Other)?;
                let part = (unit - skip).min(length - done);
                buffer[done..done + part].copy_from_slice(&sector[skip..skip + part]);
                done += part;
            }
        }
        self.position += length as u64;
        Ok(length)
    }
}

impl Write for Disk {
    /// Takes whole sectors only, as everything that is written in the field is a whole
    /// block.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.count_request();
        let unit = self.durable.sector_bytes();
        let is_whole =
            self.position.is_multiple_of(unit as u64) && bytes.len().is_multiple_of(unit);
        if !is_whole || self.position + bytes.len() as u64 > self.durable.length_bytes() {
            return Err(ErrorKind::InvalidInput);
        }
        let first = self.position / unit as u64;
        let kept = match self.wear {
            Wear::None => bytes,
            Wear::KeepsNothing => &[],
        };
        for (number, sector) in (first..).zip(kept.chunks(unit)) {
            self.cache.push((number, Sector::data(sector)));
        }
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.count_request();
        if !self.cache.is_empty() {
            self.note(None);
        }
        for (number, sector) in self.cache.drain(..) {
            if let Some(trace) = &mut self.trace {
                trace.flushed.insert(number, sector.clone());
            }
            self.durable.put(number, sector);
        }
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::End(0) => self.durable.length_bytes(),
            _ => return Err(ErrorKind::Unsupported),
        };
        Ok(self.position)
    }
}
