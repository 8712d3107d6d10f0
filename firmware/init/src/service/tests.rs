//! The life of a service without processes: what follows from how it ended.

use super::*;

const SETTLE: Duration = Duration::from_secs(10);

fn service(content: &str) -> Service {
    Service {
        name: "web".to_owned(),
        definition: Ok(definition::parse(content).unwrap()),
        state: State::Waiting {
            until: Instant::now(),
            after: None,
        },
        backoff: Backoff::default(),
        starts: 0,
    }
}

/// As if it had been started just now.
fn run(service: &mut Service, number: i32) -> (Pid, Instant) {
    let (process, since) = (Pid::from_raw(number).unwrap(), Instant::now());
    service.state = State::Running { process, since };
    service.starts += 1;
    (process, since)
}

#[test]
fn a_daemon_is_up_once_it_has_run_for_a_while() {
    let mut daemon = service("command = ['/bin/web']");
    let now = Instant::now();
    assert_eq!(daemon.not_up(now, SETTLE).unwrap(), "it was not started");
    let (_, since) = run(&mut daemon, 7);
    let reason = daemon.not_up(since, SETTLE).unwrap();
    assert_eq!(reason, "it has not run for long enough");
    assert_eq!(daemon.not_up(since + SETTLE, SETTLE), None);
}

#[test]
fn a_oneshot_is_up_once_it_has_succeeded() {
    let mut oneshot = service("command = ['/bin/make-it-so']\nkind = 'oneshot'");
    let (process, since) = run(&mut oneshot, 7);
    let late = since + 10 * SETTLE;
    assert_eq!(oneshot.not_up(late, SETTLE).unwrap(), "it has not ended");
    oneshot.ended(process, End::Exit(0), late);
    assert_eq!(oneshot.state, State::Done);
    assert_eq!(oneshot.not_up(late, SETTLE), None);
}

#[test]
fn a_oneshot_that_failed_is_not_up() {
    let mut oneshot = service("command = ['/bin/no']\nkind = 'oneshot'\nrestart = 'never'");
    let (process, now) = run(&mut oneshot, 7);
    oneshot.ended(process, End::Exit(4), now);
    let reason = oneshot.not_up(now, SETTLE).unwrap();
    assert_eq!(reason, "it ended with 4");
}

#[test]
fn a_daemon_that_ends_is_started_again_with_growing_pauses() {
    let mut daemon = service("command = ['/bin/web']");
    for pause in [0, 1, 2] {
        let (process, now) = run(&mut daemon, 7);
        daemon.ended(process, End::Exit(3), now);
        let until = now + Duration::from_secs(pause);
        let after = Some("it ended with 3".to_owned());
        assert_eq!(daemon.state, State::Waiting { until, after });
    }
    let (_, since) = run(&mut daemon, 8);
    let reason = daemon.not_up(since, SETTLE).unwrap();
    assert_eq!(reason, "it was started 4 times");
}

#[test]
fn a_service_is_started_again_as_its_file_says() {
    let waits = |restart: &str, end| {
        let mut daemon = service(&format!("command = ['/bin/web']\nrestart = '{restart}'"));
        let (process, now) = run(&mut daemon, 7);
        daemon.ended(process, end, now);
        matches!(daemon.state, State::Waiting { .. })
    };
    let table = [
        ("always", true, true, true),
        ("on-failure", false, true, true),
        ("never", false, false, false),
    ];
    for (restart, success, failure, signal) in table {
        assert_eq!(waits(restart, End::Exit(0)), success, "{restart}");
        assert_eq!(waits(restart, End::Exit(1)), failure, "{restart}");
        assert_eq!(waits(restart, End::Signal(9)), signal, "{restart}");
    }
}

#[test]
fn the_end_of_another_process_is_none_of_its_business() {
    let mut daemon = service("command = ['/bin/web']");
    let (_, now) = run(&mut daemon, 7);
    daemon.ended(Pid::from_raw(8).unwrap(), End::Exit(1), now);
    assert!(matches!(daemon.state, State::Running { .. }));
}

#[test]
fn a_file_that_cannot_be_used_is_a_service_that_is_not_up() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bad.toml"), "command = []").unwrap();
    std::fs::write(directory.path().join("README"), "no service").unwrap();
    let services = Services::read(directory.path());
    let problems = services.not_up(Instant::now(), SETTLE);
    assert_eq!(problems, ["bad: `command` is empty"]);
    assert_eq!(services.due(), None);
}
