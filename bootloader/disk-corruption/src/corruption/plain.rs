//! What failing hardware and stray writes do, at any place.

use super::{Damage, Patch, Subject};
use crate::map::Region;
use crate::overlay::SECTOR_BYTES;
use crate::random::Random;
use std::ops::Range;

/// At a place of the disk, used or not.
pub(super) fn anywhere(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let behind_loader = subject.map.system_boot.end..subject.map.length_bytes;
    let region = Region {
        name: "the disk".to_owned(),
        span: behind_loader,
    };
    damage(subject, random, &region)
}

/// At a byte that means something, each as likely as the other.
pub(super) fn anywhere_used(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let regions = subject.map.contents();
    let length = |region: &Region| region.span.end - region.span.start;
    let mut place = random.below(regions.iter().map(length).sum());
    for region in &regions {
        match place.checked_sub(length(region)) {
            Some(behind) => place = behind,
            None => return damage(subject, random, region),
        }
    }
    anywhere(subject, random)
}

/// In one of the structures, each as likely as the other.
pub(super) fn in_structure(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let regions = subject.map.structures();
    let region = random.pick(&regions);
    damage(subject, random, region)
}

fn damage(subject: &Subject<'_>, random: &mut Random, region: &Region) -> Damage {
    let at = random.within(&region.span);
    let name = &region.name;
    let story = |what: &str| format!("{what} in {name}, at byte {at} of the disk");
    let sector = at - at % SECTOR_BYTES;
    match random.below(9) {
        0 => {
            let bit = random.below(8);
            let byte = byte_at(subject, at) ^ 1 << bit;
            Damage::new("bit", story("one bit"), vec![(at, vec![byte])])
        }
        1 => {
            let byte = byte_at(subject, at) ^ (1 + random.below(255) as u8);
            Damage::new("byte", story("one byte"), vec![(at, vec![byte])])
        }
        2 => {
            let (what, bytes) = filling(random, SECTOR_BYTES);
            let story = story(&format!("a sector of {what}"));
            Damage::new("sector", story, vec![(sector, bytes)])
        }
        3 => swap(subject, random, sector, &story("a sector")),
        4 | 5 => {
            let length = 1024 << random.below(11);
            let (what, bytes) = filling(random, length);
            let story = story(&format!("{} bytes of {what}", bytes.len()));
            Damage::new("run", story, vec![(sector, bytes)])
        }
        6 => truncation(subject, random),
        7 => copy(subject, random, sector, &story("sectors")),
        _ => {
            let length = 512 << random.below(8);
            let bytes = subject.disk.bytes(&(sector..sector + length));
            let story = story(&format!("{length} bytes one sector further on"));
            Damage::new("shift", story, vec![(sector + SECTOR_BYTES, bytes)])
        }
    }
}

fn byte_at(subject: &Subject<'_>, at: u64) -> u8 {
    subject.disk.bytes(&(at..at + 1)).first().map_or(0, |b| *b)
}

fn filling(random: &mut Random, length: u64) -> (&'static str, Vec<u8>) {
    let length = length as usize;
    match random.below(4) {
        0 => ("zeros", vec![0; length]),
        1 => ("0xff", vec![0xff; length]),
        2 => ("0xa5", vec![0xa5; length]),
        _ => ("random bytes", random.bytes(length)),
    }
}

fn swap(subject: &Subject<'_>, random: &mut Random, sector: u64, story: &str) -> Damage {
    let other = elsewhere(subject, random);
    let read = |at: u64| subject.disk.bytes(&(at..at + SECTOR_BYTES));
    let patches = vec![(sector, read(other)), (other, read(sector))];
    Damage::new(
        "swap",
        format!("{story}, swapped with the one at {other}"),
        patches,
    )
}

fn copy(subject: &Subject<'_>, random: &mut Random, sector: u64, story: &str) -> Damage {
    let other = match twin(subject, sector) {
        Some(twin) if random.one_in(2) => twin,
        _ => elsewhere(subject, random),
    };
    let length = 512 << random.below(8);
    let patch: Patch = (sector, subject.disk.bytes(&(other..other + length)));
    Damage::new(
        "copy",
        format!("{story}: {length} bytes from {other}"),
        vec![patch],
    )
}

/// The same place of another slot.
fn twin(subject: &Subject<'_>, at: u64) -> Option<u64> {
    let slots = || subject.map.images.iter().map(|image| image.partition);
    let own = slots()
        .find(|slot| (slot.offset_bytes..slot.offset_bytes + slot.length_bytes).contains(&at))?;
    let other = slots().find(|slot| slot.offset_bytes != own.offset_bytes)?;
    Some(other.offset_bytes + (at - own.offset_bytes) % other.length_bytes)
}

/// A sector of something.
fn elsewhere(subject: &Subject<'_>, random: &mut Random) -> u64 {
    let regions = match random.below(2) {
        0 => subject.map.structures(),
        _ => subject.map.contents(),
    };
    let region = random.pick(&regions);
    let at = random.within(&region.span);
    at - at % SECTOR_BYTES
}

/// The disk ends early, as a card does that is smaller than it says.
fn truncation(subject: &Subject<'_>, random: &mut Random) -> Damage {
    let possible: Range<u64> = subject.map.state_copies[1].end..subject.map.length_bytes;
    let at = random.within(&possible);
    let length_bytes = at - at % SECTOR_BYTES;
    Damage {
        length_bytes: Some(length_bytes),
        ..Damage::new(
            "truncation",
            format!("the disk ends at byte {length_bytes}"),
            Vec::new(),
        )
    }
}
