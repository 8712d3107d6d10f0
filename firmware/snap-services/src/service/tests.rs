//! The machine over lists of events, at moments that the tests choose.

use super::*;
use snap_format::SnapYaml;
use std::time::SystemTime;

struct Bench {
    service: Service,
    now: Now,
}

impl Bench {
    /// A service of which snap.yaml says `words`.
    fn of(words: &str) -> Self {
        let yaml = format!("name: web\nversion: 1\napps:\n  web:\n    command: web\n{words}");
        let yaml = SnapYaml::parse(yaml.as_bytes()).expect(words);
        let app = &yaml.apps[&"web".parse().unwrap()];
        let settings = Settings::of(app.service.as_ref().unwrap(), 1);
        Self {
            service: Service::new(settings),
            now: Now {
                instant: Instant::now(),
                wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_681_800),
            },
        }
    }

    fn daemon(kind: &str) -> Self {
        Self::of(&format!("    daemon: {kind}\n"))
    }

    fn after(&mut self, secs: u64, event: Event) -> Vec<Action> {
        let passed = Duration::from_secs(secs);
        self.now.instant += passed;
        self.now.wall += passed;
        self.service.handle(event, self.now)
    }

    fn at_once(&mut self, event: Event) -> Vec<Action> {
        self.after(0, event)
    }

    /// Lets time pass until it is due.
    fn when_due(&mut self) -> (u64, Vec<Action>) {
        let due = self.service.due(self.now).expect("something is due");
        let secs = due.duration_since(self.now.instant).as_secs();
        (secs, self.after(secs, Event::Tick))
    }
}

const TERM: Action = Action::Signal(StopSignal {
    number: 15,
    whom: Whom::First,
});

#[test]
fn a_simple_daemon_runs_from_its_start_to_its_stop() {
    let mut bench = Bench::daemon("simple");
    assert_eq!(bench.at_once(Event::Start), [Action::Spawn]);
    assert!(matches!(bench.service.state(), State::Running { .. }));
    assert_eq!(bench.at_once(Event::Start), [], "it runs already");
    assert_eq!(bench.after(5, Event::Stop), [TERM]);
    assert!(!bench.service.is_settled());
    assert_eq!(bench.after(1, Event::Ended(0)), []);
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
    assert_eq!(bench.service.due(bench.now), None);
}

#[test]
fn who_does_not_go_is_killed() {
    let mut bench =
        Bench::of("    daemon: simple\n    stop-timeout: 7s\n    stop-mode: sighup-all\n");
    bench.at_once(Event::Start);
    let hang_up = Action::Signal(StopSignal {
        number: 1,
        whom: Whom::All,
    });
    assert_eq!(bench.at_once(Event::Stop), [hang_up]);
    assert_eq!(bench.after(6, Event::Tick), []);
    assert_eq!(bench.after(1, Event::Tick), [Action::KillAll]);
    assert_eq!(bench.when_due(), (5, vec![Action::KillAll]), "and again");
    bench.at_once(Event::Ended(137));
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
}

#[test]
fn a_stop_command_goes_first_and_a_post_stop_command_last() {
    let mut bench =
        Bench::of("    daemon: simple\n    stop-command: stop\n    post-stop-command: after\n");
    bench.at_once(Event::Start);
    assert_eq!(bench.at_once(Event::Stop), [Action::SpawnStopCommand]);
    assert_eq!(bench.at_once(Event::StopCommandEnded), [TERM]);
    assert_eq!(bench.at_once(Event::Ended(0)), [Action::SpawnPostStop]);
    assert!(!bench.service.is_settled());
    assert_eq!(bench.at_once(Event::PostStopEnded), []);
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
}

#[test]
fn what_fails_is_started_again_after_growing_pauses() {
    let mut bench = Bench::daemon("simple");
    bench.at_once(Event::Start);
    for pause in [1, 2, 4, 8] {
        assert_eq!(bench.at_once(Event::Ended(1)), []);
        assert_eq!(bench.when_due(), (pause, vec![Action::Spawn]));
    }
    assert_eq!(bench.service.starts(), 5);
    bench.after(100, Event::Ended(139));
    assert_eq!(
        bench.when_due(),
        (1, vec![Action::Spawn]),
        "it had run well"
    );
    // On failure only: so says the default.
    bench.at_once(Event::Ended(0));
    assert_eq!(*bench.service.state(), State::Off(Off::Done));
}

#[test]
fn a_stop_while_it_waits_is_a_stop() {
    let mut bench = Bench::daemon("simple");
    bench.at_once(Event::Start);
    bench.at_once(Event::Ended(1));
    assert_eq!(bench.at_once(Event::Stop), []);
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
    assert_eq!(bench.service.due(bench.now), None);
}

