//! The console must be able to fail: every way in which a machine does not do what was
//! awaited is an error, and an early end is never taken for success.

use super::*;
use std::io::{PipeWriter, pipe, sink};

const SOON: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_secs(60);

fn console() -> (PipeWriter, Console, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (output, machine) = pipe().unwrap();
    let console = Console::new(output, sink(), &directory.path().join("console.log")).unwrap();
    (machine, console, directory)
}

#[test]
fn awaited_text_is_found_in_order_and_across_chunks() {
    let (mut machine, mut console, _directory) = console();
    machine.write_all(b"one tw").unwrap();
    console.expect("one", LATE).unwrap();
    machine.write_all(b"o one three").unwrap();
    console.expect("two", LATE).unwrap();
    assert_eq!(console.read_until("three", LATE).unwrap(), " one ");
    assert_eq!(console.heard(), "one two one three");
}

#[test]
fn text_before_the_last_match_does_not_count_again() {
    let (mut machine, mut console, _directory) = console();
    machine.write_all(b"up\nup").unwrap();
    console.expect("up", LATE).unwrap();
    console.expect("up", LATE).unwrap();
    let error = console.expect("up", SOON).unwrap_err();
    assert!(matches!(error, ConsoleError::TimedOut { .. }), "{error}");
}

#[test]
fn a_machine_that_ends_early_fails_at_once_and_is_quoted() {
    let (mut machine, mut console, _directory) = console();
    machine.write_all(b"qemu: no such disk\n").unwrap();
    drop(machine);
    let error = console.expect("is up", LATE).unwrap_err();
    assert!(matches!(error, ConsoleError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("| qemu: no such disk"));
}

#[test]
fn what_a_scenario_forbids_fails_at_once_across_chunks() {
    let (mut machine, mut console, _directory) = console();
    let words = "words that are longer than all others, and that nobody else forbids";
    console.forbid(words);
    let (head, tail) = words.split_at(words.len() - 1);
    machine.write_all(head.as_bytes()).unwrap();
    let error = console.expect("is up", SOON).unwrap_err();
    assert!(matches!(error, ConsoleError::TimedOut { .. }), "{error}");
    machine.write_all(tail.as_bytes()).unwrap();
    let error = console.expect("is up", LATE).unwrap_err();
    assert!(matches!(error, ConsoleError::Forbidden { .. }), "{error}");
}

#[test]
fn what_is_forbidden_after_it_was_awaited_may_have_been_said() {
    let (mut machine, mut console, _directory) = console();
    machine.write_all(b"starting one").unwrap();
    console.expect("starting", LATE).unwrap();
    console.forbid("starting");
    console.expect("one", LATE).unwrap();
    machine.write_all(b", starting").unwrap();
    let error = console.expect("two", LATE).unwrap_err();
    assert!(matches!(error, ConsoleError::Forbidden { .. }), "{error}");
}

#[test]
fn a_panic_fails_at_once_unless_the_scenario_wants_it() {
    let (mut machine, mut console, _directory) = console();
    machine
        .write_all(b"Kernel panic - not syncing: Attempted to kill init!")
        .unwrap();
    let error = console.expect("is up", LATE).unwrap_err();
    assert!(matches!(error, ConsoleError::Forbidden { .. }), "{error}");
    console.allow("Kernel panic - not syncing");
    let error = console.expect("is up", SOON).unwrap_err();
    assert!(matches!(error, ConsoleError::TimedOut { .. }), "{error}");
}

#[test]
fn a_panic_in_the_last_words_is_not_an_orderly_end() {
    let (mut machine, mut console, _directory) = console();
    machine.write_all(b"Kernel panic - not syncing").unwrap();
    drop(machine);
    let error = console.expect_end(LATE).unwrap_err();
    assert!(matches!(error, ConsoleError::Forbidden { .. }), "{error}");
}

#[test]
fn a_machine_that_goes_on_has_not_ended() {
    let (_machine, mut console, _directory) = console();
    let error = console.expect_end(SOON).unwrap_err();
    assert!(matches!(error, ConsoleError::TimedOut { .. }), "{error}");
}
