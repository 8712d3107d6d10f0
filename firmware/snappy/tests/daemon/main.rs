//! The verbs that ask the daemon, against its real socket and a device that is not there.
mod anybody;
mod config;
#[path = "../../../updater/tests/device/mod.rs"]
mod device;
#[path = "../../../updater/tests/snap_parts/mod.rs"]
mod snap_parts;
mod snaps;

use device::{TestDevice, me, not_me};
use serde_json::{Value, json};
use snap_parts::{NoStore, parts};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use updater::api::Peer;
use updater::device::{Failure, FailureKind, Reason, RebootAsked, UpdateAsked, Verdict, Wanted};
use updater::snaps::{SnapDesk, SnapListing};
use updater::socket::Patience;

struct Served {
    device: Arc<TestDevice>,
    socket: PathBuf,
    /// Where it has snaps.
    desk: Option<SnapDesk>,
    _root: TempDir,
}

fn served_to(administrator: Peer) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let socket = device.serve(root.path(), administrator, Patience::OF_A_DAEMON);
    Served {
        device,
        socket,
        desk: None,
        _root: root,
    }
}

fn start(socket: &std::path::Path, line: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_snappy"))
        .args(line.split(' '))
        .env("SNAPPY_SOCKET", socket)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Exit code, output, standard error.
fn ended(child: Child) -> (i32, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

impl Served {
    fn done(&self, line: &str) -> String {
        let (code, output, errors) = ended(start(&self.socket, line));
        assert_eq!((code, &*errors), (0, ""), "snappy {line}");
        output
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(line)).unwrap()
    }

    fn refused(&self, line: &str) -> String {
        let (code, output, errors) = ended(start(&self.socket, line));
        assert_eq!((code, &*output), (1, ""), "snappy {line}: {errors}");
        errors
    }
}

#[test]
fn what_is_available_is_told_in_the_words_of_2014() {
    let served = served_to(me());
    assert_eq!(
        served.done("update-versions"),
        "1 updated components are available with your current stability settings.\n\
         Part    Tag     Available  Size      Note\n\
         system  stable  3          26.0 MiB\n"
    );
    assert_eq!(
        served.json("update-versions --json"),
        json!({ "available": [{
            "part": "system", "tag": "stable", "available": 3, "size_bytes": 26 << 20,
            "notes": "A newer kernel.", "not_taken_by_itself": null,
        }] })
    );
    *served.device.verdict.lock().unwrap() = Verdict::NotOffered(Reason::RolledBack);
    let held_back = served.done("update-versions");
    assert!(
        held_back.contains(
            "26.0 MiB  somebody rolled this device back from it: 'snappy update' takes it now\n"
        ),
        "{held_back}"
    );
    served.device.store.lock().unwrap().clear();
    assert_eq!(
        served.done("update-versions"),
        "0 updated components are available with your current stability settings.\n"
    );
}

#[test]
fn an_update_ends_with_the_words_of_one_from_a_file() {
    let served = served_to(me());
    assert_eq!(
        served.done("update"),
        "Updating system: (stable 2 184ad1e863e947 -> stable 3 7f068cb4fa876c)\n\
         Reboot to try the new system; the old one comes back if it does not work.\n"
    );
    assert_eq!(
        served.json("update --json"),
        json!({
            "part": "system",
            "from": { "slot": "system-a", "version": 2, "fingerprint": "184ad1e863e947" },
            "to": { "slot": "system-b", "version": 3, "fingerprint": "7f068cb4fa876c" },
            "reboot_pending": true,
        })
    );
    served.device.store.lock().unwrap().clear();
    assert_eq!(
        served.done("update"),
        "no update: version 2 runs, and the store has nothing newer\n"
    );
    assert_eq!(served.json("update --json")["to"], Value::Null);
}

#[test]
fn what_somebody_allows_reaches_the_device() {
    let served = served_to(me());
    let said = served.done(
        "update system --version 7 --automatic-reboot --allow-stopped --allow-downgrade --retry-failed",
    );
    assert!(said.contains("Rebooting to try the new system;"), "{said}");
    while *served.device.reboots.lock().unwrap() == 0 {
        std::thread::yield_now();
    }
    let asked = served.device.asked.lock().unwrap().unwrap();
    assert_eq!(
        asked,
        UpdateAsked {
            release: Wanted::Version(7),
            stopped: updater::device::Stopped::Allow,
            downgrade: system_update::Downgrade::Allow,
            failed_before: system_update::FailedBefore::Allow,
            // That is the API's to ask for, once the change is done.
            reboot: RebootAsked::Later,
        }
    );
}

#[test]
fn an_update_that_goes_on_is_seen_by_others_and_survives_its_command() {
    let served = served_to(me());
    served.device.hold_halfway();
    let mut updating = start(&served.socket, "update");
    let changes = loop {
        let changes = served.done("changes");
        if changes.contains("Doing") {
            break changes;
        }
    };
    assert!(changes.starts_with("ID  Status  Begun"), "{changes}");
    assert!(changes.contains("Refresh \"system\" snap"), "{changes}");
    // The task comes some moments behind the change.
    let tasks = loop {
        let tasks = served.done("changes 1");
        if tasks.contains("MiB") {
            break tasks;
        }
    };
    assert!(
        tasks.contains("Doing   -") && tasks.contains("the other slot (13.0 of 26.0 MiB)"),
        "{tasks}"
    );
    updating.kill().unwrap();
    updating.wait().unwrap();
    let second = served.refused("update");
    assert_eq!(
        second,
        "cannot begin: change 1 (refresh-snap) is in progress; \
         'snappy changes 1' tells how far it is\n"
    );
    served.device.go_on();
    while served.json("changes 1 --json")["ready"] == false {}
    assert_eq!(
        served.json("changes --json")["changes"][0]["status"],
        "Done"
    );
}

#[test]
fn a_failure_is_one_sentence_and_the_change_keeps_it() {
    let served = served_to(me());
    let failure = Failure::new(
        FailureKind::Refused,
        "cannot update: it is for another board",
    );
    *served.device.breaks.lock().unwrap() = Some(failure);
    assert_eq!(
        served.refused("update"),
        "cannot update: it is for another board\n"
    );
    let tasks = served.done("changes 1");
    assert!(
        tasks.contains("Error ") && tasks.contains("Hold  "),
        "{tasks}"
    );
    assert!(
        tasks.ends_with("cannot update: it is for another board\n"),
        "{tasks}"
    );
}

#[test]
fn a_rollback_is_the_daemons_if_it_runs() {
    let served = served_to(me());
    assert_eq!(
        served.done("rollback"),
        "Rolling back system: (stable 2 00000000000002 -> stable 1 00000000000001)\n\
         Reboot to use the new system.\n"
    );
    assert!(served.refused("rollback").contains("reboot to use it"));
    let served = served_to(me());
    let told = served.json("rollback system --json");
    assert_eq!(
        (&told["to"], &told["reboot_pending"]),
        (
            &json!({ "slot": "system-b", "version": 1, "fingerprint": "00000000000001" }),
            &json!(true)
        )
    );
}

#[test]
fn updates_are_held_and_released() {
    let served = served_to(me());
    assert_eq!(
        served.done("hold"),
        "Unattended updates of system are held until somebody releases them: \
         'snappy hold --release' ends it, and 'snappy update' takes one all the same.\n"
    );
    assert_eq!(
        served.json("hold --release --json"),
        json!({ "part": "system", "hold": "none" })
    );
    assert_eq!(
        served.done("hold --release"),
        "Updates of system are not held.\n"
    );
}

#[test]
fn who_is_not_root_reads_and_is_told_what_to_do() {
    let served = served_to(not_me());
    for line in ["update-versions", "config", "changes"] {
        served.done(line);
    }
    for line in ["update", "rollback", "hold", "config channel=edge"] {
        assert_eq!(
            served.refused(line),
            "This command needs root, please run with sudo\n",
            "snappy {line}"
        );
    }
}

#[test]
fn what_is_no_change_is_named() {
    let served = served_to(me());
    assert_eq!(
        served.refused("changes 7"),
        "cannot find change with id \"7\"\n"
    );
    assert_eq!(
        served.refused("changes ../snaps"),
        "cannot find change \"../snaps\": 'snappy changes' lists them\n"
    );
    assert_eq!(
        served.done("changes"),
        "Nothing was asked since the boot; 'snappy why' tells of earlier ones.\n"
    );
}

#[test]
fn without_a_daemon_its_log_is_named() {
    let root = tempfile::tempdir().unwrap();
    let socket = root.path().join("none");
    for line in ["update", "update-versions", "hold", "config", "changes"] {
        let (code, output, errors) = ended(start(&socket, line));
        assert_eq!((code, &*output), (1, ""), "snappy {line}");
        assert!(
            errors.starts_with("cannot ask snappyd: nobody listens at "),
            "{errors}"
        );
        assert!(errors.contains("'snappy service snappyd logs'"), "{errors}");
    }
}

fn served_with_snaps() -> Served {
    served_with_listing(me(), Arc::new(NoStore))
}

fn served_with_listing(administrator: Peer, listing: Arc<dyn SnapListing>) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let patience = Patience::OF_A_DAEMON;
    let mut desk = None;
    let socket = device.serve_as(root.path(), administrator, patience, |api, changes| {
        let opened = SnapDesk::open(parts(root.path()), changes, listing);
        desk = Some(opened.clone());
        api.with_snaps(opened)
    });
    Served {
        device,
        socket,
        desk,
        _root: root,
    }
}

/// The cells of the rows below a table's head.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| row.split_whitespace().collect()).collect()
}
