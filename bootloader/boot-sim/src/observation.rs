//! What can be seen of a device from outside, between two cycles.

use crate::device::{Device, Memory};
use crate::disk::Disk;
use crate::sectors::fingerprint;
use crate::world::World;
use boot_core::SecondHome;
use boot_core::flight::FlightRing;
use boot_core::state_store::StateStore;
use image_format::disk::{BLOCK_BYTES, FAILED_ENTRIES, FAILED_OFFSET, Role};
use image_format::{BootState, Digest, Floors};

/// The content of a device's disk, read by the code that is shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Copies of the state that are whole.
    pub(crate) whole_copies: usize,
    /// The one that counts.
    pub(crate) state: Option<BootState>,
    /// The higher of both homes.
    pub(crate) floors: Floors,
    /// Releases in the list of failed ones.
    pub(crate) failed: Vec<Digest>,
    /// Where the next flight entry goes.
    pub(crate) next_entry: u64,
    /// Something was written that this sequence does not write.
    pub(crate) wrote_elsewhere: bool,
}

impl Observation {
    /// What a loss of power would leave now.
    pub(crate) fn of(world: &World, device: &mut Device, memory: &mut Memory) -> Self {
        let key = fingerprint(&device.second_home_key());
        let disk = &mut device.disk;
        disk.count_anew();
        let cache = std::mem::take(&mut disk.cache);
        let mut seen = memory.looks.run(disk, key, |disk| Self::read(world, disk));
        seen.wrote_elsewhere = disk.durable.changed_outside(&world.may_write);
        disk.cache = cache;
        seen
    }

    fn read(world: &World, disk: &mut Disk) -> Self {
        let store = StateStore::open(disk, &world.layout);
        let whole_copies = store
            .as_ref()
            .map_or(0, |store| 2 - store.lost_copies().count());
        let state = store.and_then(|store| store.state().cloned());
        let second = match disk.second_home {
            SecondHome::Record(record) => Floors::parse(&record).unwrap_or_default(),
            _ => Floors::default(),
        };
        let floors = state
            .as_ref()
            .map_or(second, |state| state.floors.higher(second));
        let hint = state.as_ref().map_or(0, |state| state.flight_sequence);
        let ring = FlightRing::open(disk, &world.layout, hint);
        Self {
            whole_copies,
            state,
            floors,
            next_entry: ring.map_or(0, |ring| ring.next_sequence()),
            wrote_elsewhere: false,
            failed: failed_releases(world, disk),
        }
    }

    /// What a further boot of a device at rest leaves alone: all but the counters.
    pub(crate) fn at_rest(&self) -> Self {
        let mut rest = self.clone();
        if let Some(state) = &mut rest.state {
            state.generation = 0;
            state.boot_number = image_format::BootNumber(0);
            state.flight_sequence = 0;
        }
        rest
    }
}

/// The list of failed releases: read if it was written.
fn failed_releases(world: &World, disk: &mut Disk) -> Vec<Digest> {
    let partition = world.layout.partition(Role::BootState);
    let start = partition.map_or(0, |partition| partition.offset_bytes) + FAILED_OFFSET;
    let list = disk
        .durable
        .span(start, FAILED_ENTRIES * BLOCK_BYTES as u64);
    if disk.is_untouched(list) {
        return Vec::new();
    }
    let releases = system_update::failed_releases(disk).unwrap_or_default();
    let hashes = releases.iter().map(|release| release.manifest_hash);
    hashes.collect()
}

/// The state that counts, the cache included.
pub(crate) fn state_of(disk: &mut Disk, world: &World) -> Option<BootState> {
    StateStore::open(disk, &world.layout)?.state().cloned()
}
