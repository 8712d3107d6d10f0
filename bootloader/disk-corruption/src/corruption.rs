//! What is done to a disk: a few patches, or an end cut off, made from a seed and a number.
//!
//! Every other one is aimed at a structure, since random places nearly always lie in the
//! middle of a root; and every other one of those is made by somebody who knows the format.

mod boot_state;
mod envelope;
mod plain;
mod root;
mod table;

use crate::map::DiskMap;
use crate::overlay::Overlay;
use crate::random::Random;
use crc::{CRC_32_ISO_HDLC, Crc};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Bytes that are put somewhere.
pub(crate) type Patch = (u64, Vec<u8>);

/// A corruption of a disk.
#[derive(Clone, Debug)]
pub struct Corruption {
    /// Which one of its run.
    pub number: u64,
    /// What kind it is, in a word or two.
    pub kind: &'static str,
    /// What was done, and where.
    pub story: String,
    /// The firmware has the variable that keeps the floors: this is no first boot.
    pub(crate) has_variable: bool,
    patches: Vec<Patch>,
    length_bytes: Option<u64>,
}

/// What a kind of corruption comes to.
struct Damage {
    kind: &'static str,
    story: String,
    patches: Vec<Patch>,
    length_bytes: Option<u64>,
}

impl Damage {
    fn new(kind: &'static str, story: String, patches: Vec<Patch>) -> Self {
        Self {
            kind,
            story,
            patches,
            length_bytes: None,
        }
    }
}

/// The untouched disk, and where what lies on it.
struct Subject<'a> {
    disk: &'a Overlay,
    map: &'a DiskMap,
}

impl Corruption {
    /// The one of that number; always the same on the same disk.
    pub(crate) fn make(disk: &Overlay, map: &DiskMap, seed: u64, number: u64) -> Self {
        let subject = Subject { disk, map };
        let random = &mut Random::new(seed, number);
        let Damage {
            kind,
            story,
            mut patches,
            length_bytes,
        } = match number % 4 {
            0 => plain::anywhere(&subject, random),
            1 => aimed(&subject, random),
            2 => plain::anywhere_used(&subject, random),
            _ => plain::in_structure(&subject, random),
        };
        spare_the_loader(&mut patches, map);
        Self {
            number,
            kind,
            story,
            has_variable: random.one_in(2),
            patches,
            length_bytes,
        }
    }

    /// Does it to the disk.
    pub(crate) fn apply(&self, disk: &mut Overlay) {
        for (offset, bytes) in &self.patches {
            disk.put(*offset, bytes);
        }
        if let Some(length_bytes) = self.length_bytes {
            disk.truncate(length_bytes);
        }
    }
}

/// By somebody who knows the format, and may put checksums right.
fn aimed(subject: &Subject<'_>, random: &mut Random) -> Damage {
    match random.below(10) {
        0..3 => table::damage(subject, random),
        3..6 => boot_state::damage(subject, random),
        6..9 => envelope::damage(subject, random),
        _ => root::damage(subject, random),
    }
}

/// What would reach into `system-boot` from before it ends there.
fn spare_the_loader(patches: &mut Vec<Patch>, map: &DiskMap) {
    let loader = &map.system_boot;
    for (offset, bytes) in patches.iter_mut() {
        if *offset < loader.start {
            bytes.truncate((loader.start - *offset) as usize);
        }
    }
    patches.retain(|(offset, bytes)| !bytes.is_empty() && !loader.contains(offset));
}
