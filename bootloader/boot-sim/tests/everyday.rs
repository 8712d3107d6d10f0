//! A part of `cargo xtask sim` that every run of the tests does.

use boot_sim::{Effort, Patience, Reproduction, simulate};

#[test]
fn no_single_cut_breaks_a_promise() {
    let mut worlds = 0;
    for name in [
        "up-and-confirm.hangs.variable.4096",
        "rollback-to-untried.good.one-home.4kn",
        "damaged-root.good.variable.4096",
        "floors-rise.good.variable.4096",
        "older-copy-bad.hangs.one-home.4kn",
        "both-copies-bad.hangs.variable.4096",
        "both-slots-bad.corrupt.one-home.4kn",
        "last-resort.hangs.variable.4096",
        "first-boot.good.variable.4096",
    ] {
        let what = Reproduction {
            world: name.to_owned(),
            path: None,
        };
        simulate(Effort::QUICK, Patience::ToTheEnd, &what, |name, tally| {
            worlds += 1;
            assert!(tally.states > 10, "{name} was not cut: {tally:?}");
            assert!(tally.told.is_empty(), "{name}: {:#?}", tally.told);
        });
    }
    assert_eq!(worlds, 9, "a name above is no world any more");
}
