//! What a disk holds, as the sectors that differ from a shared base image: a state of the
//! device costs some dozen pointers.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// One sector.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sector {
    /// It reads as this.
    Data(Arc<[u8]>),
    /// It reads as an error, until it is written again.
    Unreadable,
}

/// A base image and the sectors that differ from it.
#[derive(Clone)]
pub(crate) struct Sectors {
    /// Mostly zeros that nobody ever touched, which cost no memory.
    base: Arc<Vec<u8>>,
    sector_bytes: usize,
    changed: BTreeMap<u64, Sector>,
}

impl Sectors {
    pub(crate) fn new(base: Arc<Vec<u8>>, sector_bytes: usize) -> Self {
        Self {
            base,
            sector_bytes,
            changed: BTreeMap::new(),
        }
    }

    pub(crate) fn sector_bytes(&self) -> usize {
        self.sector_bytes
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.base.len() as u64
    }

    /// The bytes of a sector; `None` when it cannot be read.
    pub(crate) fn get(&self, number: u64) -> Option<&[u8]> {
        match self.changed.get(&number) {
            Some(Sector::Data(bytes)) => Some(bytes),
            Some(Sector::Unreadable) => None,
            None => Some(self.of_base(number)),
        }
    }

    /// What the base holds from `start` on, if nothing there was ever changed.
    pub(crate) fn unchanged(&self, start: u64, length: usize) -> Option<&[u8]> {
        let end = start + length as u64;
        let unit = self.sector_bytes as u64;
        let mut touched = self.changed.range(start / unit..end.div_ceil(unit));
        match touched.next() {
            None => self.base.get(start as usize..end as usize),
            Some(_) => None,
        }
    }

    /// Writes one. What equals the base is no change: states are compared by content.
    pub(crate) fn put(&mut self, number: u64, sector: Sector) {
        if matches!(&sector, Sector::Data(bytes) if **bytes == *self.of_base(number)) {
            self.changed.remove(&number);
        } else {
            self.changed.insert(number, sector);
        }
    }

    /// The numbers of the sectors that differ.
    pub(crate) fn changed(&self) -> impl Iterator<Item = u64> {
        self.changed.keys().copied()
    }

    /// A fingerprint of the content, for one base.
    pub(crate) fn fingerprint(&self) -> u128 {
        let half = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            self.changed.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(1) << 64 | half(2)
    }

    fn of_base(&self, number: u64) -> &[u8] {
        let start = number as usize * self.sector_bytes;
        &self.base[start..start + self.sector_bytes]
    }
}
