//! The kernel's command line, as PID 1 reads it.
//!
//! What is accepted ends in exactly the loader's three words, in the loader's spelling, and
//! has none of them before.

use crate::init::command_line::parse_handover;
use crate::{Answer, DEFAULT_BYTES, Seed, Target};

pub(crate) const TARGET: Target = Target {
    name: "handover",
    about: "the kernel's command line, in PID 1",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let Ok(line) = core::str::from_utf8(input) else {
        return Answer::Refused;
    };
    let Ok(handover) = parse_handover(line) else {
        return Answer::Refused;
    };
    let words = format!(
        "twinkeel.slot={} twinkeel.disk={} twinkeel.boot={}",
        handover.slot, handover.disk_guid, handover.boot_number
    );
    let line = line.strip_suffix('\n').unwrap_or(line);
    let before = line.strip_suffix(&words).expect("the words are the last");
    assert!(before.is_empty() || before.ends_with(' '));
    assert!(!before.split(' ').any(|word| word.starts_with("twinkeel.")));
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let words = "twinkeel.disk=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 twinkeel.boot=17";
    let line = |words_before: &str, slot: &str| {
        format!("{words_before}twinkeel.slot={slot} {words}\n").into_bytes()
    };
    vec![
        ("slot", line("console=ttyS0 panic=10 ", "system-a")),
        ("rescue", line("", "rescue")),
    ]
}
