//! The system: updates, rollbacks, settings.

use crate::device::{me, not_me};
use crate::{cells, ended, served_to};
use updater::device::{Failure, FailureKind};

#[test]
fn it_sees_the_daemon_and_the_system() {
    let served = served_to(me());
    let version = served.done("version");
    let daemon = format!("snapd   {}", env!("CARGO_PKG_VERSION"));
    assert!(version.lines().any(|line| line == daemon), "{version}");
    assert!(version.contains("series  16\nkernel  "), "{version}");
    assert_eq!(
        cells(&served.done("list")),
        [["system", "2", "2", "stable", "-", "core"]]
    );
    assert_eq!(
        cells(&served.done("list --all"))[1],
        ["system", "1", "1", "stable", "-", "core,disabled"]
    );
    let times = served.done("refresh --time");
    assert!(times.starts_with("timer: every "), "{times}");
    assert!(times.contains("\nnext: "), "{times}");
}

#[test]
fn it_lists_and_takes_what_is_available() {
    let served = served_to(me());
    assert_eq!(
        cells(&served.done("refresh --list")),
        [["system", "3", "3", "27MB", "-", "core"]]
    );
    assert_eq!(served.done("refresh system"), "system 3 refreshed\n");
    let changes = served.done("changes");
    assert!(changes.contains("Refresh \"system\" snap"), "{changes}");
    for verb in ["change", "tasks"] {
        let tasks = served.done(&format!("{verb} 1"));
        let cells = cells(&tasks);
        assert_eq!(cells.len(), 4, "{tasks}");
        assert!(cells.iter().all(|row| row[0] == "Done"), "{tasks}");
    }
    assert_eq!(cells(&served.done("list"))[0][5], "core,waiting");
}

#[test]
fn it_takes_all_there_is_and_hears_that_there_is_nothing() {
    let served = served_to(me());
    assert_eq!(served.done("refresh"), "system 3 refreshed\n");
    served.device.store.lock().unwrap().clear();
    assert_eq!(served.done("refresh"), "All snaps up to date.\n");
    assert_eq!(
        served.done("refresh system"),
        "snap \"system\" has no updates available\n"
    );
}

#[test]
fn it_follows_an_update_shows_how_far_it_is_and_is_told_that_it_cannot_be_aborted() {
    let served = served_to(me());
    served.device.hold_halfway();
    assert_eq!(served.done("refresh system --no-wait"), "1\n");
    let tasks = served.done("tasks 1");
    assert!(
        tasks.contains("Fetch the release into the other slot (50.00%)"),
        "{tasks}"
    );
    assert_eq!(cells(&tasks)[1][0], "Doing");
    // Its code for "ask again later".
    let (code, second) = served.snap("refresh system");
    assert_eq!(code, 10, "{second}");
    assert!(
        second.contains("change 1 (refresh-snap) is in progress"),
        "{second}"
    );
    let abort = served.refused("abort 1");
    assert!(
        abort.contains("cannot abort change 1: it goes on by itself"),
        "{abort}"
    );
    let watching = served.start("watch 1");
    served.device.go_on();
    let (code, said) = ended(watching);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn it_says_why_an_update_failed() {
    let served = served_to(me());
    let failure = Failure::new(
        FailureKind::Refused,
        "cannot update: its signatures are wrong",
    );
    *served.device.breaks.lock().unwrap() = Some(failure);
    assert_eq!(
        served.refused("refresh system"),
        "error: cannot perform the following tasks:\n\
         - Fetch the release into the other slot (cannot update: its signatures are wrong)\n"
    );
    let log = served.done("tasks 1");
    assert!(
        log.contains("ERROR cannot update: its signatures are wrong"),
        "{log}"
    );
}

#[test]
fn it_reverts() {
    let served = served_to(me());
    assert_eq!(served.done("revert system"), "system reverted to 1\n");
    assert!(served.refused("revert system").contains("reboot to use it"));
    assert!(
        served
            .refused("revert other")
            .contains("snap \"other\" not found")
    );
}

#[test]
fn it_gets_and_sets() {
    let served = served_to(me());
    assert_eq!(served.done("get system channel"), "stable\n");
    assert_eq!(served.done("set system channel=edge hold=forever"), "");
    assert_eq!(served.done("get system channel"), "edge\n");
    let all = served.done("get -d system");
    assert!(all.contains("\"hold\": \"forever\""), "{all}");
    assert_eq!(served.done("set system rate-limit-bytes-per-sec=1000"), "");
    assert_eq!(served.done("unset system rate-limit-bytes-per-sec"), "");
    let unknown = "error: snap \"system\" has no \"frob\" configuration option\n";
    assert_eq!(served.refused("get system frob"), unknown);
    assert_eq!(served.refused("set system frob=1"), unknown);
    assert!(
        served
            .refused("set system poll-interval-secs=often")
            .contains("poll-interval-secs")
    );
}

#[test]
fn it_reboots() {
    let served = served_to(me());
    assert_eq!(served.done("reboot"), "Reboot\n");
    assert_eq!(*served.device.reboots.lock().unwrap(), 1);
}

#[test]
fn another_user_reads_and_is_told_what_to_do() {
    let served = served_to(not_me());
    assert_eq!(cells(&served.done("list")).len(), 1);
    for line in [
        "refresh system",
        "revert system",
        "set system channel=edge",
        "reboot",
    ] {
        let said = served.refused(line);
        assert!(said.contains("access denied"), "snap {line}: {said}");
    }
}
