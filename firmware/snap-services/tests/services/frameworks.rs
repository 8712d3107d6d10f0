//! A supervisor that begins anew: a framework is up before what needs it starts.

use crate::bench::{Bench, app, name, write_program};
use std::fs;
use std::os::unix::fs::symlink;

const FRAMEWORK: &str = r#"#!/bin/sh
mkfifo $SNAP_COMMON/go
echo "framework waits"
read nothing < $SNAP_COMMON/go
perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die "$!";
    $s->send("READY=1");' || exit 5
read nothing <>$SNAP_COMMON/go
"#;

#[test]
fn a_framework_is_up_before_what_needs_it() {
    // By name it would come later.
    let framework = format!("z{}", name());
    let prepare = |bench: &Bench| {
        let root = bench.directory.path();
        let yaml = root.join("snap").join(name()).join("x1/meta/snap.yaml");
        let text = fs::read_to_string(&yaml).unwrap();
        fs::write(&yaml, format!("{text}frameworks: [{framework}]\n")).unwrap();
        let snap = root.join("snap").join(&framework);
        fs::create_dir_all(snap.join("x1/meta")).unwrap();
        write_program(&snap.join("x1/run"), FRAMEWORK);
        let apps = "apps: {bus: {command: run, daemon: notify, stop-timeout: 1ms}}";
        let text = format!("name: {framework}\nversion: 1\nframework: {{}}\n{apps}\n");
        fs::write(snap.join("x1/meta/snap.yaml"), text).unwrap();
        symlink("x1", snap.join("current")).unwrap();
        // As an earlier supervisor left it.
        fs::create_dir_all(&bench.places.runtime).unwrap();
        let started = format!("{} x1\n{framework} x1\n", name());
        fs::write(bench.places.runtime.join("started"), started).unwrap();
    };
    let Some(bench) = Bench::with(&app("simple", "    daemon: simple\n"), prepare) else {
        return;
    };
    let logs = bench.places.logs();
    let says = || {
        let lines = snap_services::log::tail(&logs, &format!("{framework}.bus"), 9).unwrap();
        lines.iter().any(|line| line.ends_with("framework waits"))
    };
    while !says() {
        std::thread::yield_now();
    }
    assert_eq!(bench.state("bus"), "starting");
    assert_eq!(bench.state("simple"), "stopped");
    let common = bench.directory.path().join("var/snap").join(&framework);
    fs::write(common.join("common/go"), "\n").unwrap();
    bench.wait_for_state("simple", "running");
    assert_eq!(bench.state("bus"), "running");
    bench.client.stop(&framework).unwrap();
}
