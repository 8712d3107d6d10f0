//! The program over a small snap, confined by the kernel of this machine. Making namespaces
//! takes root: as anybody else these tests say so, and show that nothing is started.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A snap of shell scripts, whose system is this machine's.
const SNAP_YAML: &str = "\
name: probe
version: '1'
environment:
  GREETING: hello from $SNAP_NAME
apps:
  probe:
    command: bin/probe
  netted:
    command: bin/probe
    plugs: [network]
  bound:
    command: bin/probe
    plugs: [network-bind]
  chained:
    command-chain: [bin/link]
    command: bin/probe fixed
  web:
    command: bin/probe $SNAP_DATA
    daemon: simple
    stop-command: bin/probe stopping
";

const PROBE: &str = "\
#!/bin/sh
case $1 in
  fail) exit 7 ;;
  die) kill -9 $$ ;;
  term) kill -TERM $$ ;;
  network) exec cat /proc/net/dev ;;
  wait) trap 'echo told; exit 9' TERM; sleep 1000 & echo ready; wait ;;
  files) exec ls -l /proc/self/fd ;;
esac
echo \"words $*\"
echo \"greeting $GREETING\"
echo \"data $SNAP_DATA $(pwd)\"
echo \"user $(id -u) $(id -g) $(id -G)\"
echo \"process $$\"
grep -E '^(CapEff|CapPrm|CapBnd|CapAmb|CapInh|NoNewPrivs|Seccomp):' /proc/self/status
echo kept > $SNAP_DATA/kept
";

struct Device {
    directory: TempDir,
}

