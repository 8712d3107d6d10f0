//! The supervisor over a snap of small scripts, with the real `snap-run` and the kernel of
//! this machine. Confining takes root: as anybody else these tests say so.
//!
//! Scripts wait by reading a pipe that nobody writes to; tests wait for answers, for lines of
//! logs and for connections, never for time.

mod bench;
mod control;
mod frameworks;
mod migration;
mod sockets;
mod standing;

use bench::{Bench, app, name, places, write_program};
use snap_services::{ClientError, serve};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_simple_service_runs_until_it_is_stopped() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_line("simple", "simple runs");
    assert_eq!(bench.state("simple"), "running");
    bench.start().unwrap();
    assert_eq!(
        bench.client.status().unwrap()[0].starts,
        1,
        "it runs already"
    );
    bench.stop();
    assert_eq!(bench.state("simple"), "stopped");
    bench.start().unwrap();
    assert_eq!(bench.client.status().unwrap()[0].starts, 1, "a new life");
}

#[test]
fn services_start_in_their_order_and_a_oneshot_ends_first() {
    let apps = app("simple", "    daemon: simple\n    after: [oneshot]\n")
        + &app("oneshot", "    daemon: oneshot\n");
    let Some(bench) = Bench::new(&apps) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(bench.state("oneshot"), "done");
    let order = fs::read_to_string(bench.data().join("order-oneshot")).unwrap();
    assert_eq!(order, "x\n");
}

#[test]
fn a_forking_service_is_ready_when_its_first_process_has_ended() {
    let Some(bench) = Bench::new(&app("forking", "    daemon: forking\n")) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(bench.state("forking"), "running");
    bench.wait_for_line("forking", "forked runs");
    bench.stop();
    assert_eq!(bench.state("forking"), "stopped");
}

#[test]
fn a_notify_service_is_ready_when_it_says_so() {
    let Some(bench) = Bench::new(&app("notify", "    daemon: notify\n")) else {
        return;
    };
    bench.start().unwrap();
    let status = &bench.client.status().unwrap()[0];
    assert_eq!(status.state, "running", "{:?}", bench.log("notify"));
    assert_eq!(status.says.as_deref(), Some("serving"));
}

#[test]
fn a_notify_service_that_ends_before_was_not_started() {
    let apps = "  failing:\n    command: bin/probe failing\n    daemon: notify\n    \
                restart-condition: never\n";
    let Some(bench) = Bench::new(apps) else {
        return;
    };
    let error = bench.start().unwrap_err().to_string();
    assert_eq!(
        error,
        format!("cannot start {}.failing: it ended with 3", name())
    );
    assert_eq!(bench.state("failing"), "failed");
}

#[test]
fn who_fails_is_started_again() {
    let keys = "    daemon: simple\n    restart-delay: 1ms\n";
    let Some(bench) = Bench::new(&app("failing", keys)) else {
        return;
    };
    bench.start().unwrap();
    while bench.client.status().unwrap()[0].starts < 4 {
        std::thread::yield_now();
    }
    bench.stop();
    assert_eq!(bench.state("failing"), "stopped");
}

#[test]
fn who_does_not_go_is_killed_with_all_its_children() {
    let keys = "    daemon: simple\n    stop-timeout: 1ms\n";
    let Some(bench) = Bench::new(&app("stubborn", keys)) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_line("stubborn", "stubborn runs");
    bench.stop();
    assert_eq!(bench.state("stubborn"), "stopped");
    let group = confinement::ControlGroup::of(&name(), "stubborn").unwrap();
    assert_eq!(group.processes().unwrap(), [] as [i32; 0]);
}

#[test]
fn what_a_service_leaves_behind_ends_with_it() {
    let keys = "    daemon: simple\n    restart-condition: never\n";
    let Some(bench) = Bench::new(&app("leaving", keys)) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_state("leaving", "done");
    let group = confinement::ControlGroup::of(&name(), "leaving").unwrap();
    assert_eq!(group.processes().unwrap(), [] as [i32; 0]);
}

#[test]
fn stop_commands_run_before_and_behind() {
    let keys = "    daemon: simple\n    stop-command: bin/probe stop\n    \
                post-stop-command: bin/probe after\n    stop-timeout: 100ms\n";
    let Some(bench) = Bench::new(&app("simple", keys)) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_line("simple", "simple runs");
    bench.stop();
    bench.wait_for_line("simple", "post-stop command ran");
    let log = bench.log("simple");
    let place = |line| log.iter().position(|said| said == line);
    assert!(
        place("stop command ran") < place("post-stop command ran"),
        "{log:?}"
    );
}