#[test]
fn what_fails_and_is_not_to_restart_says_how_it_failed() {
    let mut bench = Bench::of("    daemon: simple\n    restart-condition: never\n");
    bench.at_once(Event::Start);
    bench.at_once(Event::Ended(139));
    let failed = State::Off(Off::Failed(Cause::Signal(11)));
    assert_eq!(*bench.service.state(), failed);
}

#[test]
fn a_oneshot_has_started_when_it_has_ended() {
    let mut bench = Bench::daemon("oneshot");
    bench.at_once(Event::Start);
    assert!(!bench.service.is_settled());
    assert_eq!(bench.service.due(bench.now), None, "it may take its time");
    bench.after(1000, Event::Ended(0));
    assert_eq!(*bench.service.state(), State::Off(Off::Done));
    assert_eq!(bench.at_once(Event::Start), [Action::Spawn], "once more");
}

#[test]
fn a_daemon_that_says_when_it_is_ready_has_until_then() {
    for kind in ["notify", "forking"] {
        let mut bench = Bench::daemon(kind);
        bench.at_once(Event::Start);
        assert!(!bench.service.is_settled());
        bench.after(3, Event::Ready);
        assert!(matches!(bench.service.state(), State::Running { .. }));

        let mut bench = Bench::of(&format!("    daemon: {kind}\n    start-timeout: 9s\n"));
        bench.at_once(Event::Start);
        assert_eq!(bench.when_due(), (9, vec![Action::KillAll]));
        bench.at_once(Event::Ended(137));
        assert!(
            matches!(bench.service.state(), State::Waiting(_)),
            "a timeout is a failure"
        );
    }
}

#[test]
fn a_daemon_that_falls_silent_is_killed_and_started_again() {
    let mut bench = Bench::of("    daemon: notify\n    watchdog-timeout: 10s\n");
    bench.at_once(Event::Start);
    bench.after(1, Event::Ready);
    bench.after(8, Event::Alive);
    assert_eq!(bench.after(9, Event::Tick), []);
    assert_eq!(bench.after(1, Event::Tick), [Action::KillAll]);
    bench.at_once(Event::Ended(137));
    assert_eq!(bench.when_due().1, [Action::Spawn]);
}

#[test]
fn a_caller_starts_what_has_sockets() {
    let mut bench = Bench::of(
        "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        listen-stream: 80\n",
    );
    assert_eq!(bench.at_once(Event::Start), [Action::Listen]);
    assert!(bench.service.is_settled());
    assert_eq!(bench.after(500, Event::Called), [Action::Spawn]);
    assert_eq!(
        bench.at_once(Event::Called),
        [],
        "it takes its calls itself"
    );
    assert_eq!(bench.at_once(Event::Ended(0)), [Action::Listen]);
    assert_eq!(bench.at_once(Event::Stop), [Action::CloseSockets]);
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
}

#[test]
fn the_clock_starts_what_has_a_timer() {
    let mut bench = Bench::of("    daemon: oneshot\n    timer: 9:00\n");
    assert_eq!(bench.at_once(Event::Start), []);
    // Half an hour, looked at every minute: the clock may be set.
    assert_eq!(bench.when_due(), (60, vec![]));
    assert_eq!(bench.after(28 * 60, Event::Tick), []);
    assert_eq!(bench.when_due(), (60, vec![Action::Spawn]));
    bench.after(10, Event::Ended(1));
    assert!(
        matches!(bench.service.state(), State::Scheduled(_)),
        "tomorrow"
    );
    assert_eq!(bench.at_once(Event::Stop), []);
    assert_eq!(*bench.service.state(), State::Off(Off::Stopped));
}

#[test]
fn a_start_during_a_stop_runs_again() {
    let mut bench = Bench::of("    daemon: simple\n    restart-condition: always\n");
    bench.at_once(Event::Start);
    bench.at_once(Event::Stop);
    bench.at_once(Event::Start);
    bench.at_once(Event::Ended(0));
    assert_eq!(bench.when_due().1, [Action::Spawn]);
}

#[test]
fn what_does_not_concern_it_changes_nothing() {
    let mut bench = Bench::daemon("simple");
    for event in [
        Event::Stop,
        Event::Ready,
        Event::Alive,
        Event::Called,
        Event::Ended(0),
        Event::StopCommandEnded,
        Event::PostStopEnded,
        Event::Tick,
    ] {
        assert_eq!(bench.at_once(event), [], "{event:?}");
        assert_eq!(
            *bench.service.state(),
            State::Off(Off::NotStarted),
            "{event:?}"
        );
    }
}
