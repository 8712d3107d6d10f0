//! What a loss of power leaves of the writes that were in the cache.

use crate::disk::{Disk, Moment};
use crate::sectors::{Sector, Sectors};
use boot_core::SecondHome;
use image_format::FLOORS_BYTES;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// With so many sectors in the cache every subset of them is tried in a full run.
const MOST_SUBSET_SECTORS: usize = 8;
/// A garbled sector is wrong within these.
const MOST_TELLING_BYTES: u64 = 128;

/// How far the enumeration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// Prefixes, and each sector alone missing or alone there.
    Bounded,
    /// All subsets, too.
    Full,
}

/// What became of the sector at which a write stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It holds what it held.
    Old,
    /// Its first half is new.
    Torn,
    /// One bit of it is wrong: only a checksum can tell.
    Garbled,
    /// It cannot be read.
    Unreadable,
    /// It was erased and not written: another garbage, for which no state is counted.
    Erased,
}

/// What became of the variable that is the second home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// It has the new record.
    Written,
    /// It is gone.
    Lost,
    /// It has half of the new record.
    Torn,
    /// It is there, and not of a record's kind.
    Unreadable,
}

/// What reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    /// The first so many sectors, in order, and the next one so.
    Prefix(usize, Edge),
    /// All.
    All,
    /// Those whose bit is set: others were dropped, or were to be written earlier.
    Subset(u64),
    /// The second home of the floors was being written.
    SecondHome(Variable),
}

impl Tear {
    /// Whether what it leaves counts as a state, and the recovery from it is cut again.
    pub(crate) fn counts(self) -> bool {
        !matches!(self, Self::Prefix(_, Edge::Erased))
    }
}

impl fmt::Display for Tear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(whole, edge) => {
                write!(f, "{whole} sectors written, the next one {edge:?}")
            }
            Self::All => f.write_str("all written"),
            Self::Subset(mask) => write!(f, "only the sectors {mask:#b} written"),
            Self::SecondHome(variable) => write!(f, "the second home {variable:?}"),
        }
    }
}

/// Every way in which the power may go away at `moment`.
pub(crate) fn tears(moment: &Moment, thoroughness: Thoroughness) -> Vec<Tear> {
    let sectors = moment.cache.len();
    let mut tears = vec![Tear::All];
    if moment.becomes.is_some() {
        let variables = [
            Variable::Written,
            Variable::Lost,
            Variable::Torn,
            Variable::Unreadable,
        ];
        tears.extend(variables.map(Tear::SecondHome));
    }
    for whole in 0..sectors {
        let edges = [Edge::Old, Edge::Torn, Edge::Garbled, Edge::Unreadable];
        tears.extend(edges.map(|edge| Tear::Prefix(whole, edge)));
    }
    let sectors = sectors.min(63);
    if sectors > 1 {
        let all = (1_u64 << sectors) - 1;
        tears.extend((0..sectors).map(|dropped| Tear::Subset(all & !(1 << dropped))));
        tears.extend((1..sectors).map(|alone| Tear::Subset(1 << alone)));
    }
    // Behind the others, so that a way has the same number in every run.
    if thoroughness == Thoroughness::Full && sectors <= MOST_SUBSET_SECTORS {
        tears.extend((1..1 << sectors).map(Tear::Subset));
    }
    if thoroughness == Thoroughness::Full {
        tears.extend((0..sectors).map(|whole| Tear::Prefix(whole, Edge::Erased)));
    }
    tears
}

/// The disk after it.
pub(crate) fn torn(moment: &Moment, tear: Tear) -> Disk {
    let mut disk = moment.disk();
    let durable = &mut disk.durable;
    for (index, (number, new)) in moment.cache.iter().enumerate() {
        let lands = match tear {
            Tear::Prefix(whole, edge) if index == whole => {
                if let Some(sector) = edge_sector(durable, *number, new, edge) {
                    durable.put(*number, sector);
                }
                false
            }
            Tear::Prefix(whole, _) => index < whole,
            Tear::All | Tear::SecondHome(_) => true,
            Tear::Subset(mask) => index < 64 && mask >> index & 1 == 1,
        };
        if lands {
            durable.put(*number, new.clone());
        }
    }
    disk.second_home = second_home_after(moment, tear);
    disk
}

/// The second home after it.
pub(crate) fn second_home_after(moment: &Moment, tear: Tear) -> SecondHome {
    let (Tear::SecondHome(variable), Some(new)) = (tear, moment.becomes) else {
        return moment.second_home;
    };
    match variable {
        Variable::Written => SecondHome::Record(new),
        Variable::Lost => SecondHome::Absent,
        Variable::Torn => half_written(new, moment.second_home),
        Variable::Unreadable => SecondHome::Unreadable,
    }
}

fn half_written(mut record: [u8; FLOORS_BYTES], before: SecondHome) -> SecondHome {
    let before = match before {
        SecondHome::Record(before) => before,
        SecondHome::None | SecondHome::Absent | SecondHome::Unreadable => [0; FLOORS_BYTES],
    };
    let half = FLOORS_BYTES / 2;
    record[half..].copy_from_slice(&before[half..]);
    SecondHome::Record(record)
}

/// What the sector holds at which a write of `new` stopped; `None`: what it held.
pub(crate) fn edge_sector(
    durable: &Sectors,
    number: u64,
    new: &Sector,
    edge: Edge,
) -> Option<Sector> {
    let unit = durable.sector_bytes();
    Some(match (edge, new.bytes()) {
        (Edge::Old, _) => return None,
        (Edge::Torn, Some(new)) => {
            let old = durable.get(number).unwrap_or(&[]);
            let mut bytes = new.to_vec();
            for (at, byte) in bytes.iter_mut().enumerate().skip(unit / 2) {
                *byte = old.get(at).copied().unwrap_or(0);
            }
            Sector::data(&bytes)
        }
        (Edge::Erased, _) => Sector::data(&vec![0xff; unit]),
        (Edge::Garbled, Some(new)) => Sector::data(&garbled(new)),
        (Edge::Torn | Edge::Garbled | Edge::Unreadable, _) => Sector::UNREADABLE,
    })
}

/// The bit is chosen by content, so that it is the same at every run, and lies where every
/// record has some of its fields.
fn garbled(new: &[u8]) -> Vec<u8> {
    let mut hasher = DefaultHasher::new();
    new.hash(&mut hasher);
    let bit = (hasher.finish() % (MOST_TELLING_BYTES * 8)) as usize;
    let mut bytes = new.to_vec();
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    bytes
}
