//! The gate without a system: what follows from the states of its checks.

use super::*;

fn gate(states: Vec<(&str, State)>, window: Duration) -> Gate {
    let checks = states.into_iter();
    Gate {
        checks: checks
            .map(|(name, state)| Check::named(name, state))
            .collect(),
        closes: Instant::now() + window,
        window,
        settle: Duration::ZERO,
    }
}

fn no_network() -> Baseline {
    Baseline::default()
}

#[test]
fn all_checks_have_to_pass() {
    let window = Duration::from_secs(60);
    let passed = gate(vec![("a", State::Passed), ("b", State::Passed)], window);
    assert_eq!(passed.progress(Instant::now()), Progress::Passed);
    let waiting = vec![("services", State::Services(vec!["web: no".to_owned()]))];
    let waiting = gate(waiting, window);
    let progress = waiting.progress(Instant::now());
    assert!(matches!(progress, Progress::Waiting(_)), "{progress:?}");
}

#[test]
fn a_failed_check_ends_the_gate_before_its_window() {
    let states = vec![
        ("a", State::Failed("it is broken".to_owned())),
        ("services", State::Services(Vec::new())),
    ];
    let failed = FailedCheck {
        name: "a".to_owned(),
        detail: "it is broken".to_owned(),
    };
    let progress = gate(states, Duration::from_secs(60)).progress(Instant::now());
    assert_eq!(progress, Progress::Failed(vec![failed]));
}

#[test]
fn what_has_not_passed_when_the_window_closes_has_failed() {
    let window = Duration::from_secs(60);
    let states = vec![
        ("root", State::Passed),
        (
            "services",
            State::Services(vec!["web: it ended with 3".to_owned()]),
        ),
    ];
    let gate = gate(states, window);
    let progress = gate.progress(Instant::now() + window);
    let failed = FailedCheck {
        name: "services".to_owned(),
        detail: "web: it ended with 3, 60 s after the system came up".to_owned(),
    };
    assert_eq!(progress, Progress::Failed(vec![failed]));
}

#[test]
fn services_and_network_may_take_their_time() {
    let mut services = Check::named("services", State::Services(Vec::new()));
    services.look(vec!["web: it was not started".to_owned()], no_network);
    assert_eq!(
        services.waiting(),
        Some(("services", "web: it was not started".to_owned()))
    );
    services.look(Vec::new(), no_network);
    assert!(services.waiting().is_none() && services.failed().is_none());
    let mut network = Check::named("network", State::Network(no_network(), Vec::new()));
    network.look(Vec::new(), no_network);
    assert!(network.waiting().is_none());
}
