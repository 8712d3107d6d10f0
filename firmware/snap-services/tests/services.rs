//! The supervisor over a snap of small scripts, with the real `snap-run` and the kernel of
//! this machine. Confining takes root: as anybody else these tests say so.
//!
//! Scripts wait by reading a pipe that nobody writes to; tests wait for answers, for lines of
//! logs and for connections, never for time.

use snap_run::Device;
use snap_services::{Client, ClientError, Places, Standing, log, serve};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const PROGRAM: &str = r#"#!/bin/sh
# Waits for ever, and goes when it is asked.
rest() { mkfifo /tmp/never; read nothing <>/tmp/never; }
case $1 in
  simple) echo "simple runs"; rest ;;
  stubborn) trap '' TERM; echo "stubborn runs"; rest ;;
  oneshot) echo "oneshot ran"; echo x >> $SNAP_DATA/order-oneshot ;;
  forking) (echo "forked runs"; rest) & exit 0 ;;
  notify) echo "notify runs" ; perl -MIO::Socket::UNIX -e '
      my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die "$!";
      $s->send("STATUS=serving");
      $s->send("READY=1");' || exit 5
    rest ;;
  failing) echo "failing ran"; exit 3 ;;
  leaving) (trap '' TERM; echo "child of leaving"; rest) & echo "leaving ran"; exit 0 ;;
  socket) exec perl -MIO::Handle -e '
      die "no sockets" unless $ENV{LISTEN_FDS} == 1 && $ENV{LISTEN_PID} == $$;
      open(my $listener, "+<&=", 3) or die "$!";
      accept(my $caller, $listener) or die "$!";
      print $caller "answer from $ENV{SNAP_NAME}\n";
      close $caller;' ;;
  many) i=0; while [ $i -lt 3000 ]; do echo "line $i of many"; i=$((i+1)); done; rest ;;
  stop) echo "stop command ran"; kill -TERM -1 ;;
  after) echo "post-stop command ran" ;;
esac
"#;

struct Bench {
    directory: TempDir,
    places: Places,
    client: Client,
}

impl Bench {
    /// A device with the snap `probe`, whose apps are described by `apps`.
    fn new(apps: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: namespaces take root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let snap = directory.path().join("snap/probe/x1");
        fs::create_dir_all(snap.join("bin")).unwrap();
        fs::create_dir_all(snap.join("meta/hooks")).unwrap();
        // Groups are the machine's, and tests run at once: each has a name of its own.
        let yaml = format!("name: {}\nversion: 1\napps:\n{apps}", name());
        fs::write(snap.join("meta/snap.yaml"), yaml).unwrap();
        write_program(&snap.join("bin/probe"), PROGRAM);
        symlink("x1", directory.path().join("snap/probe/current")).unwrap();
        fs::rename(
            directory.path().join("snap/probe"),
            directory.path().join("snap").join(name()),
        )
        .unwrap();
        let places = Places {
            device: Device::at(directory.path()),
            snap_run: vec![
                env!("CARGO_BIN_EXE_snap-run").into(),
                "--device".into(),
                directory.path().into(),
                "--without-groups".into(),
            ],
            runtime: directory.path().join("run"),
            seed: 0,
        };
        let bench = Self {
            client: Client::new(places.socket()),
            directory,
            places,
        };
        bench.serve();
        Some(bench)
    }

    fn serve(&self) {
        let places = self.places.clone();
        std::thread::spawn(move || serve(places).unwrap());
        while UnixStream::connect(self.places.socket()).is_err() {
            std::thread::yield_now();
        }
    }

    fn start(&self) -> Result<(), ClientError> {
        self.client.start(&name(), "x1")
    }

    fn stop(&self) {
        self.client.stop(&name()).unwrap();
    }

    fn state(&self, app: &str) -> String {
        let all = self.client.status().unwrap();
        let found = all.into_iter().find(|service| service.app == app);
        found.map_or("none".to_owned(), |service| service.state)
    }

    fn log(&self, app: &str) -> Vec<String> {
        let service = format!("{}.{app}", name());
        let lines = log::tail(&self.places.logs(), &service, 10_000).unwrap();
        // Behind the time.
        lines.iter().map(|line| line[21..].to_owned()).collect()
    }

    fn wait_for_line(&self, app: &str, line: &str) {
        while !self.log(app).iter().any(|said| said == line) {
            std::thread::yield_now();
        }
    }

    fn wait_for_state(&self, app: &str, state: &str) {
        while self.state(app) != state {
            std::thread::yield_now();
        }
    }

