//! What the documents say of power cuts is what the simulator finds.

use boot_sim::{DOCUMENTS, Stale, with_tables};
use std::path::Path;

#[test]
fn tables_of_power_cuts_are_those_of_the_simulator() {
    for document in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(document);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("<!-- sequence "), "{document} has no table");
        let current = with_tables(&text).unwrap();
        assert!(
            text == current,
            "{document} is not current: type `cargo xtask sim --write-tables` and look at what changed"
        );
    }
}

#[test]
fn a_table_that_cannot_be_made_is_named() {
    let unknown = "<!-- sequence lunch -->\n<!-- end -->\n";
    assert_eq!(
        with_tables(unknown),
        Err(Stale::NoSequence("lunch".to_owned()))
    );
    let endless = "<!-- sequence rollback.good -->\n";
    assert_eq!(
        with_tables(endless),
        Err(Stale::NoEnd("rollback.good".to_owned()))
    );
}
