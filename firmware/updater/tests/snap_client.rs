//! Debian's `snap`, which nobody here wrote, drives the socket.
//!
//! `cargo xtask setup` fetches it, and unpacks it without installing it. It looks for the
//! socket below `SNAPPY_GLOBAL_ROOT`.
mod device;
mod snap_parts;

use device::{TestDevice, me, not_me};
use snap_parts::{NoStore, make_snap, parts, places};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use updater::api::Peer;
use updater::device::{Failure, FailureKind};
use updater::snaps::SnapDesk;
use updater::socket::Patience;

const SNAP: &str = "../../target/setup/snapd/usr/bin/snap";

struct Served {
    device: Arc<TestDevice>,
    root: TempDir,
}

fn served_to(administrator: Peer) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    device.serve(root.path(), administrator, Patience::OF_A_DAEMON);
    Served { device, root }
}

impl Served {
    fn start(&self, line: &str) -> Child {
        let snap = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAP);
        Command::new(snap)
            .args(line.split(' '))
            .env("SNAPPY_GLOBAL_ROOT", self.root.path())
            .env("HOME", self.root.path())
            .env("LANG", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("snap: run `cargo xtask setup`")
    }

    /// Its exit code and what it printed, standard error behind the output.
    fn snap(&self, line: &str) -> (i32, String) {
        ended(self.start(line))
    }

    fn done(&self, line: &str) -> String {
        let (code, said) = self.snap(line);
        assert_eq!(code, 0, "snap {line}: {said}");
        said
    }

    fn refused(&self, line: &str) -> String {
        let (code, said) = self.snap(line);
        assert_eq!(code, 1, "snap {line}: {said}");
        said
    }
}

fn ended(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// The cells of the rows below a table's head.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1).filter(|row| !row.is_empty());
    rows.map(|row| row.split_whitespace().collect()).collect()
}

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

fn served_with_snaps(administrator: Peer) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    device.serve_as(
        root.path(),
        administrator,
        Patience::OF_A_DAEMON,
        |api, changes| {
            api.with_snaps(SnapDesk::open(
                parts(root.path()),
                changes,
                Arc::new(NoStore),
            ))
        },
    );
    Served { device, root }
}

#[test]
fn it_installs_a_file_goes_back_and_removes() {
    let served = served_with_snaps(me());
    let install = |version| {
        let file = make_snap(served.root.path(), version);
        format!("install --dangerous {}", file.display())
    };
    for version in ["1.0", "1.1"] {
        let said = served.done(&install(version));
        let first = format!("hello {version} installed\n");
        assert!(said.starts_with(&first), "{said}");
    }
    let all = served.done("list --all");
    let cells = cells(&all);
    assert_eq!(cells[0][0], "hello");
    let of_hello: Vec<_> = cells.iter().filter(|row| row[0] == "hello").collect();
    assert_eq!(of_hello[0][..3], ["hello", "1.0", "x1"], "{all}");
    assert_eq!(of_hello[1][..3], ["hello", "1.1", "x2"], "{all}");
    let changes = served.done("changes");
    assert!(
        changes.contains("Install \"hello\" snap from a file"),
        "{changes}"
    );
    let tasks = served.done("tasks 1");
    assert!(
        tasks.contains("Verify the snap and name its blocks"),
        "{tasks}"
    );
    assert_eq!(served.done("revert hello"), "hello reverted to 1.0\n");
    assert_eq!(served.done("remove --purge hello"), "hello removed\n");
    let gone = served.refused("revert hello");
    assert!(gone.contains("snap \"hello\" is not installed"), "{gone}");
    let places = places(served.root.path());
    let left: Vec<_> = std::fs::read_dir(&places.data).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn it_is_told_what_cannot_be_installed() {
    let served = served_with_snaps(me());
    let file = make_snap(served.root.path(), "1.0");
    let unsigned = served.refused(&format!("install {}", file.display()));
    assert!(unsigned.contains("nobody vouches"), "{unsigned}");
    std::fs::write(&file, "no snap at all").unwrap();
    let no_snap = served.refused(&format!("install --dangerous {}", file.display()));
    assert!(no_snap.contains("cannot read the snap"), "{no_snap}");
    let no_store = served.refused("install hello");
    assert!(no_store.contains("no store is set"), "{no_store}");
    // Nothing stays of what was sent.
    let incoming = places(served.root.path()).incoming();
    let left: Vec<_> = std::fs::read_dir(incoming).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn another_user_sends_no_file() {
    let served = served_with_snaps(not_me());
    let file = make_snap(served.root.path(), "1.0");
    let (code, said) = served.snap(&format!("install --dangerous {}", file.display()));
    assert_eq!(code, 1, "{said}");
    let incoming = places(served.root.path()).incoming();
    assert!(!incoming.exists(), "something was written: {said}");
}
