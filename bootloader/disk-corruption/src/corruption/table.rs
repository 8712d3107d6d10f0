//! The partition tables, field by field, with and without their checksums put right.

use super::{CRC, Damage, Patch, Subject};
use crate::map::Table;
use crate::random::Random;
use std::ops::Range;

/// Fields of the header but for its checksums: UEFI 2.10, section 5.3.2.
const HEADER_FIELDS: [Range<usize>; 11] = [
    0..8,
    8..12,
    12..16,
    24..32,
    32..40,
    40..48,
    48..56,
    56..72,
    72..80,
    80..84,
    84..88,
];
const HEADER_CHECKSUM: Range<usize> = 16..20;
const ENTRIES_CHECKSUM: Range<usize> = 88..92;
const HEADER_USED: usize = 92;

/// Fields of an entry: section 5.3.3.
const ENTRY_FIELDS: [Range<usize>; 5] = [0..16, 16..32, 32..40, 40..48, 48..56];
const ENTRY_BYTES: usize = 128;
const OUR_ENTRIES: u64 = 6;

pub(super) fn damage(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let [primary, backup] = &subject.map.tables;
    let (tables, which) = match random.below(4) {
        0 | 1 => (vec![primary], "the primary table"),
        2 => (vec![backup], "the backup table"),
        _ => (vec![primary, backup], "both tables"),
    };
    let edit = Edit::random(random);
    let recomputed = random.one_in(2);
    let patches = tables
        .iter()
        .flat_map(|table| edited(subject, table, &edit, recomputed))
        .collect();
    let (kind, sums) = match recomputed {
        true => ("table, forged", "with its checksums put right"),
        false => ("table", "with its old checksums"),
    };
    Damage::new(kind, format!("{which}: {edit:x?}, {sums}"), patches)
}

/// The same for both tables.
#[derive(Debug)]
enum Edit {
    Header(Range<usize>, Vec<u8>),
    Entry(u64, Range<usize>, Vec<u8>),
    /// A field of one entry as another one has it.
    Doubled(Range<usize>, u64, u64),
    /// Two partitions change places, or roles.
    Swapped(Range<usize>, u64, u64),
    /// A partition begins or ends a few sectors off.
    Moved(u64, Range<usize>, i64),
}

impl Edit {
    fn random(random: &mut Random) -> Self {
        let entry = random.below(OUR_ENTRIES);
        let other = (entry + 1 + random.below(OUR_ENTRIES - 1)) % OUR_ENTRIES;
        let field = random.pick(&ENTRY_FIELDS).clone();
        match random.below(6) {
            0 | 1 => {
                let field = random.pick(&HEADER_FIELDS).clone();
                let value = value(random, field.len());
                Self::Header(field, value)
            }
            2 => {
                let value = value(random, field.len());
                Self::Entry(entry, field, value)
            }
            3 => Self::Doubled(field, entry, other),
            4 => Self::Swapped(random.pick(&[0..16, 32..48]).clone(), entry, other),
            _ => {
                let by = random.below(4096) as i64 - 2048;
                Self::Moved(entry, random.pick(&[32..40, 40..48]).clone(), by)
            }
        }
    }

    fn apply(&self, header: &mut [u8], entries: &mut [u8]) {
        let place = |entry: u64, field: &Range<usize>| {
            let start = entry as usize * ENTRY_BYTES;
            start + field.start..start + field.end
        };
        match self {
            Self::Header(field, value) => header[field.clone()].copy_from_slice(value),
            Self::Entry(entry, field, value) => {
                entries[place(*entry, field)].copy_from_slice(value);
            }
            Self::Doubled(field, entry, other) => {
                let value = entries[place(*other, field)].to_vec();
                entries[place(*entry, field)].copy_from_slice(&value);
            }
            Self::Swapped(field, entry, other) => {
                let of_other = entries[place(*other, field)].to_vec();
                let of_entry = entries[place(*entry, field)].to_vec();
                entries[place(*entry, field)].copy_from_slice(&of_other);
                entries[place(*other, field)].copy_from_slice(&of_entry);
            }
            Self::Moved(entry, field, by) => {
                let place = place(*entry, field);
                let mut value = [0; 8];
                value.copy_from_slice(&entries[place.clone()]);
                let moved = u64::from_le_bytes(value).wrapping_add_signed(*by);
                entries[place].copy_from_slice(&moved.to_le_bytes());
            }
        }
    }
}

fn value(random: &mut Random, length: usize) -> Vec<u8> {
    match random.below(4) {
        0 => vec![0; length],
        1 => vec![0xff; length],
        2 => {
            let mut small = vec![0; length];
            small[0] = random.next() as u8;
            small
        }
        _ => random.bytes(length),
    }
}

fn edited(subject: &Subject<'_>, table: &Table, edit: &Edit, recomputed: bool) -> [Patch; 2] {
    let mut header = subject.disk.bytes(&table.header);
    let mut entries = subject.disk.bytes(&table.entries);
    edit.apply(&mut header, &mut entries);
    if recomputed {
        let count = header.get(80..84).and_then(<[u8]>::first_chunk);
        let count = count.map_or(0, |count| u32::from_le_bytes(*count)) as usize;
        let covered = count.saturating_mul(ENTRY_BYTES).min(entries.len());
        let sum = CRC.checksum(&entries[..covered]);
        header[ENTRIES_CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        header[HEADER_CHECKSUM].fill(0);
        let sum = CRC.checksum(&header[..HEADER_USED]);
        header[HEADER_CHECKSUM].copy_from_slice(&sum.to_le_bytes());
    }
    [(table.header.start, header), (table.entries.start, entries)]
}
