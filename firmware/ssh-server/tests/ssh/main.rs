//! The real OpenSSH client against the real server, on the loopback.
//!
//! Where the tests run as root, the user logs in as user 1000; otherwise as whoever runs them.
//! Without OpenSSH's client on this machine there is nothing to test with, and it says so.

mod rsa;
mod sftp;

use accounts::{Account, AuthorizedKey, Logins, PasswordHash, Places, SshSettings, Sudo, UserName};
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

struct Device {
    directory: tempfile::TempDir,
    places: Places,
    service: Child,
    port: u16,
}

impl Device {
    /// A device that lets `ubuntu` in by a key, and by the password "ubuntu" where the
    /// settings allow it.
    fn start(logins: Logins) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let places = Places::below(directory.path());
        let own = rustix::process::getuid();
        let uid = if own.is_root() { 1000 } else { own.as_raw() };
        let home = places.homes.join("ubuntu");
        fs::create_dir_all(&home).unwrap();
        chown(&home, Some(uid), None).unwrap();
        for name in ["key", "other-key"] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(directory.path().join(name)));
        }
        let key = fs::read_to_string(directory.path().join("key.pub")).unwrap();
        let mut account = Account::new(UserName::parse("ubuntu").unwrap(), uid);
        account.sudo = Sudo::Allowed;
        account.authorized_keys = vec![AuthorizedKey::parse(&key).unwrap()];
        account.password_hash = Some(PasswordHash::of("ubuntu").unwrap());
        places.write_account(&account).unwrap();
        // Taken and given back: nobody else on this machine is given it at once.
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        drop(taken);
        places
            .write_ssh_settings(&SshSettings { logins, port })
            .unwrap();
        let service = Self::serve(&directory, logins);
        Self {
            directory,
            places,
            service,
            port,
        }
    }

    fn serve(directory: &tempfile::TempDir, logins: Logins) -> Child {
        let mut service = Command::new(env!("CARGO_BIN_EXE_sshd"))
            .env("SSHD_ROOT", directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        if logins != Logins::Off {
            wait_for(&mut service, "listening at port");
        }
        service
    }

    fn client(&self, key: &str, options: &[&str]) -> Command {
        let mut ssh = self.program("ssh", key);
        ssh.args(options);
        ssh
    }

    /// One of OpenSSH's.
    fn program(&self, name: &str, key: &str) -> Command {
        let mut ssh = Command::new(name);
        let option = |name: &str, path: PathBuf| format!("{name}={}", path.display());
        ssh.args(["-F", "none", "-4"])
            .args(["-o", &format!("Port={}", self.port)])
            .args([
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "StrictHostKeyChecking=accept-new",
                "-o",
            ])
            .arg(option(
                "UserKnownHostsFile",
                self.directory.path().join("known-hosts"),
            ))
            .arg("-o")
            .arg(option("IdentityFile", self.directory.path().join(key)))
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null());
        ssh
    }

    /// Logs in by the key and runs that.
    fn ssh(&self, words: &[&str]) -> Output {
        let mut ssh = self.client("key", &["-o", "BatchMode=yes", "ubuntu@127.0.0.1"]);
        ssh.args(words).output().unwrap()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("OpenSSH's client is there");
    assert!(output.status.success(), "{output:?}");
}

/// Reads the service's log up to these words.
fn wait_for(service: &mut Child, words: &str) {
    let mut lines = BufReader::new(service.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(words)), "{words}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_key_lets_its_user_in_and_the_command_is_the_users() {
    let device = Device::start(Logins::Keys);
    let script = "id -u; id -G; pwd; echo $USER $SHELL ${SSH_TTY:-none}; echo wrong >&2; exit 7";
    let output = device.ssh(&[script]);
    let uid = Account::parse(
        UserName::parse("ubuntu").unwrap(),
        &fs::read_to_string(device.places.owner_accounts().join("ubuntu.toml")).unwrap(),
    )
    .unwrap()
    .uid;
    let home = device.places.homes.join("ubuntu");
    let home = home.display();
    let groups = if rustix::process::getuid().is_root() {
        uid.to_string()
    } else {
        text(&Command::new("id").arg("-G").output().unwrap().stdout)
            .trim()
            .to_owned()
    };
    assert_eq!(
        text(&output.stdout),
        format!("{uid}\n{groups}\n{home}\nubuntu /bin/sh none\n")
    );
    assert!(text(&output.stderr).ends_with("wrong\n"), "{output:?}");
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn nobody_else_comes_in() {
    let device = Device::start(Logins::Keys);
    for (key, who) in [
        ("other-key", "ubuntu"),
        ("key", "root"),
        ("key", "eve"),
        ("key", "a/../b"),
    ] {
        let mut ssh = device.client(key, &["-o", "BatchMode=yes", "-l", who, "127.0.0.1", "id"]);
        let output = ssh.output().unwrap();
        assert_eq!(output.status.code(), Some(255), "{who}");
        let said = text(&output.stderr);
        assert!(
            said.contains("Permission denied (publickey)"),
            "{who}: {said}"
        );
    }
}

/// OpenSSH asks this program for the password.
fn with_password(device: &Device, password: &str) -> Output {
    let asked = device.directory.path().join("ask");
    fs::write(&asked, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
    fs::set_permissions(&asked, Permissions::from_mode(0o755)).unwrap();
    let options = [
        "-o",
        "NumberOfPasswordPrompts=1",
        "ubuntu@127.0.0.1",
        "echo in",
    ];
    let mut ssh = device.client("other-key", &options);
    ssh.env("SSH_ASKPASS", &asked)
        .env("SSH_ASKPASS_REQUIRE", "force");
    ssh.output().unwrap()
}

#[test]
fn a_password_counts_only_where_the_owner_says_so() {
    let device = Device::start(Logins::Keys);
    let said = text(&with_password(&device, "ubuntu").stderr);
    assert!(said.contains("Permission denied (publickey)"), "{said}");
    let device = Device::start(Logins::KeysAndPasswords);
    assert_eq!(text(&with_password(&device, "ubuntu").stdout), "in\n");
    let said = text(&with_password(&device, "Ubuntu").stderr);
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn the_port_is_closed_until_the_owner_opens_it_and_the_key_stays() {
    let mut device = Device::start(Logins::Off);
    wait_for(&mut device.service, "a host key is made");
    let settings = |logins| SshSettings {
        logins,
        port: device.port,
    };
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, device.port)).is_err());
    let (on, off) = (settings(Logins::Keys), settings(Logins::Off));
    device.places.write_ssh_settings(&on).unwrap();
    wait_for(&mut device.service, "listening at port");
    assert_eq!(text(&device.ssh(&["echo in"]).stdout), "in\n");
    device.places.write_ssh_settings(&off).unwrap();
    wait_for(&mut device.service, "nobody can log in any more");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, device.port)).is_err());

    // After a restart the client still knows the device: it would refuse another key.
    device.places.write_ssh_settings(&on).unwrap();
    device.service.kill().unwrap();
    device.service.wait().unwrap();
    device.service = Device::serve(&device.directory, Logins::Keys);
    assert_eq!(text(&device.ssh(&["echo in"]).stdout), "in\n");
}

