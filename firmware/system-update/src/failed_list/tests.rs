//! The list against a simple model of it, over random rows of releases and power cuts.

use super::{FailedList, holds};
use boot_core::Partition;
use image_format::disk::{BOOT_STATE_BYTES, FAILED_ENTRIES};
use image_format::flight::text;
use image_format::{BootNumber, Digest, FailedRelease};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::VecDeque;

use crate::memory::Memory;

fn release(name: u8) -> FailedRelease {
    FailedRelease {
        sequence: u64::MAX,
        manifest_hash: Digest([name; 32]),
        boot_number: BootNumber(u64::from(name)),
        reason: text("it did not come up"),
    }
}

fn names(list: &FailedList, disk: &mut Memory) -> Vec<u8> {
    let entries = list.read(disk);
    let name = |entry: &FailedRelease| entry.manifest_hash.0[0];
    entries.iter().map(name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// The list is a set that forgets its oldest release when it is full. A power cut costs
    /// the release that is being added, and the oldest one, which it replaces.
    #[test]
    fn the_list_is_a_set_that_forgets(
        acts in prop::collection::vec((0..90_u8, prop::bool::weighted(0.1)), 1..160),
    ) {
        let mut disk = Memory::new(BOOT_STATE_BYTES as usize);
        let partition = Partition { offset_bytes: 0, length_bytes: BOOT_STATE_BYTES };
        let list = FailedList { partition };
        let mut model = VecDeque::new();
        for (name, is_cut) in acts {
            let is_known = model.contains(&name);
            if !is_known && model.len() as u64 == FAILED_ENTRIES {
                model.pop_front();
            }
            disk.fails_half_way = is_cut;
            let added = list.add(&mut disk, release(name));
            disk.fails_half_way = false;
            prop_assert_eq!(added.is_ok(), is_known || !is_cut);
            if !is_known && !is_cut {
                model.push_back(name);
            }
            prop_assert_eq!(names(&list, &mut disk), Vec::from(model.clone()));
            let entries = list.read(&mut disk);
            prop_assert_eq!(holds(&entries, &Digest([name; 32])), is_known || !is_cut);
        }
    }
}
