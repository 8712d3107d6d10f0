//! The real client against the real service, on this machine.
//!
//! Where the tests run as root, the client runs as another user; otherwise both are whoever
//! runs them, and "as root" means as the service.

use accounts::Places;
use rustix::process::{Pid, Signal, getuid, kill_process};
use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::thread;
use sudo::server;

const UBUNTU: u32 = 1000;
const GUEST: u32 = 1001;

/// A device with the users `ubuntu`, who may, and `guest`, who may not.
struct Device {
    directory: tempfile::TempDir,
}

impl Device {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let places = Places::below(directory.path());
        fs::create_dir_all(places.owner_accounts()).unwrap();
        let ubuntu = if is_root() { UBUNTU } else { getuid().as_raw() };
        let write = |name, text| fs::write(places.owner_accounts().join(name), text).unwrap();
        write("ubuntu.toml", format!("uid = {ubuntu}\nsudo = 'allowed'"));
        write("guest.toml", format!("uid = {GUEST}"));
        let device = Self { directory };
        let listener = server::bind(&device.socket()).unwrap();
        thread::spawn(move || server::serve(&listener, &places));
        device
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("sudo.socket")
    }

    fn sudo(&self, uid: u32, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sudo"));
        command
            .args(arguments)
            .env("SUDO_SOCKET", self.socket())
            .env("SHELL", "/bin/sh")
            .current_dir(self.directory.path());
        if is_root() {
            command.uid(uid).gid(uid);
        }
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.sudo(UBUNTU, arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

fn is_root() -> bool {
    getuid().is_root()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_command_has_the_users_files_and_directory_and_its_code_comes_back() {
    let device = Device::start();
    let mut child = device
        .sudo(
            UBUNTU,
            &["sh", "-c", "cat; pwd; id -u; echo wrong >&2; exit 7"],
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"typed\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let directory = device.directory.path().display();
    let uid = getuid().as_raw();
    assert_eq!(text(&output.stdout), format!("typed\n{directory}\n{uid}\n"));
    assert_eq!(text(&output.stderr), "wrong\n");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn nothing_of_the_users_environment_says_what_root_runs() {
    let device = Device::start();
    let mut sudo = device.sudo(UBUNTU, &["env"]);
    sudo.env("PATH", "/tmp/evil")
        .env("LD_LIBRARY_PATH", "/tmp")
        .env("TERM", "vt220");
    let output = text(&sudo.output().unwrap().stdout);
    let has = |line: &str| output.lines().any(|each| each == line);
    assert!(
        has("TERM=vt220") && has("HOME=/root") && has("SUDO_USER=ubuntu"),
        "{output}"
    );
    assert!(!output.contains("/tmp"), "{output}");
    // Nor is the service's own: cargo has given this process many.
    assert!(!output.contains("CARGO"), "{output}");
    let with = text(&device.output(&["A=b", "sh", "-c", "echo $A"]).stdout);
    assert_eq!(with, "b\n");
    let shell = text(&device.output(&["-s", "echo", "a  b", "$HOME"]).stdout);
    assert_eq!(shell, "a  b $HOME\n");
}

#[test]
fn whoever_may_not_is_told_so_and_nothing_runs() {
    if !is_root() {
        // There is no second user to be.
        return;
    }
    let device = Device::start();
    let output = device.sudo(GUEST, &["touch", "made"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "sudo: guest may not use sudo on this device: the account does not say sudo = \"allowed\"\n"
    );
    let output = device.sudo(65534, &["touch", "made"]).output().unwrap();
    assert!(text(&output.stderr).contains("user id 65534: it has no account"));
    assert!(!device.directory.path().join("made").exists());
}

#[test]
fn another_user_can_be_named() {
    let device = Device::start();
    let output = device.output(&["-u", "eve", "id"]);
    assert_eq!(
        text(&output.stderr),
        "sudo: cannot run anything as \"eve\": there is no such user\n"
    );
    if is_root() {
        let output = device.output(&["-u", "guest", "id", "-u"]);
        assert_eq!(text(&output.stdout), format!("{GUEST}\n"));
        let output = device.output(&["-u", "guest", "id", "-G"]);
        assert_eq!(text(&output.stdout), format!("{GUEST}\n"));
    }
}

#[test]
fn what_cannot_be_run_has_a_sentence() {
    let device = Device::start();
    let output = device.output(&["no-such-program"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "sudo: no-such-program: command not found\n"
    );
    let output = device.output(&["/dev/null"]);
    assert!(
        text(&output.stderr).starts_with("sudo: cannot run /dev/null: "),
        "{output:?}"
    );
}

#[test]
fn without_the_service_it_says_where_to_look() {
    let device = Device::start();
    fs::remove_file(device.socket()).unwrap();
    let output = device.output(&["id"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("snappy service sudod"), "{said}");
    // A service that ended leaves its socket.
    drop(server::bind(&device.socket()).unwrap());
    assert_eq!(text(&device.output(&["id"]).stderr), said);
}

/// A shell that waits for a line until this is dropped.
struct Waiting {
    child: Child,
    output: BufReader<ChildStdout>,
    _input: ChildStdin,
}

fn start_waiting(device: &Device, traps: &str) -> Waiting {
    let script = format!("{traps}; echo ready; read line");
    let mut child = device
        .sudo(UBUNTU, &["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Taken out, since to wait for a child closes it.
    let input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    Waiting {
        child,
        output,
        _input: input,
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed()).unwrap()
}

#[test]
fn signals_reach_the_command_and_its_end_comes_back() {
    let device = Device::start();
    let mut waiting = start_waiting(&device, "trap 'exit 9' TERM");
    kill_process(pid(&waiting.child), Signal::TERM).unwrap();
    assert_eq!(waiting.child.wait().unwrap().code(), Some(9));
    let mut waiting = start_waiting(&device, ":");
    kill_process(pid(&waiting.child), Signal::INT).unwrap();
    assert_eq!(waiting.child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_client_that_is_killed_is_a_terminal_that_was_hung_up() {
    let device = Device::start();
    let mut waiting = start_waiting(&device, "trap 'echo hung up; exit' HUP");
    waiting.child.kill().unwrap();
    waiting.child.wait().unwrap();
    let mut rest = String::new();
    waiting.output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "hung up\n");
}

/// A person at a terminal who types `sudo ...`.
struct Person {
    keyboard: File,
    terminal: File,
    child: Child,
    said: String,
}

impl Person {
    fn type_sudo(device: &Device, arguments: &[&str]) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let mut options = File::options();
        let terminal = options
            .read(true)
            .write(true)
            .open(OsStr::from_bytes(name.as_bytes()));
        let terminal = terminal.unwrap();
        let size = Winsize {
            ws_row: 33,
            ws_col: 99,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let child = device
            .sudo(UBUNTU, arguments)
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal.try_clone().unwrap())
            .spawn()
            .unwrap();
        Self {
            keyboard: controller.into(),
            terminal,
            child,
            said: String::new(),
        }
    }

    /// Reads until that stands on the terminal.
    fn expect(&mut self, words: &str) {
        while !self.said.contains(words) {
            self.read();
        }
    }

    fn read(&mut self) {
        let mut bytes = [0; 256];
        let length = self.keyboard.read(&mut bytes).unwrap();
        self.said.push_str(&text(&bytes[..length]));
    }

    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        assert!(
            modes.contains(LocalModes::ECHO | LocalModes::ICANON),
            "left raw"
        );
        (code, self.said)
    }
}

#[test]
fn at_a_terminal_the_command_has_one_of_its_own() {
    let device = Device::start();
    let script = "tty; stty size; read line; echo got $line; exit 3";
    let mut person = Person::type_sudo(&device, &["sh", "-c", script]);
    let own = ptsname(&person.keyboard, Vec::new()).unwrap();
    person.expect("33 99");
    person.keyboard.write_all(b"words\r").unwrap();
    person.expect("got words\r\n");
    let (code, said) = person.end();
    assert_eq!(code, Some(3));
    let its = said.lines().next().unwrap();
    assert!(
        its.starts_with("/dev/pts/") && its.as_bytes() != own.as_bytes(),
        "{said}"
    );
}

#[test]
fn control_c_ends_the_command_and_not_the_client() {
    let device = Device::start();
    let mut person = Person::type_sudo(&device, &["sh", "-c", "echo ready; exec sleep 1000"]);
    person.expect("ready");
    person.keyboard.write_all(b"\x03").unwrap();
    assert_eq!(person.end().0, Some(130));
}

#[test]
fn an_interactive_shell_has_job_control() {
    let device = Device::start();
    let mut person = Person::type_sudo(&device, &["-s"]);
    // A shell without a controlling terminal has no `m` among its flags, and says why.
    person.keyboard.write_all(b"echo flags:$-:\r").unwrap();
    // What was typed stands there, too, with a dollar sign.
    let flags = |said: &str| {
        let mut parts = said.split("flags:").skip(1);
        let (flags, _) = parts.find(|part| !part.starts_with('$'))?.split_once(':')?;
        Some(flags.to_owned())
    };
    while flags(&person.said).is_none() {
        person.read();
    }
    assert!(
        flags(&person.said).unwrap().contains('m'),
        "{}",
        person.said
    );
    person.keyboard.write_all(b"exit 5\r").unwrap();
    let (code, said) = person.end();
    assert_eq!(code, Some(5), "{said}");
}
