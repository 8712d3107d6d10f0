//! What can be seen of a device from outside, between two cycles.

use crate::device::Device;
use crate::disk::Disk;
use crate::world::World;
use boot_core::SecondHome;
use boot_core::flight::FlightRing;
use boot_core::state_store::StateStore;
use image_format::disk::{FAILED_OFFSET, Role};
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
    /// Something other than the boot state was written.
    pub(crate) wrote_elsewhere: bool,
}

impl Observation {
    pub(crate) fn of(world: &World, device: &Device) -> Self {
        let mut device = device.clone();
        // What a loss of power would leave.
        device.disk.cache.clear();
        let disk = &mut device.disk;
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
        let own = world
            .layout
            .partition(Role::BootState)
            .expect("a boot state");
        let unit = disk.durable.sector_bytes() as u64;
        let own = own.offset_bytes / unit..(own.offset_bytes + own.length_bytes) / unit;
        let wrote_elsewhere = disk.durable.changed().any(|sector| !own.contains(&sector));
        Self {
            whole_copies,
            state,
            floors,
            next_entry: ring.map_or(0, |ring| ring.next_sequence()),
            wrote_elsewhere,
            failed: failed_releases(disk, own.start + FAILED_OFFSET / unit),
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

/// The list of failed releases, the last thing in its partition: read if it was written.
fn failed_releases(disk: &mut Disk, first_sector: u64) -> Vec<Digest> {
    if !disk.durable.changed().any(|sector| sector >= first_sector) {
        return Vec::new();
    }
    let releases = system_update::failed_releases(disk).unwrap_or_default();
    let hashes = releases.iter().map(|release| release.manifest_hash);
    hashes.collect()
}

impl Device {
    /// The state that counts, the cache included.
    pub(crate) fn state(&mut self, world: &World) -> Option<BootState> {
        StateStore::open(&mut self.disk, &world.layout)?
            .state()
            .cloned()
    }
}
