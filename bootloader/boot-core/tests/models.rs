//! What is kept on the disk, held against a simple model of it, over random rows of acts:
//! writes, power cuts in the middle of one, and reading it all again.

mod device;

use boot_core::flight::{FlightRing, for_each_entry};
use boot_core::state_store::StateStore;
use boot_core::{Layout, read_layout};
use device::{MemoryDisk, PowerCut, Torn, blank_disk};
use image_format::disk::{FLIGHT_ENTRIES, Role, STATE_COPY_OFFSETS};
use image_format::state::STATE_BYTES;
use image_format::{BootNumber, BootState, Event, FlightEntry, ResetCause, Slot};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The same rows at every run; nothing is kept beside the tests.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn torn() -> impl Strategy<Value = Torn> {
    prop_oneof![
        Just(Torn::Before),
        Just(Torn::Half),
        Just(Torn::Garbage),
        Just(Torn::After),
    ]
}

/// Does `act`, in whose first write the power goes away.
fn cut(disk: &mut MemoryDisk, torn: Torn, act: impl FnOnce(&mut MemoryDisk)) {
    disk.cut = Some((0, torn));
    let end = catch_unwind(AssertUnwindSafe(|| act(disk)));
    disk.cut = None;
    let end = end.expect_err("there was a write");
    assert!(end.is::<PowerCut>(), "it panicked");
}

#[derive(Clone, Debug)]
enum RingAct {
    Append(ResetCause),
    /// A power cut while an entry is written, then a boot whose state knows the end of the
    /// ring as it was that many entries ago.
    Cut(ResetCause, Torn, u64),
    /// A boot that has lost the state.
    Recover,
}

fn cause() -> impl Strategy<Value = ResetCause> {
    prop_oneof![Just(ResetCause::Watchdog), Just(ResetCause::Reset)]
}

fn ring_act() -> impl Strategy<Value = RingAct> {
    prop_oneof![
        4 => cause().prop_map(RingAct::Append),
        2 => (cause(), torn(), 0..9_u64).prop_map(|(cause, torn, ago)| {
            RingAct::Cut(cause, torn, ago)
        }),
        1 => Just(RingAct::Recover),
    ]
}

/// What the ring should hold: entries by sequence number.
struct RingModel {
    next: u64,
    entries: BTreeMap<u64, FlightEntry>,
}

impl RingModel {
    fn entry(&self, cause: ResetCause) -> FlightEntry {
        FlightEntry {
            sequence: self.next,
            boot_number: BootNumber(self.next / 3),
            event: Event::EndedSilently { cause },
        }
    }

    /// Whatever is written goes over the entry that lay there one turn ago.
    fn overwrite(&mut self) {
        if let Some(before) = self.next.checked_sub(FLIGHT_ENTRIES) {
            self.entries.remove(&before);
        }
    }

    fn append(&mut self, entry: FlightEntry) {
        self.overwrite();
        self.entries.insert(self.next, entry);
        self.next += 1;
    }

    fn check(&self, disk: &mut MemoryDisk, layout: &Layout, ring: &FlightRing) {
        assert_eq!(ring.next_sequence(), self.next);
        let newest = ring.newest::<_, 8>(disk);
        let expected = self.entries.values().rev().map(|entry| &entry.event);
        assert!(newest.iter().eq(expected.take(8)), "{newest:?}");
        let mut found = BTreeMap::new();
        for_each_entry(disk, layout, |entry| {
            assert!(found.insert(entry.sequence, entry).is_none());
        });
        assert_eq!(found, self.entries);
    }
}