impl Device {
    /// None, if this is not root.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: namespaces take root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let snap = directory.path().join("snap/probe/x1");
        fs::create_dir_all(snap.join("bin")).unwrap();
        fs::create_dir_all(snap.join("meta/hooks")).unwrap();
        fs::write(snap.join("meta/snap.yaml"), SNAP_YAML).unwrap();
        let link = "#!/bin/sh\necho linked\nexec \"$@\"\n";
        for (path, content) in [
            ("bin/probe", PROBE),
            ("bin/link", link),
            ("meta/hooks/configure", PROBE),
        ] {
            fs::write(snap.join(path), content).unwrap();
            fs::set_permissions(snap.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink("x1", directory.path().join("snap/probe/current")).unwrap();
        Some(Self { directory })
    }

    fn path(&self, inner: &str) -> std::path::PathBuf {
        self.directory.path().join(inner)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snap-run"));
        command
            .arg("--device")
            .arg(self.directory.path())
            .arg("--without-groups");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command().args(words).output().unwrap()
    }

    fn grant(&self, text: &str) {
        let path = self.path("writable/system/snaps/grants");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("probe"), text).unwrap();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn an_app_runs_as_its_own_user_without_any_right() {
    let Some(device) = Device::new() else { return };
    let output = device.run(&["probe", "one two"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    for line in [
        "words one two",
        "greeting hello from probe",
        "data /var/snap/probe/x1 /var/snap/probe/x1",
        "user 20000 20000 20000",
        "process 2",
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(
            said.lines().any(|said| said == line),
            "{line:?} in:\n{said}"
        );
    }
    let kept = fs::metadata(device.path("var/snap/probe/x1/kept")).unwrap();
    assert_eq!((kept.uid(), kept.gid()), (20_000, 20_000));
    let data = fs::metadata(device.path("var/snap/probe/x1")).unwrap();
    assert_eq!(data.mode() & 0o7777, 0o700);
}

#[test]
fn it_ends_as_its_program_ends() {
    let Some(device) = Device::new() else { return };
    for (word, code) in [("fail", 7), ("die", 128 + 9), ("term", 128 + 15)] {
        let output = device.run(&["probe", word]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{word}: {}",
            text(&output)
        );
    }
}

#[test]
fn a_signal_reaches_the_program() {
    use std::io::{BufRead, BufReader, Read};
    let Some(device) = Device::new() else { return };
    let mut child = device
        .command()
        .args(["probe", "wait"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "told\n");
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn the_network_takes_a_plug() {
    let Some(device) = Device::new() else { return };
    let interfaces = |text: String| text.matches(':').count();
    let here = interfaces(fs::read_to_string("/proc/net/dev").unwrap());
    let own = text(&device.run(&["probe", "network"]));
    assert!(own.contains("lo:") && interfaces(own.clone()) == 1, "{own}");
    let shared = text(&device.run(&["probe.netted", "network"]));
    assert_eq!(interfaces(shared.clone()), here, "{shared}");
}

#[test]
fn low_ports_take_a_plug_and_are_all_that_it_gives() {
    let Some(device) = Device::new() else { return };
    let said = text(&device.run(&["probe.bound"]));
    for line in [
        "CapEff:\t0000000000000400",
        "CapPrm:\t0000000000000400",
        "CapBnd:\t0000000000000000",
        "CapAmb:\t0000000000000400",
        "NoNewPrivs:\t1",
    ] {
        assert!(
            said.lines().any(|said| said == line),
            "{line:?} in:\n{said}"
        );
    }
}

#[test]
fn it_inherits_no_file_but_the_usual_three() {
    let Some(device) = Device::new() else { return };
    // `ls` has one for the directory that it lists.
    let said = text(&device.run(&["probe", "files"]));
    let files = said.lines().filter(|line| line.contains(" -> ")).count();
    assert_eq!(files, 4, "{said}");
}

#[test]
fn hooks_chains_and_services_are_started_as_snap_yaml_says() {
    let Some(device) = Device::new() else { return };
    let chained = text(&device.run(&["probe.chained", "behind"]));
    assert!(
        chained.starts_with("linked\nwords fixed behind\n"),
        "{chained}"
    );
    let service = text(&device.run(&["--service", "probe.web"]));
    assert!(
        service.starts_with("words /var/snap/probe/x1\n"),
        "{service}"
    );
    let stop = text(&device.run(&["--service", "probe.web", "--act", "stop"]));
    assert!(stop.starts_with("words stopping\n"), "{stop}");
    let hook = text(&device.run(&["--hook", "configure", "probe"]));
    assert!(hook.starts_with("words \n"), "{hook}");
}

#[test]
fn a_layer_that_fails_is_named_and_nothing_starts() {
    let Some(device) = Device::new() else { return };
    device.grant("device /dev/no-such-device\n");
    let output = device.run(&["probe"]);
    assert_eq!(output.status.code(), Some(126));
    let said = text(&output);
    assert!(
        said.starts_with(
            "error: cannot confine it, so it was not started: devices: cannot give it \
             /dev/no-such-device: "
        ),
        "{said}"
    );
    assert!(!device.path("var/snap/probe/x1/kept").exists());
}

#[test]
fn devmode_and_plugs_take_a_grant() {
    let Some(device) = Device::new() else { return };
    let path = device.path("snap/probe/x1/meta/snap.yaml");
    fs::write(&path, format!("{SNAP_YAML}confinement: devmode\n")).unwrap();
    let refused = text(&device.run(&["probe"]));
    assert!(refused.contains("it asks for devmode"), "{refused}");
    device.grant("devmode\n");
    let output = device.run(&["probe"]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    // Never root, in devmode either.
    for line in ["user 20000 20000 20000", "NoNewPrivs:\t1", "Seccomp:\t0"] {
        assert!(
            said.lines().any(|said| said == line),
            "{line:?} in:\n{said}"
        );
    }
}

#[test]
fn what_is_not_there_is_not_run() {
    let Some(device) = Device::new() else { return };
    for (words, reason) in [
        (&["other"][..], "cannot find the snap other"),
        (&["probe.other"], "cannot find other in the snap probe"),
        (&["--revision", "../x1", "probe"], "as a revision"),
        (&["--revision", "7", "probe"], "cannot find revision 7"),
        (&["--service", "probe.probe"], "probe.probe is no service"),
        (
            &["--hook", "remove", "probe"],
            "cannot start /snap/probe/x1/meta/hooks/remove",
        ),
        (&[], "give the name of a snap's command"),
    ] {
        let output = device.run(words);
        assert_eq!(output.status.code(), Some(126), "{words:?}");
        assert!(
            text(&output).contains(reason),
            "{words:?}: {}",
            text(&output)
        );
    }
}

#[test]
fn nobody_but_root_starts_anything() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snap-run"));
    if rustix::process::geteuid().is_root() {
        use std::os::unix::process::CommandExt;
        let program = tempfile::tempdir().unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let copy = program.path().join("snap-run");
        fs::copy(Path::new(env!("CARGO_BIN_EXE_snap-run")), &copy).unwrap();
        command = Command::new(&copy);
        let output = command
            .uid(65_534)
            .gid(65_534)
            .arg("probe")
            .output()
            .unwrap();
        assert!(text(&output).contains("needs root"), "{}", text(&output));
        return;
    }
    let output = command.arg("probe").output().unwrap();
    assert!(text(&output).contains("needs root"), "{}", text(&output));
}
