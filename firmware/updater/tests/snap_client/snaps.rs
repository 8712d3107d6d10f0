//! Snaps come, go back, and go.

use crate::device::{me, not_me};
use crate::snap_parts::{make_snap, places};
use crate::{cells, served_with_snaps};

#[test]
fn it_installs_a_file_goes_back_and_removes() {
    let served = served_with_snaps(me());
    let install = |version| {
        let file = make_snap(served.root.path(), version);
        format!("install --dangerous {}", file.display())
    };
    for version in ["1.0", "1.1"] {
        let said = served.done(&install(version));
        let first = format!("hello {version} installed\n");
        assert!(said.starts_with(&first), "{said}");
    }
    let all = served.done("list --all");
    let cells = cells(&all);
    assert_eq!(cells[0][0], "hello");
    let of_hello: Vec<_> = cells.iter().filter(|row| row[0] == "hello").collect();
    assert_eq!(of_hello[0][..3], ["hello", "1.0", "x1"], "{all}");
    assert_eq!(of_hello[1][..3], ["hello", "1.1", "x2"], "{all}");
    let changes = served.done("changes");
    assert!(
        changes.contains("Install \"hello\" snap from a file"),
        "{changes}"
    );
    let tasks = served.done("tasks 1");
    assert!(
        tasks.contains("Verify the snap and name its blocks"),
        "{tasks}"
    );
    let switched = served.done("switch --channel=beta hello");
    assert_eq!(switched, "\"hello\" switched to the \"beta\" channel\n\n");
    let here = served.done("list hello");
    assert!(here.contains(" beta "), "{here}");
    assert_eq!(served.done("revert hello"), "hello reverted to 1.0\n");
    assert_eq!(served.done("remove --purge hello"), "hello removed\n");
    let gone = served.refused("revert hello");
    assert!(gone.contains("snap \"hello\" is not installed"), "{gone}");
    let places = places(served.root.path());
    let left: Vec<_> = std::fs::read_dir(&places.data).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn it_is_told_what_cannot_be_installed() {
    let served = served_with_snaps(me());
    let file = make_snap(served.root.path(), "1.0");
    let unsigned = served.refused(&format!("install {}", file.display()));
    assert!(unsigned.contains("nobody vouches"), "{unsigned}");
    std::fs::write(&file, "no snap at all").unwrap();
    let no_snap = served.refused(&format!("install --dangerous {}", file.display()));
    assert!(no_snap.contains("cannot read the snap"), "{no_snap}");
    let no_store = served.refused("install hello");
    assert!(no_store.contains("no store is set"), "{no_store}");
    // Nothing stays of what was sent.
    let incoming = places(served.root.path()).incoming();
    let left: Vec<_> = std::fs::read_dir(incoming).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn another_user_sends_no_file() {
    let served = served_with_snaps(not_me());
    let file = make_snap(served.root.path(), "1.0");
    let (code, said) = served.snap(&format!("install --dangerous {}", file.display()));
    assert_eq!(code, 1, "{said}");
    let incoming = places(served.root.path()).incoming();
    assert!(!incoming.exists(), "something was written: {said}");
}
