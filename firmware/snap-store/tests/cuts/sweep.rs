//! Every story, with every call of it going wrong in every way.

use crate::device::{Content, Device, Ended};
use crate::faulty::{Errno, Fault};
use crate::stories::{ALL, Ends, Story, install, refresh};
use snap_store::StoreError;

/// What comes behind a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The daemon starts again: mounts and services are as they were.
    Restart,
    /// The device does.
    Reboot,
}

/// A cut before a call is one behind the call before it.
const FAULTS: [(Fault, Next); 8] = [
    (Fault::Refused(Errno::Io), Next::Restart),
    (Fault::Refused(Errno::NoSpace), Next::Reboot),
    (Fault::RefusedFromHere(Errno::Io), Next::Reboot),
    (Fault::RefusedFromHere(Errno::NoSpace), Next::Restart),
    (Fault::Lied(Errno::Io), Next::Restart),
    (Fault::CutWithin, Next::Reboot),
    (Fault::CutAfter, Next::Restart),
    (Fault::CutAfter, Next::Reboot),
];

/// What a story begins and ends with.
struct Expected {
    before: Content,
    after: Content,
    start_calls: usize,
    all_calls: usize,
}

fn begin(story: &Story) -> Device {
    let device = Device::new();
    (story.before)(&device);
    device
}

fn expected(story: &Story) -> Expected {
    let (start_calls, all_calls) = begin(story).count(story.ask);
    let device = begin(story);
    device.start();
    let before = device.content();
    let device = begin(story);
    let told = device.try_(story.ask);
    match (story.ends, &told) {
        (Ends::Done, Ok(outcome)) => assert_eq!(outcome.left_behind, None),
        (Ends::Undone, Err(StoreError::Undone(_))) => {}
        _ => panic!("{}: {told:?}", story.name),
    }
    let after = device.content();
    if story.ends == Ends::Undone {
        assert_same(&after, &before, story.name);
    } else {
        assert_ne!(after, before, "{}", story.name);
    }
    Expected {
        before,
        after,
        start_calls,
        all_calls,
    }
}

/// The numbers of files that came and went are not given again, and what failed is remembered.
fn without_counters(content: &Content) -> Content {
    let mut content = content.clone();
    let mut state: serde_json::Value = serde_json::from_str(&content.state)
        .unwrap_or_else(|_| serde_json::json!({"snaps": {}, "change": null}));
    for snap in state["snaps"].as_object_mut().unwrap().values_mut() {
        snap["last-local"] = 0.into();
        snap.as_object_mut().unwrap().remove("failed");
    }
    content.state = state.to_string();
    // They are made once, and stay.
    let grants = ["writable/system", "writable/system/snaps"];
    for path in [
        "snap/bin",
        "snap",
        "var/snap",
        "writable/system/snaps/grants",
    ]
    .iter()
    .chain(&grants)
    {
        content.tree.remove(std::path::Path::new(path));
    }
    content
}

#[track_caller]
fn assert_same(found: &Content, expected: &Content, what: &str) {
    let (found, expected) = (without_counters(found), without_counters(expected));
    for (path, content) in &found.tree {
        let wanted = expected.tree.get(path);
        assert_eq!(Some(content), wanted, "{what}: {}", path.display());
    }
    for path in expected.tree.keys() {
        assert!(
            found.tree.contains_key(path),
            "{what}: no {}",
            path.display()
        );
    }
    assert_eq!(found, expected, "{what}");
}

/// All that is wanted is there, and nothing else runs or is mounted; there may be waste.
#[track_caller]
fn assert_within(found: &Content, expected: &Content, what: &str) {
    let mut found = found.clone();
    found
        .tree
        .retain(|path, _| expected.tree.contains_key(path));
    found.mounted.retain(|path| expected.mounted.contains(path));
    assert_same(&found, expected, what);
}

fn sweep(story: &Story, expected: &Expected, fault: Fault, next: Next) {
    for at in 0..expected.all_calls {
        let what = format!("{}: {fault:?} in call {at}, then {next:?}", story.name);
        let device = begin(story);
        let ended = device.ask(story.ask, (at, fault));
        let told = match &ended {
            Ended::Cut => None,
            Ended::Told(told) => Some(told.as_ref()),
        };
        // What the start could not do is done by the next one.
        if at >= expected.start_calls {
            match told {
                Some(Ok(outcome)) if outcome.left_behind.is_none() => {
                    assert_same(&device.content(), &expected.after, &what);
                }
                Some(Err(StoreError::Undone(_))) => {
                    assert_same(&device.content(), &expected.before, &what);
                }
                _ => {}
            }
        }
        if next == Next::Reboot {
            device.reboot();
        }
        let started = device.start();
        assert!(started.broken.is_empty(), "{what}: {:?}", started.broken);
        if let Some(Err(error)) = &started.resumed {
            assert!(matches!(error, StoreError::Undone(_)), "{what}: {error}");
        }
        let content = device.content();
        match told {
            Some(Ok(outcome)) if outcome.left_behind.is_some() => {
                assert_within(&content, &expected.after, &what);
            }
            Some(Ok(_)) => assert_same(&content, &expected.after, &what),
            None | Some(Err(StoreError::Unfinished(_))) => {
                let is_before = without_counters(&content) == without_counters(&expected.before);
                if !is_before {
                    assert_same(&content, &expected.after, &what);
                }
            }
            Some(Err(_)) => assert_same(&content, &expected.before, &what),
        }
    }
}

#[test]
fn a_device_has_what_it_had_or_what_was_asked() {
    let mut runs = 0;
    for story in &ALL {
        let expected = expected(story);
        for (fault, next) in FAULTS {
            sweep(story, &expected, fault, next);
            runs += expected.all_calls;
        }
        println!("{}: {} calls", story.name, expected.all_calls);
    }
    println!("stories={} faults={} runs={runs}", ALL.len(), FAULTS.len());
}

#[test]
fn a_cut_in_what_goes_on_from_a_cut_is_no_worse() {
    let story = ALL
        .iter()
        .find(|story| story.name == "refresh to what does not work")
        .unwrap();
    let expected = expected(story);
    let mut runs = 0;
    for at in (expected.start_calls..expected.all_calls).step_by(5) {
        for again in (0..expected.all_calls).step_by(3) {
            let what = format!("a cut in call {at}, then in call {again} of the start");
            let device = begin(story);
            device.ask(story.ask, (at, Fault::CutBefore));
            device.reboot();
            device.start_badly((again, Fault::CutAfter));
            device.reboot();
            device.start();
            assert_same(&device.content(), &expected.before, &what);
            runs += 1;
        }
    }
    println!("runs={runs}");
}

/// A file that takes the device down when it is mounted must not do so for ever.
#[test]
fn a_change_that_always_cuts_is_undone() {
    let device = Device::new();
    device.must(&install);
    let before = device.content();
    let (start, all) = device.count(&refresh);
    let device = Device::new();
    device.must(&install);
    device.ask(&refresh, (start + (all - start) / 2, Fault::CutBefore));
    for _ in 0..3 {
        device.reboot();
        // Each start gets some calls further, and is cut.
        device.start_badly((start + 3, Fault::CutBefore));
    }
    device.reboot();
    let resumed = device.start().resumed.unwrap().unwrap_err();
    assert!(resumed.to_string().contains("again and again"), "{resumed}");
    assert_same(&device.content(), &before, "undone");
}
