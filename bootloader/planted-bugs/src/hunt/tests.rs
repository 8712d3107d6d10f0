//! What the simulator says, and what is made of it.

use super::*;

fn bug() -> Bug {
    Bug {
        name: "planted".to_owned(),
        about: String::new(),
        file: String::new(),
        caught_by: vec!["this".to_owned(), "that".to_owned()],
        from: String::new(),
        to: String::new(),
    }
}

fn account(violations: u64, promises: &[&str]) -> String {
    let told: Vec<_> = promises
        .iter()
        .map(|promise| serde_json::json!({ "invariant": promise }))
        .collect();
    let sequences = [serde_json::json!({ "told": told })];
    serde_json::json!({ "violations": violations, "sequences": sequences }).to_string()
}

fn judged(violations: u64, promises: &[&str]) -> Verdict {
    verdict(
        &bug(),
        read_account(&account(violations, promises)).unwrap(),
    )
}

#[test]
fn a_bug_that_breaks_nothing_is_missed() {
    assert_eq!(judged(0, &[]), Verdict::Missed);
}

#[test]
fn a_bug_is_caught_by_a_promise_that_it_names() {
    let caught = Verdict::Caught("that".to_owned());
    assert_eq!(judged(2, &["other", "that"]), caught);
    let another = Verdict::CaughtByAnother(vec!["other".to_owned()]);
    assert_eq!(judged(1, &["other"]), another);
}

#[test]
fn what_is_no_account_is_not_taken_for_one() {
    for account in [
        String::new(),
        "thread panicked".to_owned(),
        "{}".to_owned(),
        account(1, &[]),
        account(0, &["this"]),
    ] {
        assert_eq!(read_account(&account), None, "{account}");
    }
}
