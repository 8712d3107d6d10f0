//! Services of snaps, and their logs.

use crate::device::{me, not_me};
use crate::snap_parts::TestServices;
use crate::{Served, cells, install, served_with, served_with_services, served_with_snaps};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use tempfile::TempDir;

/// With `hello` installed.
fn with_hello() -> (Served, Arc<TestServices>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let services = TestServices::new(directory.path());
    let served = served_with_services(&services);
    install(&served, "1.0");
    (served, services, directory)
}

#[test]
fn it_lists_services() {
    let (served, ..) = with_hello();
    let all = [
        ["hello.greeter", "enabled", "active", "-"],
        ["hello.ticker", "enabled", "inactive", "timer-activated"],
    ];
    assert_eq!(cells(&served.done("services")), all);
    assert_eq!(cells(&served.done("services hello")), all);
    assert_eq!(cells(&served.done("services hello.ticker")), all[1..]);
    let refused = |name: &str| served.refused(&format!("services {name}"));
    assert_eq!(refused("other"), "error: snap \"other\" not found\n");
    let command = refused("hello.hello");
    assert_eq!(command, "error: snap \"hello\" has no service \"hello\"\n");
}

#[test]
fn it_starts_stops_and_restarts() {
    let (served, services, _directory) = with_hello();
    assert_eq!(served.done("stop hello"), "Stopped.\n");
    assert_eq!(services.told(), ["stop hello greeter ticker"]);
    assert_eq!(served.done("start hello.greeter"), "Started.\n");
    assert_eq!(services.told(), ["start hello greeter"]);
    // Of a whole snap only what runs.
    assert_eq!(served.done("restart hello"), "Restarted.\n");
    assert_eq!(
        services.told(),
        ["stop hello greeter", "start hello greeter"]
    );
    served.done("restart hello.ticker");
    assert_eq!(services.told(), ["stop hello ticker", "start hello ticker"]);
    // Who has no command for it is restarted.
    served.done("restart --reload hello");
    let told = [
        "reload hello greeter",
        "stop hello ticker",
        "start hello ticker",
    ];
    assert_eq!(services.told(), told);
    let changes = served.done("changes");
    assert_eq!(
        changes.matches("Running service command").count(),
        5,
        "{changes}"
    );
    let tasks = served.done("tasks 4");
    let tasks: Vec<_> = cells(&tasks)
        .iter()
        .map(|row| (row[0], row[3..].join(" ")))
        .collect();
    assert!(tasks[0].1.ends_with("Stop hello.greeter"), "{tasks:?}");
    assert!(tasks[1].1.ends_with("Start hello.greeter"), "{tasks:?}");
    assert!(tasks.iter().all(|task| task.0 == "Done"), "{tasks:?}");
}

#[test]
fn it_enables_and_disables() {
    let (served, services, _directory) = with_hello();
    served.done("stop --disable hello.greeter");
    assert_eq!(
        services.told(),
        ["disable hello greeter", "stop hello greeter"]
    );
    let listed = served.done("services hello.greeter");
    assert_eq!(cells(&listed)[0][1..3], ["disabled", "inactive"]);
    served.done("start --enable hello.greeter");
    assert_eq!(
        services.told(),
        ["enable hello greeter", "start hello greeter"]
    );
    let listed = served.done("services hello.greeter");
    assert_eq!(cells(&listed)[0][1..3], ["enabled", "active"]);
}

#[test]
fn what_cannot_be_started_stays_disabled() {
    let (served, services, _directory) = with_hello();
    served.done("stop --disable hello.greeter");
    *services.breaks.lock().unwrap() = Some("cannot start hello.greeter: it ended with 1".into());
    assert_eq!(
        served.refused("start --enable hello.greeter"),
        "error: cannot perform the following tasks:\n\
         - Start hello.greeter (cannot start hello.greeter: it ended with 1)\n"
    );
    let listed = served.done("services hello.greeter");
    assert_eq!(cells(&listed)[0][1..3], ["disabled", "inactive"]);
}

#[test]
fn what_was_said_of_services_goes_with_the_data() {
    let (served, services, _directory) = with_hello();
    served.done("remove hello");
    assert_eq!(services.told(), [""; 0]);
    served.done("remove --purge hello");
    assert_eq!(services.told(), ["forget hello"]);
}

#[test]
fn it_reads_logs() {
    let (served, services, _directory) = with_hello();
    services.write("greeter", "2026-11-26T12:00:01Z one");
    services.write("greeter", "2026-11-26T12:00:03Z three: \"\u{e9}\"");
    services.write("ticker", "2026-11-26T12:00:02Z two");
    let all = "2026-11-26T12:00:01Z hello.greeter[-]: one\n\
               2026-11-26T12:00:02Z hello.ticker[-]: two\n\
               2026-11-26T12:00:03Z hello.greeter[-]: three: \"\u{e9}\"\n";
    assert_eq!(served.done("logs hello --abs-time"), all);
    let last = all.lines().last().unwrap();
    assert_eq!(
        served.done("logs hello --abs-time -n 1"),
        format!("{last}\n")
    );
    assert_eq!(served.done("logs hello.ticker --abs-time -n 0"), "");
    assert_eq!(served.done("logs hello --abs-time -n all"), all);
    let missing = served.refused("logs other");
    assert_eq!(missing, "error: snap \"other\" not found\n");
}

#[test]
fn it_follows_logs_until_it_goes() {
    let (served, services, _directory) = with_hello();
    services.write("greeter", "2026-11-26T12:00:01Z before");
    let mut following = served.start("logs hello.greeter --abs-time -f");
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().ends_with(": before"));
    for number in 0..3 {
        services.write("greeter", &format!("2026-11-26T12:00:02Z line {number}"));
        assert!(next().ends_with(&format!(": line {number}")));
    }
    following.kill().unwrap();
    following.wait().unwrap();
}

#[test]
fn another_user_sees_services_and_no_logs() {
    // Installed by root, asked by another.
    let root = served_with_snaps(me());
    install(&root, "1.0");
    let other = served_with(not_me(), |_| crate::snap_parts::parts(root.root.path()));
    while cells(&other.done("list")).len() < 2 {
        std::thread::yield_now();
    }
    assert_eq!(cells(&other.done("services")).len(), 2);
    for line in ["logs hello", "stop hello", "restart hello.greeter"] {
        let said = other.refused(line);
        assert!(said.contains("access denied"), "snap {line}: {said}");
    }
}
