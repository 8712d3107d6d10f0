//! Starting a program that ends at once: confined, in bubblewrap, and as it is.

use crate::runs::{Subject, Way, measure as measure_ways};
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const SNAP_YAML: &str = "name: bench\nversion: 1\napps: {bench: {command: bin/bench}}\n";

/// With the namespaces that a snap has; it knows no filter of system calls and no file rules.
const BUBBLEWRAP: [&str; 12] = [
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
];

pub(crate) fn measure(snap_run: &Path, directory: &Path, rounds: usize) -> Result<Vec<Way>> {
    let device = directory.join("start");
    let snap = device.join("snap/bench/1");
    fs::create_dir_all(snap.join("bin"))?;
    fs::create_dir_all(snap.join("meta"))?;
    fs::write(snap.join("meta/snap.yaml"), SNAP_YAML)?;
    let program = snap.join("bin/bench");
    fs::copy("/bin/true", &program).context("cannot copy /bin/true")?;
    symlink("1", device.join("snap/bench/current"))?;
    let plain = Subject {
        name: "plain exec",
        command: Box::new(|| Ok(Command::new(&program))),
    };
    let confined = Subject {
        name: "Twinkeel",
        command: Box::new(|| {
            let mut command = Command::new(snap_run);
            command.arg("--device").arg(&device);
            command.args(["--without-groups", "bench"]);
            Ok(command)
        }),
    };
    let bubblewrap = Subject {
        name: "bubblewrap",
        command: Box::new(|| {
            let mut command = Command::new("bwrap");
            command.args(BUBBLEWRAP).arg(&program);
            Ok(command)
        }),
    };
    measure_ways(vec![plain, confined, bubblewrap], rounds)
        .context("cannot measure a start; it takes root, and bwrap of the package bubblewrap")
}
