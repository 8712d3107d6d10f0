//! Debian's `snap`, which nobody here wrote, drives the socket.
//!
//! `cargo xtask setup` fetches it, and unpacks it without installing it. It looks for the
//! socket below `SNAPPY_GLOBAL_ROOT`.

mod configuration;
#[path = "../device/mod.rs"]
mod device;
mod services;
#[path = "../snap_parts/mod.rs"]
mod snap_parts;
mod snaps;
mod system;

use device::TestDevice;
use snap_parts::{NoStore, TestServices, parts, parts_with};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use updater::api::Peer;
use updater::snaps::{SnapDesk, SnapParts};
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

fn served_with_snaps(administrator: Peer) -> Served {
    served_with(administrator, parts)
}

fn served_with_services(services: &Arc<TestServices>) -> Served {
    let services = Arc::clone(services);
    served_with(device::me(), |root| parts_with(root, services))
}

/// Has `hello` of that version come.
fn install(served: &Served, version: &str) {
    let file = snap_parts::make_snap(served.root.path(), version);
    served.done(&format!("install --dangerous {}", file.display()));
}

fn served_with(administrator: Peer, parts: impl FnOnce(&Path) -> SnapParts) -> Served {
    let device = TestDevice::new();
    let root = tempfile::tempdir().unwrap();
    let parts = parts(root.path());
    device.serve_as(
        root.path(),
        administrator,
        Patience::OF_A_DAEMON,
        |api, changes| api.with_snaps(SnapDesk::open(parts, changes, Arc::new(NoStore))),
    );
    Served { device, root }
}
