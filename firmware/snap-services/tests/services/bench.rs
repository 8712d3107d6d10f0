//! A device with one snap of small scripts, and its supervisor.

use snap_run::Device;
use snap_services::{Client, ClientError, Places, log, serve};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PROGRAM: &str = r#"#!/bin/sh
# Waits for ever, and goes when it is asked.
rest() { mkfifo /tmp/never; read nothing <>/tmp/never; }
case $1 in
  simple) echo "simple runs"; rest ;;
  stubborn) trap '' TERM; echo "stubborn runs"; rest ;;
  asks) snapctl get port; rest ;;
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

pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) places: Places,
    pub(crate) client: Client,
}

impl Bench {
    /// A device with the snap `probe`, whose apps are described by `apps`.
    pub(crate) fn new(apps: &str) -> Option<Self> {
        Self::with(apps, |_| ())
    }

    /// The same, with more on it before the supervisor begins.
    pub(crate) fn with(apps: &str, prepare: impl FnOnce(&Self)) -> Option<Self> {
        let bench = Self::without_supervisor(apps)?;
        prepare(&bench);
        bench.serve();
        Some(bench)
    }

    /// The same, and nobody supervises.
    pub(crate) fn without_supervisor(apps: &str) -> Option<Self> {
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
        let places = places(directory.path());
        Some(Self {
            client: Client::new(places.socket()),
            directory,
            places,
        })
    }

    pub(crate) fn serve(&self) {
        let places = self.places.clone();
        std::thread::spawn(move || serve(places).unwrap());
        self.wait_for_supervisor();
    }

    pub(crate) fn wait_for_supervisor(&self) {
        while UnixStream::connect(self.places.socket()).is_err() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn start(&self) -> Result<(), ClientError> {
        self.client.start(&name(), "x1")
    }

    pub(crate) fn stop(&self) {
        self.client.stop(&name()).unwrap();
    }

    pub(crate) fn state(&self, app: &str) -> String {
        let all = self.client.status().unwrap();
        let found = all.into_iter().find(|service| service.app == app);
        found.expect("a service").state
    }

    pub(crate) fn log(&self, app: &str) -> Vec<String> {
        let service = format!("{}.{app}", name());
        let lines = log::tail(&self.places.logs(), &service, 10_000).unwrap();
        // Behind the time.
        lines.iter().map(|line| line[21..].to_owned()).collect()
    }

    pub(crate) fn wait_for_line(&self, app: &str, line: &str) {
        while !self.log(app).iter().any(|said| said == line) {
            std::thread::yield_now();
        }
    }

    pub(crate) fn wait_for_state(&self, app: &str, state: &str) {
        while self.state(app) != state {
            std::thread::yield_now();
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
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

/// Those of a device whose root is `directory`.
pub(crate) fn places(directory: &Path) -> Places {
    Places {
        device: Device::at(directory),
        snap_run: vec![
            env!("CARGO_BIN_EXE_snap-run").into(),
            "--device".into(),
            directory.into(),
            "--without-groups".into(),
        ],
        runtime: directory.join("run"),
        seed: 0,
    }
}

/// A name for the snap of the test that runs in this thread.
pub(crate) fn name() -> String {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("main");
    let test = test.rsplit("::").next().unwrap_or(test).replace('_', "-");
    let end = test.len().min(30);
    format!("t-{}", test[..end].trim_end_matches('-'))
}

pub(crate) fn write_program(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn app(app: &str, keys: &str) -> String {
    format!("  {app}:\n    command: bin/probe {app}\n{keys}")
}