    fn data(&self) -> PathBuf {
        self.directory
            .path()
            .join("var/snap")
            .join(name())
            .join("x1")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.client.stop(&name());
    }
}

/// A name for the snap of the test that runs in this thread.
fn name() -> String {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("main").replace('_', "-");
    let end = test.len().min(30);
    format!("t-{}", test[..end].trim_end_matches('-'))
}

fn write_program(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn app(app: &str, keys: &str) -> String {
    format!("  {app}:\n    command: bin/probe {app}\n{keys}")
}

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
fn a_caller_at_a_port_starts_the_service() {
    // A port that is free now, and that nobody else here asks for.
    let port = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let keys = format!(
        "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
         listen-stream: 127.0.0.1:{port}\n"
    );
    let Some(bench) = Bench::new(&app("socket", &keys)) else {
        return;
    };
    bench.start().unwrap();
    assert_eq!(bench.state("socket"), "listening");
    for starts in 1..=2 {
        let mut answer = String::new();
        let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        caller.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("answer from {}\n", name()));
        bench.wait_for_state("socket", "listening");
        assert_eq!(bench.client.status().unwrap()[0].starts, starts);
    }
    bench.stop();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
fn a_caller_at_a_file_starts_the_service() {
    let keys = "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
                listen-stream: $SNAP_DATA/web.socket\n        socket-mode: 0600\n";
    let Some(bench) = Bench::new(&app("socket", keys)) else {
        return;
    };
    bench.start().unwrap();
    let path = bench.data().join("web.socket");
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.uid()), (0o600, 20_000));
    let mut answer = String::new();
    let mut caller = UnixStream::connect(&path).unwrap();
    caller.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("answer from {}\n", name()));
}

#[test]
fn a_socket_is_not_opened_through_the_snaps_link() {
    let keys = "    daemon: simple\n    plugs: [network-bind]\n    sockets:\n      web:\n        \
                listen-stream: $SNAP_DATA/inner/web.socket\n";
    let Some(bench) = Bench::new(&app("socket", keys)) else {
        return;
    };
    let outside = bench.directory.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("web.socket"), "precious").unwrap();
    fs::create_dir_all(bench.data()).unwrap();
    symlink(&outside, bench.data().join("inner")).unwrap();
    let error = bench.start().unwrap_err().to_string();
    assert!(
        error.contains("its directory is missing, or a link"),
        "{error}"
    );
    let kept = fs::read_to_string(outside.join("web.socket")).unwrap();
    assert_eq!(kept, "precious");
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

#[test]
fn a_new_supervisor_ends_what_was_left_and_starts_it_anew() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    bench.start().unwrap();
    bench.wait_for_line("simple", "simple runs");
    let group = confinement::ControlGroup::of(&name(), "simple").unwrap();
    let before = group.processes().unwrap();
    // The one before still waits; it hears nobody any more.
    bench.serve();
    bench.wait_for_state("simple", "running");
    loop {
        let after = group.processes().unwrap();
        if !after.is_empty() && after.iter().all(|process| !before.contains(process)) {
            break;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_disabled_service_starts_only_when_it_is_asked_for() {
    let Some(bench) = Bench::new(&app("simple", "    daemon: simple\n")) else {
        return;
    };
    let apps = ["simple".to_owned()];
    bench
        .client
        .enable(&name(), &apps, Standing::Disabled)
        .unwrap();
    bench.start().unwrap();
    assert_eq!(bench.state("simple"), "none");
    bench.client.start_services(&name(), &apps).unwrap();
    assert_eq!(bench.state("simple"), "running");
    assert_eq!(
        bench.client.status().unwrap()[0].standing,
        Standing::Disabled
    );
    bench
        .client
        .enable(&name(), &apps, Standing::Enabled)
        .unwrap();
    assert_eq!(
        bench.client.status().unwrap()[0].standing,
        Standing::Enabled
    );
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
        "#!/bin/sh\necho installed $SNAP_REVISION\n",
    );
    write_program(&hooks.join("configure"), "#!/bin/sh\necho no\nexit 4\n");
    let endless = "#!/bin/sh\nmkfifo /tmp/never\nread nothing <>/tmp/never\n";
    write_program(&hooks.join("remove"), endless);
    let run = |hook, limit| {
        bench
            .client
            .hook(&name(), "x1", hook, Duration::from_secs(limit))
    };
    let outcome = run("install", 60).unwrap();
    assert_eq!(
        (outcome.exit_code, outcome.output.as_str()),
        (0, "installed x1\n")
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
