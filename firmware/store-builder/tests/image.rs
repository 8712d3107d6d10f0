//! What an image takes over of a store, from stores of either kind.

mod support;

use image_builder::{StoreTrust, StoreTrustError};
use std::fs;
use support::Maker;

#[test]
fn a_root_is_taken_as_it_is_and_a_release_refuses_one_for_tests() {
    let maker = Maker::new();
    let root = maker.store_path().join("trusted/root.json");
    let trust = StoreTrust::read(&root, vec!["http://updates.example/".to_owned()]);
    let refused = trust.expect("a root").require_production();
    assert!(matches!(refused, Err(StoreTrustError::NotForTheField(path)) if path == root));
}

#[test]
fn what_is_no_root_or_no_address_is_refused() {
    let maker = Maker::new();
    let root = maker.store_path().join("trusted/root.json");
    for address in [
        "updates.example",
        "ftp://updates.example/",
        "https://updates.example/?wave=1",
        "http://a\"b/",
        "http://a b/",
    ] {
        let trust = StoreTrust::read(&root, vec![address.to_owned()]);
        assert!(
            matches!(trust, Err(StoreTrustError::Address(_))),
            "{address}"
        );
    }
    let absent = StoreTrust::read(&maker.path("nothing"), Vec::new());
    assert!(matches!(absent, Err(StoreTrustError::Unreadable(..))));
    let text = fs::read_to_string(&root).expect("the root");
    let forged = maker.path("forged.json");
    fs::write(&forged, text.replace("\"test\"", "\"production\"")).expect("a file");
    let forged = StoreTrust::read(&forged, Vec::new());
    assert!(
        matches!(forged, Err(StoreTrustError::NoRoot(..))),
        "{forged:?}"
    );
}
