//! Logs by hand, of a device that is well and of devices that break a promise.

use anyhow::Result;
use image_format::Slot;
use image_format::disk::Role;

use crate::replay::loader::Verdict;
use crate::replay::place::Place;
use crate::replay::problem::Problem;
use crate::replay::small_device::{SmallDevice, state_block, story};
use crate::replay::state::{Cut, Edge};
use crate::replay::write_log::{Request, SECTOR_BYTES};

const A: Option<image_format::Source> = Some(image_format::Source::Slot(Slot::A));
const B: Option<image_format::Source> = Some(image_format::Source::Slot(Slot::B));

fn write(sector: u64, bytes: &[u8]) -> Request<'_> {
    Request::Write { sector, bytes }
}

/// Of nothing that anybody reads.
const RUBBISH: &[u8] = &[0x77; SECTOR_BYTES];

#[test]
fn a_change_of_the_older_copy_boots_the_old_or_the_new_slot_at_every_cut() -> Result<()> {
    let device = SmallDevice::new()?;
    let block = state_block(3, Slot::B);
    let writable = device.sector(Role::Writable);
    let account = device.judge(&[
        write(writable, RUBBISH),
        Request::Flush,
        write(device.state_sector(1), &block),
        Request::Flush,
    ])?;
    assert_eq!(account.told(), []);
    assert_eq!(story(&account), [A, B]);
    assert_eq!((account.writes, account.flushes), (2, 2));
    // Before all, after the first write, eight sectors garbled, seven times cut, after all.
    assert_eq!(account.states, 18);
    // What is written into `writable` is no other disk for the loader.
    assert!(account.distinct.iter().all(|(state, _)| state.request == 2));
    // With its first sector the state is there. Garbled, it is the old one.
    assert_eq!(
        account.starts,
        [(A.unwrap(), 3), (B.unwrap(), account.states - 3)]
    );
    Ok(())
}

#[test]
fn changes_with_a_flush_between_them_are_well() -> Result<()> {
    let device = SmallDevice::new()?;
    let [b, a] = [(3, Slot::B), (4, Slot::A)].map(|(of, slot)| state_block(of, slot));
    let account = device.judge(&[
        write(device.state_sector(1), &b),
        Request::Flush,
        write(device.state_sector(0), &a),
        Request::Flush,
    ])?;
    assert_eq!(account.told(), []);
    assert_eq!(story(&account), [A, B, A]);
    Ok(())
}

#[test]
fn both_slots_lost_is_unbootable() -> Result<()> {
    let device = SmallDevice::new()?;
    let kernels = Slot::ALL.map(|slot| device.kernel_sector(slot));
    let account = device.judge(&[
        write(device.state_sector(0), RUBBISH),
        Request::Flush,
        write(device.state_sector(1), RUBBISH),
        Request::Flush,
        write(kernels[0], RUBBISH),
        Request::Flush,
        write(kernels[1], RUBBISH),
    ])?;
    // With both copies of the state lost it still boots. A part of a slot is not cut.
    assert_eq!(account.unbootable, 1);
    let unbootable: Vec<_> = account
        .told()
        .iter()
        .filter_map(|problem| match problem {
            Problem::Unbootable { state, verdict } => Some((state.request, state.cut, verdict)),
            _ => None,
        })
        .collect();
    let [(6, Cut::After, Verdict::Halts(reason))] = &unbootable[..] else {
        panic!("{unbootable:?}");
    };
    assert!(reason.contains("no source has a usable system"), "{reason}");
    assert!(account.line().ends_with("unbootable=1"));
    Ok(())
}

#[test]
fn an_update_may_write_to_its_slot_and_nobody_else_may() -> Result<()> {
    let device = SmallDevice::new()?;
    let envelope = device.sector(Role::SystemB);
    let log = [
        write(envelope, RUBBISH),
        Request::Flush,
        write(device.kernel_sector(Slot::B), RUBBISH),
    ];
    let update = device.judge_update(&log, Slot::B)?;
    assert_eq!(update.told(), []);
    // Before all; the envelope garbled and after; the kernel after.
    assert_eq!(update.states, 1 + 2 + 1);
    let writes = [0, 2].map(|request| Problem::WrittenTo {
        place: Place::SystemB,
        request,
    });
    assert_eq!(device.judge(&log)?.told(), writes);
    let other = device.judge_update(&log, Slot::A)?;
    assert_eq!(other.told(), writes);
    Ok(())
}

