//! The configuration of a snap.

use crate::device::{me, not_me};
use crate::snap_parts::places;
use crate::{Served, cells, install, served_with, served_with_snaps};
use std::fs;

fn with_hello() -> Served {
    let served = served_with_snaps(me());
    install(&served, "1.0");
    served
}

#[test]
fn it_sets_gets_and_unsets() {
    let served = with_hello();
    let nothing = served.refused("get hello");
    assert_eq!(nothing, "error: snap \"hello\" has no configuration\n");
    assert_eq!(served.done("set hello port=80 user.name=ann user.id=7"), "");
    assert_eq!(served.done("get hello port"), "80\n");
    assert_eq!(served.done("get hello user.name"), "ann\n");
    let all = served.done("get -d hello");
    let expected = serde_json::json!({ "port": 80, "user": { "name": "ann", "id": 7 } });
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&all).unwrap(),
        expected
    );
    assert_eq!(served.done("unset hello user.id"), "");
    let unknown = "error: snap \"hello\" has no \"user.id\" configuration option\n";
    assert_eq!(served.refused("get hello user.id"), unknown);
    assert_eq!(served.done("set hello user!"), "");
    assert!(served.refused("get hello user").contains("no \"user\""));
    let changes = served.done("changes");
    let summary = "Change configuration of \"hello\" snap";
    assert_eq!(changes.matches(summary).count(), 3, "{changes}");
    let tasks = served.done("tasks 2");
    let rows = cells(&tasks);
    assert!(rows.iter().all(|row| row[0] == "Done"), "{tasks}");
    assert!(tasks.contains("Run the hook configure"), "{tasks}");
}

#[test]
fn it_goes_back_with_the_revision() {
    let served = with_hello();
    served.done("set hello port=80");
    install(&served, "1.1");
    assert_eq!(served.done("get hello port"), "80\n");
    served.done("set hello port=443");
    served.done("revert hello");
    assert_eq!(served.done("get hello port"), "80\n");
}

#[test]
fn what_the_snap_refuses_is_set_back() {
    let served = with_hello();
    served.done("set hello port=80");
    let data = places(served.root.path()).data.join("hello/current/choosy");
    fs::write(data, "").unwrap();
    assert_eq!(
        served.refused("set hello port=1"),
        "error: cannot perform the following tasks:\n\
         - Run the hook configure (the hook configure ended with 1: no)\n"
    );
    assert_eq!(served.done("get hello port"), "80\n");
    let tasks = served.done("tasks 3");
    let rows = cells(&tasks);
    assert_eq!([rows[0][0], rows[1][0]], ["Undone", "Error"], "{tasks}");
}

#[test]
fn it_is_told_what_cannot_be_set() {
    let served = with_hello();
    served.done("set hello port=80");
    let inside = served.refused("set hello port.number=1");
    assert!(inside.contains("option \"port\" is not a map"), "{inside}");
    let name = served.refused("set hello Port=1");
    assert!(name.contains("invalid option name: \"Port\""), "{name}");
    let long = served.refused(&format!("set hello a={}", "x".repeat(33 << 10)));
    assert!(long.contains("32768 are the most"), "{long}");
    let missing = served.refused("set other a=1");
    assert!(missing.contains("\"other\" is not installed"), "{missing}");
    let missing = served.refused("get other a");
    assert_eq!(missing, "error: snap \"other\" not found\n");
    assert_eq!(served.done("get hello port"), "80\n");
}

#[test]
fn another_user_reads_and_sets_none_of_it() {
    let root = with_hello();
    root.done("set hello secret=x");
    let other = served_with(not_me(), |_| crate::snap_parts::parts(root.root.path()));
    for line in ["get hello secret", "get -d hello", "set hello secret=y"] {
        let said = other.refused(line);
        assert!(said.contains("access denied"), "snap {line}: {said}");
    }
    assert!(other.done("get system channel").contains("stable"));
}