proptest! {
    #![proptest_config(config(12))]

    /// The flight ring is a list that forgets its oldest entry when it is full. A power cut
    /// costs the entry that is being written, and the oldest one, which it replaces.
    #[test]
    fn the_flight_ring_is_a_list_that_forgets(
        filled in prop_oneof![0..3_u64, FLIGHT_ENTRIES - 4..FLIGHT_ENTRIES + 4],
        acts in prop::collection::vec(ring_act(), 1..16),
    ) {
        let mut disk = blank_disk();
        let layout = read_layout(&mut disk).unwrap();
        let mut ring = FlightRing::open(&mut disk, &layout, 0).unwrap();
        let mut model = RingModel { next: 0, entries: BTreeMap::new() };
        let append = |disk: &mut _, ring: &mut FlightRing, entry: &FlightEntry| {
            ring.append(disk, entry.boot_number, &entry.event).unwrap();
        };
        for _ in 0..filled {
            let entry = model.entry(ResetCause::Reset);
            append(&mut disk, &mut ring, &entry);
            model.append(entry);
        }
        for act in acts {
            match act {
                RingAct::Append(cause) => {
                    let entry = model.entry(cause);
                    append(&mut disk, &mut ring, &entry);
                    model.append(entry);
                }
                RingAct::Cut(cause, torn, ago) => {
                    let entry = model.entry(cause);
                    cut(&mut disk, torn, |disk| append(disk, &mut ring, &entry));
                    let hint = model.next.saturating_sub(ago);
                    ring = FlightRing::open(&mut disk, &layout, hint).unwrap();
                    match torn {
                        Torn::Before => {}
                        Torn::Garbage => model.overwrite(),
                        // The half has all of such a short entry.
                        Torn::Half | Torn::After => model.append(entry),
                    }
                }
                RingAct::Recover => {
                    let (recovered, boot) = FlightRing::recover(&mut disk, &layout).unwrap();
                    let last = model.entries.values().next_back();
                    prop_assert_eq!(boot, last.map_or(BootNumber(0), |last| last.boot_number));
                    ring = recovered;
                }
            }
            model.check(&mut disk, &layout, &ring);
        }
    }
}

#[derive(Clone, Debug)]
enum StateAct {
    Write(u8),
    /// A power cut while a state is written.
    Cut(u8, Torn),
    /// The device refuses a write, and takes the next.
    Fail(u8),
    /// One copy changes by itself.
    Damage(usize),
}

fn state_act() -> impl Strategy<Value = StateAct> {
    prop_oneof![
        3 => any::<u8>().prop_map(StateAct::Write),
        3 => (any::<u8>(), torn()).prop_map(|(tag, torn)| StateAct::Cut(tag, torn)),
        1 => any::<u8>().prop_map(StateAct::Fail),
        1 => (0..2_usize).prop_map(StateAct::Damage),
    ]
}

fn tagged(tag: u8) -> BootState {
    let mut state = boot_core::choice::rebuild(None, None, BootNumber(u64::from(tag)), 0);
    state.active = Slot::ALL[usize::from(tag % 2)];
    state
}

/// What a state says, apart from the count of its writes.
fn said(state: Option<&BootState>) -> Option<u64> {
    state.map(|state| state.boot_number.0)
}

proptest! {
    #![proptest_config(config(48))]

    /// The state that counts is the last one that was acknowledged. After a power cut it may
    /// be the one in flight; after damage, the one before. It is never another.
    #[test]
    fn the_state_is_the_last_one_acknowledged(
        acts in prop::collection::vec(state_act(), 1..24),
    ) {
        let mut disk = blank_disk();
        let layout = read_layout(&mut disk).unwrap();
        let place = layout.partition(Role::BootState).unwrap().offset_bytes;
        let copies = STATE_COPY_OFFSETS.map(|offset| (place + offset) as usize);
        // The last that was acknowledged, and the one before.
        let mut store = StateStore::open(&mut disk, &layout).unwrap();
        let (mut last, mut before) = (None, None);
        let mut generation = 0;
        for act in acts {
            match act {
                StateAct::Write(tag) => {
                    store.write(&mut disk, &mut tagged(tag)).unwrap();
                    before = last.replace(u64::from(tag));
                }
                StateAct::Cut(tag, torn) => {
                    cut(&mut disk, torn, |disk| {
                        let _ = store.write(disk, &mut tagged(tag));
                    });
                    store = StateStore::open(&mut disk, &layout).unwrap();
                    match torn {
                        // The half has all of the state but zeros and the checksum.
                        Torn::Half | Torn::Garbage => before = None,
                        Torn::Before => {}
                        Torn::After => before = last.replace(u64::from(tag)),
                    }
                }
                StateAct::Fail(tag) => {
                    disk.broken = 0..u64::MAX;
                    prop_assert!(store.write(&mut disk, &mut tagged(tag)).is_err());
                    disk.broken = 0..0;
                }
                StateAct::Damage(copy) => {
                    let newer = store.state().cloned();
                    disk.bytes[copies[copy]..][..STATE_BYTES].fill(0xa5);
                    store = StateStore::open(&mut disk, &layout).unwrap();
                    if store.state() != newer.as_ref() {
                        // It was the newer one.
                        last = before;
                        generation = 0;
                    }
                    before = None;
                }
            }
            prop_assert_eq!(said(store.state()), last);
            let now = store.state().map_or(0, |state| state.generation);
            prop_assert!(now >= generation, "the count of writes went back");
            generation = now;
            let again = StateStore::open(&mut disk, &layout).unwrap();
            prop_assert!(before.is_none() || again.lost_copies().count() == 0);
        }
    }
}
