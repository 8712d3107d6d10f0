//! The fuzzer itself: hands its bytes to the target that the environment names.
//!
//! Started by `cargo xtask fuzz`, which builds it with coverage; libFuzzer's `main` reads
//! the arguments. One program for all targets, so that there is one build.
#![no_main]

use fuzz_targets::Target;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// `cargo xtask fuzz` sets it.
const VARIABLE: &str = "TWINKEEL_FUZZ_TARGET";

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var(VARIABLE).unwrap_or_default();
    fuzz_targets::find(&name).unwrap_or_else(|| panic!("{VARIABLE} names no target: {name:?}"))
});

fuzz_target!(init: LazyLock::force(&TARGET), |input: &[u8]| {
    // What it answers is for tests; here only a panic counts.
    let _ = (TARGET.run)(input);
});
