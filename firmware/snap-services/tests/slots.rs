//! What a framework shares: its services and its apps see it, who is plugged in connects, and
//! nobody else finds anything. Over the kernel of this machine, which takes root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BROKER: &str = "name: t-broker\nversion: 1\nframework: {offers: [bus, own]}\n\
    slots: {bus: , own: }\napps: {bus: {command: run}}\n";
/// One app of it has the plug.
const WEB: &str = "name: t-web\nversion: 1\nframeworks: [t-broker]\n\
    plugs: {jobs: {framework: t-broker, slot: bus}}\n\
    apps: {in: {command: run, plugs: [jobs]}, out: {command: run}}\n";
const STRANGER: &str = "name: t-stranger\nversion: 1\napps: {t-stranger: {command: run}}\n";

const SERVE: &str = r#"#!/bin/sh
exec perl -MIO::Socket::UNIX -MSocket -e '
    my $at = "/run/snap.t-broker/bus/socket";
    my $listener = IO::Socket::UNIX->new(Local => $at, Listen => 5) or die "$!";
    chmod 0666, $at;
    $| = 1;
    print "serving\n";
    while (my $caller = $listener->accept) {
        my (undef, $user) = unpack("iii", getsockopt($caller, SOL_SOCKET, SO_PEERCRED));
        print $caller "you are $user\n";
    }'
"#;
const ASK: &str = r#"#!/bin/sh
ls -d /run/snap.*/* 2>&1
echo x 2>&1 > /run/snap.t-broker/bus/mine && echo "wrote into it"
rm -f /run/snap.t-broker/bus/socket 2>/dev/null && [ -d /run/snap.t-broker ] && echo "removed it"
perl -MIO::Socket::UNIX -e '
    my $to = IO::Socket::UNIX->new(Peer => "/run/snap.t-broker/bus/socket") or die "refused: $!\n";
    print <$to>;' 2>&1
true
"#;

struct Device {
    directory: TempDir,
}

impl Device {
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: namespaces take root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        for (name, yaml, program) in [
            ("t-broker", BROKER, SERVE),
            ("t-web", WEB, ASK),
            ("t-stranger", STRANGER, ASK),
        ] {
            let snap = directory.path().join("snap").join(name);
            fs::create_dir_all(snap.join("x1/meta")).unwrap();
            fs::write(snap.join("x1/meta/snap.yaml"), yaml).unwrap();
            fs::write(snap.join("x1/run"), program).unwrap();
            fs::set_permissions(snap.join("x1/run"), fs::Permissions::from_mode(0o755)).unwrap();
            symlink("x1", snap.join("current")).unwrap();
        }
        Some(Self { directory })
    }

    fn command(&self, app: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snap-run"));
        command
            .arg("--device")
            .arg(self.directory.path())
            .args(["--without-groups", app]);
        command
    }

    fn ask(&self, app: &str) -> String {
        let output = self.command(app).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    fn slots(&self) -> std::path::PathBuf {
        self.directory.path().join("run/snap-slots")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let all = self.slots().join("t-broker");
        let _ = rustix::mount::unmount(&all, rustix::mount::UnmountFlags::DETACH);
    }
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

fn serve(device: &Device) -> Serving {
    let mut child = device
        .command("t-broker.bus")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "serving\n");
    Serving(child)
}

#[test]
fn only_who_is_plugged_in_reaches_a_framework() {
    let Some(device) = Device::new() else { return };
    let serving = serve(&device);
    let user = |name: &str| {
        let data = device
            .directory
            .path()
            .join("var/snap")
            .join(name)
            .join("x1");
        fs::metadata(data).unwrap().uid()
    };
    let plugged = device.ask("t-web.in");
    let web = user("t-web");
    assert_ne!(web, user("t-broker"));
    // The other slot is not there, and this one is to read.
    assert!(plugged.starts_with("/run/snap.t-broker/bus\n"), "{plugged}");
    assert!(plugged.contains("Read-only file system"), "{plugged}");
    assert!(plugged.ends_with(&format!("you are {web}\n")), "{plugged}");
    assert!(
        !plugged.contains("removed") && !plugged.contains("wrote"),
        "{plugged}"
    );
    for app in ["t-web.out", "t-stranger"] {
        let said = device.ask(app);
        assert!(
            said.contains("refused: No such file or directory"),
            "{said}"
        );
        assert!(
            !said.contains("you are") && !said.contains("wrote"),
            "{said}"
        );
    }
    // Outside only root comes there, and what a framework fills is not the device's.
    let slots = device.slots();
    let mode = fs::metadata(&slots).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    let device_of = |path: &Path| fs::metadata(path).unwrap().dev();
    assert_ne!(device_of(&slots), device_of(&slots.join("t-broker/bus")));
    drop(serving);
}
