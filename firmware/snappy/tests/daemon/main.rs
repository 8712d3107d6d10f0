//! The verbs that ask the daemon, against its real socket and a device that is not there.
mod config;
#[path = "../../../updater/tests/device/mod.rs"]
mod device;
#[path = "../../../updater/tests/snap_parts/mod.rs"]
mod snap_parts;

use device::{TestDevice, me, not_me};
use serde_json::{Value, json};
use snap_parts::{ListedOnly, NoStore, listed, make_snap, parts};
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
    _root: TempDir,
}

fn served_to(administrator: Peer) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let socket = device.serve(root.path(), administrator, Patience::OF_A_DAEMON);
    Served {
        device,
        socket,
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
    let socket = device.serve_as(root.path(), administrator, patience, |api, changes| {
        api.with_snaps(SnapDesk::open(parts(root.path()), changes, listing))
    });
    Served {
        device,
        socket,
        _root: root,
    }
}

/// The cells of the rows below a table's head.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| row.split_whitespace().collect()).collect()
}

#[test]
fn snaps_come_and_go_with_the_table_of_2014() {
    let served = served_with_snaps();
    let install = |version| {
        let file = make_snap(served._root.path(), version);
        format!("install --allow-unauthenticated {}", file.display())
    };
    let table = served.done(&install("1.0"));
    let head = table.lines().next().unwrap();
    let words: Vec<_> = head.split_whitespace().collect();
    assert_eq!(
        words,
        [
            "Part",
            "Tag",
            "Installed",
            "Available",
            "Fingerprint",
            "Active"
        ]
    );
    let hello = &cells(&table)[0];
    assert_eq!(hello[..4], ["hello", "sideload", "1.0", "-"]);
    assert_eq!((hello[4].len(), hello[5]), (14, "*"));
    served.done(&install("1.1"));
    let list = served.done("list");
    let parts: Vec<_> = cells(&list).iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(parts, ["system", "hello"]);
    assert_eq!(cells(&served.done("list -a")).len(), 4);
    assert_eq!(cells(&served.done("rollback hello"))[0][2], "1.0");
    assert_eq!(
        served.done("uninstall hello"),
        "Removed hello; 'snappy purge hello' removes its data\n"
    );
    assert_eq!(
        served.refused("remove hello"),
        "snap \"hello\" is not installed\n"
    );
    assert_eq!(served.done("purge hello"), "Purged hello\n");
    assert_eq!(served.refused("install hello"), "no store is set\n");
    let list = served.json("list --json");
    assert_eq!(list["parts"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn anybody_finds_snaps_with_the_table_of_2014() {
    let docker = listed(
        "docker",
        "acme",
        "The docker app deployment mechanism\nNew: pull",
    );
    let other = listed("hello", "zeta", "another greeting");
    for administrator in [me(), not_me()] {
        let all = vec![
            docker.clone(),
            listed("hello", "acme", "a Greeting"),
            other.clone(),
        ];
        let served = served_with_listing(administrator, Arc::new(ListedOnly(all)));
        assert_eq!(
            served.done("search docker"),
            "Part    Version  Description\n\
             docker  1.3.2    The docker app deployment mechanism\n"
        );
        assert_eq!(
            served.done("search GREETING"),
            "Part        Version  Description\n\
             hello.acme  1.3.2    a Greeting\n\
             hello.zeta  1.3.2    another greeting\n"
        );
        assert_eq!(
            served.json("search docker --json"),
            json!({ "found": [{
                "part": "docker", "publisher": "acme", "version": "1.3.2", "revision": "7",
                "size_bytes": 4 << 20, "held": null,
                "description": "The docker app deployment mechanism\nNew: pull",
            }] })
        );
        assert_eq!(
            served.done("search a&name=docker"),
            "The store has no snap with \"a&name=docker\" in its name or description.\n"
        );
        // The system is found by its address, and is no snap to install.
        assert_eq!(cells(&served.done("search")).len(), 3);
    }
}

#[test]
fn a_snap_that_is_here_tells_what_it_is() {
    let served = served_with_snaps();
    for version in ["1.0", "1.1"] {
        let file = make_snap(served._root.path(), version);
        served.done(&format!(
            "install --allow-unauthenticated {}",
            file.display()
        ));
    }
    let info = served.done("info hello");
    assert!(
        info.starts_with(
            "name: hello\nsummary: A greeting\npublisher: -\nchannel: sideload\nversion: 1.1\n\
             license: MIT\nconfinement: strict\nservices: greeter\nsize: 0.3 MiB\nrevisions:\n"
        ),
        "{info}"
    );
    assert!(
        info.contains("\n  x1 1.0 ") && info.contains("\n  x2* 1.1 "),
        "{info}"
    );
    let json = served.json("info hello --json");
    assert_eq!(
        (&json["services"], &json["revisions"][1]["active"]),
        (&json!(["greeter"]), &json!(true))
    );
    let tags = served.done("tags");
    assert_eq!(
        tags,
        "Part    Tag       Vouched for by\n\
         system  stable    the image's maker\n\
         hello   sideload  nobody\n"
    );
    let wide = served.done("list -v");
    assert!(
        cells(&wide)[1].ends_with(&["-", "x2", "0.3", "MiB"]),
        "{wide}"
    );
}

#[test]
fn a_snap_of_the_store_is_told_of_before_it_is_here() {
    let all = vec![listed("docker", "acme", "Containers")];
    let served = served_with_listing(me(), Arc::new(ListedOnly(all)));
    assert_eq!(
        served.done("info docker"),
        "name: docker\nsummary: Containers\npublisher: acme\nchannel: stable\nversion: 1.3.2\n\
         installed: no\nrevision: 7\ndownload size: 4.0 MiB\n"
    );
    assert_eq!(served.refused("info nobody"), "No snap 'nobody' found\n");
}

#[test]
fn what_is_outdated_is_listed_with_what_is_available() {
    let served = served_to(me());
    assert_eq!(
        cells(&served.done("list -u")),
        [["system", "stable", "2", "3", "00000000000002", "*"]]
    );
    served.device.store.lock().unwrap().clear();
    assert_eq!(
        served.done("list -u"),
        "Nothing newer is there for this device.\n"
    );
}

#[test]
fn there_is_no_writable_root() {
    let served = served_to(me());
    let told = served.refused("chroot");
    assert!(
        told.starts_with("cannot open a writable root: ") && told.contains("'snappy build DIR'"),
        "{told}"
    );
}