#[test]
fn much_goes_through_in_both_directions() {
    const BYTES: usize = 40 << 20;
    let device = Device::start(Logins::Keys);
    let mut ssh = device.client("key", &["ubuntu@127.0.0.1", "cat; echo end >&2"]);
    let mut ssh = ssh
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let sent: Vec<u8> = (0..BYTES).map(|number| (number % 251) as u8).collect();
    let mut input = ssh.stdin.take().unwrap();
    let to_send = sent.clone();
    let sending = std::thread::spawn(move || input.write_all(&to_send));
    let output = ssh.wait_with_output().unwrap();
    sending.join().unwrap().unwrap();
    assert!(
        output.stdout == sent,
        "{} of {BYTES} bytes came back",
        output.stdout.len()
    );
    assert!(text(&output.stderr).ends_with("end\n"));
}

#[test]
fn a_signal_that_ends_the_command_is_told() {
    let device = Device::start(Logins::Keys);
    let output = device.ssh(&["kill -TERM $$"]);
    // OpenSSH has no code of its own for it.
    assert_eq!(output.status.code(), Some(255));
    let output = device.ssh(&["exit 255"]);
    assert_eq!(output.status.code(), Some(255));
}

#[test]
fn with_a_terminal_there_is_a_welcome_and_job_control() {
    let device = Device::start(Logins::Keys);
    let mut ssh = device.client("key", &["-tt", "ubuntu@127.0.0.1"]);
    ssh.env("TERM", "vt220")
        .env("LC_ALL", "C")
        .args(["-o", "SendEnv=LC_ALL"]);
    let mut ssh = ssh
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = ssh.stdin.take().unwrap();
    let script = "stty -echo\ntty; echo term:$TERM: lc:$LC_ALL: flags:$-: $0; exit 3\n";
    input.write_all(script.as_bytes()).unwrap();
    let output = ssh.wait_with_output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("Welcome to "), "{said}");
    assert!(said.contains("/dev/pts/"), "{said}");
    assert!(said.contains("term:vt220: lc:C: flags:"), "{said}");
    let flags = said.rsplit("flags:").next().unwrap();
    assert!(flags.split(':').next().unwrap().contains('m'), "{said}");
    assert!(flags.contains("-sh"), "{said}");
}

#[test]
fn what_is_not_there_is_refused() {
    let device = Device::start(Logins::Keys);
    let forwarded = [
        "-o",
        "ExitOnForwardFailure=yes",
        "-W",
        "127.0.0.1:1",
        "ubuntu@127.0.0.1",
    ];
    let output = device.client("key", &forwarded).output().unwrap();
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("open failed"), "{said}");
}

#[test]
fn strangers_who_only_wait_keep_nobody_out() {
    let device = Device::start(Logins::Keys);
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, device.port)).unwrap();
    let _strangers: Vec<_> = (0..40).map(|_| connect()).collect();
    assert_eq!(text(&device.ssh(&["echo in"]).stdout), "in\n");
}

#[test]
fn a_user_who_is_younger_than_the_boot_gets_a_home() {
    if !rustix::process::getuid().is_root() {
        // Only root gives a directory to somebody else.
        return;
    }
    let device = Device::start(Logins::Keys);
    let etc = device.places.image.join("etc");
    fs::create_dir_all(&etc).unwrap();
    for name in ["passwd", "group", "shadow"] {
        fs::write(etc.join(name), "").unwrap();
    }
    let home = device.places.homes.join("ubuntu");
    fs::remove_dir(&home).unwrap();
    let output = device.ssh(&["pwd; touch mine"]);
    assert_eq!(text(&output.stdout), format!("{}\n", home.display()));
    assert!(home.join("mine").exists());
    let passwd = fs::read_to_string(device.places.tables.join("passwd")).unwrap();
    assert!(passwd.starts_with("ubuntu:x:1000:1000:"), "{passwd}");
}