#[test]
fn a_log_is_bounded_and_ends_with_the_last_words() {
    let Some(bench) = Bench::new(&app("many", "    daemon: simple\n")) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_line("many", "line 2999 of many");
    for name in fs::read_dir(bench.places.logs()).unwrap().flatten() {
        assert!(name.metadata().unwrap().len() <= 64 << 10);
    }
}

/// Set where this program is a supervisor that can be killed: the root of its device.
const SUPERVISED: &str = "TWINKEEL_TEST_SUPERVISED";

#[test]
fn a_new_supervisor_ends_what_was_left_and_starts_it_anew() {
    if let Some(directory) = std::env::var_os(SUPERVISED) {
        return serve(places(Path::new(&directory))).unwrap();
    }
    let Some(bench) = Bench::without_supervisor(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    let mut first = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", std::thread::current().name().unwrap()])
        .env(SUPERVISED, bench.directory.path())
        .spawn()
        .unwrap();
    bench.wait_for_supervisor();
    bench.start().unwrap();
    bench.wait_for_line("simple", "simple runs");
    first.kill().unwrap();
    first.wait().unwrap();
    let group = confinement::ControlGroup::of(&name(), "simple").unwrap();
    let left = group.processes().unwrap();
    assert_ne!(left, [] as [i32; 0], "a service outlives its supervisor");
    bench.serve();
    bench.wait_for_state("simple", "running");
    loop {
        let after = group.processes().unwrap();
        if !after.is_empty() && after.iter().all(|process| !left.contains(process)) {
            break;
        }
        std::thread::yield_now();
    }
}

#[test]
fn hooks_run_to_their_end_or_to_their_limit() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    let hooks = bench
        .directory
        .path()
        .join("snap")
        .join(name())
        .join("x1/meta/hooks");
    write_program(
        &hooks.join("install"),
        "#!/bin/sh\nread found\necho installed $SNAP_REVISION: $found\n",
    );
    write_program(&hooks.join("configure"), "#!/bin/sh\necho no\nexit 4\n");
    let endless = "#!/bin/sh\nmkfifo /tmp/never\nread nothing <>/tmp/never\n";
    write_program(&hooks.join("remove"), endless);
    let configuration = serde_json::json!({ "port": 80 });
    let configuration = configuration.as_object().unwrap().clone();
    let run = |hook, limit| {
        bench.client.hook(
            &name(),
            "x1",
            hook,
            Duration::from_secs(limit),
            &configuration,
        )
    };
    let outcome = run("install", 60).unwrap();
    assert_eq!(
        (outcome.exit_code, outcome.output.as_str()),
        (0, "installed x1: {\"port\":80}\n")
    );
    let outcome = run("configure", 60).unwrap();
    assert_eq!((outcome.exit_code, outcome.output.as_str()), (4, "no\n"));
    assert_eq!(run("pre-refresh", 60).unwrap().exit_code, 0, "it has none");
    let outcome = run("remove", 1).unwrap();
    assert_eq!(outcome.exit_code, 137);
    assert!(
        outcome.output.contains("took longer than 1 s"),
        "{}",
        outcome.output
    );
    let error = run("dance", 60).unwrap_err().to_string();
    assert!(error.contains("cannot use \"dance\""), "{error}");
}

#[test]
fn what_is_asked_wrongly_is_refused_with_a_reason() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    let refused = |outcome: Result<(), ClientError>| outcome.unwrap_err().to_string();
    assert!(refused(bench.client.start("other", "1")).contains("cannot find"));
    assert!(refused(bench.client.start("../x", "1")).contains("cannot use \"../x\""));
    let apps = ["other".to_owned()];
    assert!(refused(bench.client.start_services(&name(), &apps)).contains("the service other"));
    let mut stream = UnixStream::connect(bench.places.socket()).unwrap();
    stream.write_all(b"{\"act\":\"fly\"}\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("cannot understand the request"), "{answer}");
}

/// A store of snaps makes the data of a revision before anything of it runs, and as root.
#[test]
fn a_service_writes_the_data_that_root_made_for_it() {
    let prepare = |bench: &Bench| fs::create_dir_all(bench.data()).unwrap();
    let Some(bench) = Bench::with(&app("oneshot", "    daemon: oneshot\n"), prepare) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(bench.state("oneshot"), "done");
    let wrote = fs::read_to_string(bench.data().join("order-oneshot")).unwrap();
    assert_eq!(wrote, "x\n");
}