#[test]
fn a_write_into_a_slot_is_told_though_the_other_one_boots() -> Result<()> {
    let device = SmallDevice::new()?;
    for (sector, place) in [
        (device.kernel_sector(Slot::A), Place::SystemA),
        (device.kernel_sector(Slot::B), Place::SystemB),
        (device.sector(Role::Rescue), Place::Rescue),
        (device.sector(Role::SystemBoot), Place::SystemBoot),
        // The primary table is lost, and the backup boots.
        (1, Place::Table),
        (device.state_sector(0) + 8, Place::Unused),
        (device.state_sector(1) + 8, Place::Unused),
    ] {
        let account = device.judge(&[write(sector, RUBBISH)])?;
        let request = 0;
        assert_eq!(account.told(), [Problem::WrittenTo { place, request }]);
        assert_eq!(account.unbootable, 0, "{place}");
        assert!(account.require_kept().is_err());
    }
    Ok(())
}

#[test]
fn a_signed_system_that_was_not_there_before_is_no_image() -> Result<()> {
    let device = SmallDevice::new()?;
    let system = device.install(Slot::A, 3)?;
    let requests: Vec<_> = system
        .iter()
        .map(|(sector, bytes)| write(*sector, bytes))
        .collect();
    let account = device.judge(&requests)?;
    let last = &account.distinct[account.distinct.len() - 1].1;
    assert!(matches!(last, Verdict::StartsOther(_)), "{last}");
    assert!(account.unbootable > 0);
    Ok(())
}

#[test]
fn a_state_that_comes_and_goes_between_two_flushes_is_told() -> Result<()> {
    let device = SmallDevice::new()?;
    let [b, a] = [(3, Slot::B), (4, Slot::A)].map(|(of, slot)| state_block(of, slot));
    let account = device.judge(&[
        write(device.state_sector(1), &b[..SECTOR_BYTES]),
        write(device.state_sector(0), &a[..SECTOR_BYTES]),
        Request::Flush,
    ])?;
    assert_eq!(story(&account), [A]);
    let [not_flushed, others @ ..] = account.told() else {
        panic!("nothing is told");
    };
    let (request, next) = (0, 1);
    assert_eq!(*not_flushed, Problem::NotFlushed { request, next });
    let cuts: Vec<_> = others
        .iter()
        .map(|problem| match problem {
            Problem::NeitherOldNorNew { state, .. } => (state.request, state.cut),
            other => panic!("{other}"),
        })
        .collect();
    let garbled = Cut::Inside {
        sectors: 0,
        next: Edge::Garbled,
    };
    assert_eq!(
        cuts,
        [
            (0, Cut::Alone),
            (0, Cut::After),
            (1, garbled),
            (1, Cut::Missing)
        ]
    );
    Ok(())
}

#[test]
fn another_story_is_told() -> Result<()> {
    let device = SmallDevice::new()?;
    let block = state_block(3, Slot::B);
    let [a, b] = [A, B].map(Option::unwrap);
    let mut account = device.judge(&[write(device.state_sector(1), &block)])?;
    account.expect_story(&[a, b]);
    assert!(account.require_kept().is_ok());
    // As if the state had not been written.
    account.expect_story(&[a]);
    let error = account.require_kept().unwrap_err().to_string();
    assert!(error.contains("it should be system-a"), "{error}");
    Ok(())
}

#[test]
fn traffic_is_counted_by_place_and_by_sector() -> Result<()> {
    let device = SmallDevice::new()?;
    let block = state_block(3, Slot::A);
    let state = device.state_sector(1);
    let account = device.judge(&[
        write(state, &block),
        write(state, &block[..SECTOR_BYTES]),
        Request::Discard {
            sector: device.sector(Role::Writable),
            sectors: 4,
        },
    ])?;
    let traffic: Vec<_> = account
        .traffic
        .iter()
        .map(|(place, of)| (*place, of.writes, of.bytes, of.busiest))
        .collect();
    assert_eq!(
        traffic,
        [
            (Place::StateCopies, 2, 4096 + 512, 2),
            (Place::Writable, 1, 4 * 512, 1)
        ]
    );
    Ok(())
}
