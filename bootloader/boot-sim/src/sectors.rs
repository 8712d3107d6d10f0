//! What a disk holds, as the sectors that differ from a shared base image: a state of the
//! device costs some dozen pointers, and its fingerprint is kept as it changes.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// One sector and the fingerprint of what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Sector {
    /// `None`: it reads as an error, until it is written again.
    bytes: Option<Arc<[u8]>>,
    print: u128,
}

impl Sector {
    pub(crate) const UNREADABLE: Self = Self {
        bytes: None,
        print: 0,
    };

    /// It reads as these. Zeros are most of what is written, and are kept once.
    pub(crate) fn data(bytes: &[u8]) -> Self {
        static ZEROS: [OnceLock<Sector>; 2] = [OnceLock::new(), OnceLock::new()];
        if bytes.iter().all(|byte| *byte == 0) {
            let zeros = &ZEROS[usize::from(bytes.len() > 512)];
            let zeros = zeros.get_or_init(|| Self::holding(bytes));
            if zeros.bytes().map(<[u8]>::len) == Some(bytes.len()) {
                return zeros.clone();
            }
        }
        Self::holding(bytes)
    }

    fn holding(bytes: &[u8]) -> Self {
        Self {
            print: fingerprint(bytes),
            bytes: Some(bytes.into()),
        }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// Its share in the fingerprint of the disk.
    fn share(&self, number: u64) -> u128 {
        fingerprint(&(number, self.print))
    }
}

/// 128 bits, so that states which differ are not taken for one.
pub(crate) fn fingerprint(content: &(impl Hash + ?Sized)) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        content.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// A base image and the sectors that differ from it, each with its share.
#[derive(Clone)]
pub(crate) struct Sectors {
    /// Mostly zeros that nobody ever touched, which cost no memory.
    base: Arc<Vec<u8>>,
    sector_bytes: usize,
    changed: BTreeMap<u64, (Sector, u128)>,
    /// The sum of all shares.
    fingerprint: u128,
}

impl Sectors {
    pub(crate) fn new(base: Arc<Vec<u8>>, sector_bytes: usize) -> Self {
        Self {
            base,
            sector_bytes,
            changed: BTreeMap::new(),
            fingerprint: 0,
        }
    }

    pub(crate) fn sector_bytes(&self) -> usize {
        self.sector_bytes
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.base.len() as u64
    }

    /// The sectors that hold the `length` bytes from `start` on.
    pub(crate) fn span(&self, start: u64, length: u64) -> Range<u64> {
        let unit = self.sector_bytes as u64;
        start / unit..(start + length).div_ceil(unit)
    }

    /// The bytes of a sector; `None` when it cannot be read.
    pub(crate) fn get(&self, number: u64) -> Option<&[u8]> {
        match self.changed.get(&number) {
            Some((sector, _)) => sector.bytes(),
            None => Some(self.of_base(number)),
        }
    }

    /// What the base holds from `start` on, if nothing there was ever changed.
    pub(crate) fn unchanged(&self, start: u64, length: usize) -> Option<&[u8]> {
        let span = self.span(start, length as u64);
        match self.changed.range(span).next() {
            None => self.base.get(start as usize..start as usize + length),
            Some(_) => None,
        }
    }

    /// Whether these bytes lie there, from the start of a sector on.
    pub(crate) fn holds(&self, offset_bytes: u64, bytes: &[u8]) -> bool {
        let first = offset_bytes / self.sector_bytes as u64;
        let mut sectors = (first..).zip(bytes.chunks(self.sector_bytes));
        sectors.all(|(number, part)| self.get(number).is_some_and(|have| have.starts_with(part)))
    }

    /// Writes one. What equals the base is no change: states are compared by content.
    pub(crate) fn put(&mut self, number: u64, sector: Sector) {
        self.fingerprint = self.fingerprint.wrapping_add(self.change(number, &sector));
        if self.is_of_base(number, &sector) {
            self.changed.remove(&number);
        } else {
            let share = sector.share(number);
            self.changed.insert(number, (sector, share));
        }
    }

    /// What would be added to the fingerprint if this one were written.
    pub(crate) fn change(&self, number: u64, sector: &Sector) -> u128 {
        let before = self.changed.get(&number).map_or(0, |(_, share)| *share);
        let after = match self.is_of_base(number, sector) {
            true => 0,
            false => sector.share(number),
        };
        after.wrapping_sub(before)
    }

    fn is_of_base(&self, number: u64, sector: &Sector) -> bool {
        sector.bytes() == Some(self.of_base(number))
    }

    /// Whether one of these differs from the base.
    pub(crate) fn changed_inside(&self, span: Range<u64>) -> bool {
        self.changed.range(span).next().is_some()
    }

    /// Whether a sector outside of all `spans` differs from the base.
    pub(crate) fn changed_outside(&self, spans: &[Range<u64>]) -> bool {
        self.changed
            .keys()
            .any(|number| !spans.iter().any(|span| span.contains(number)))
    }

    /// A fingerprint of the content, for one base.
    pub(crate) fn fingerprint(&self) -> u128 {
        self.fingerprint
    }

    /// The same of a part of the disk.
    pub(crate) fn fingerprint_of(&self, span: Range<u64>) -> u128 {
        let changed = self.changed.range(span);
        changed.fold(0, |sum, (_, (_, share))| sum.wrapping_add(*share))
    }

    fn of_base(&self, number: u64) -> &[u8] {
        let start = number as usize * self.sector_bytes;
        &self.base[start..start + self.sector_bytes]
    }
}
