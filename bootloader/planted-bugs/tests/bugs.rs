//! The bugs in `bugs/`, without the simulator: each can still be planted.

use planted_bugs::read_bugs;
use std::path::Path;

#[test]
fn each_bug_can_be_planted_into_the_code_as_it_is() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.parent().and_then(Path::parent).unwrap();
    let bugs = read_bugs(&own.join("bugs")).unwrap();
    assert!(bugs.len() >= 24, "only {} bugs are left", bugs.len());
    for bug in &bugs {
        if let Err(error) = bug.planted(root) {
            panic!("{error}");
        }
    }
}
