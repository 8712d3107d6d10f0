//! OpenSSH's `scp` and `sftp` against the subsystem.

use super::{Device, text};
use accounts::Logins;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

impl Device {
    fn home(&self) -> PathBuf {
        self.places.homes.join("ubuntu")
    }

    /// A file of this machine's, with some bytes in it.
    fn local(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join("local").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn scp(&self, words: &[&str]) -> Output {
        let mut scp = self.program("scp", "key");
        scp.args(["-B"]).args(words).output().unwrap()
    }

    /// What is typed into `sftp`, a line each; it ends with the first one that fails.
    fn sftp(&self, lines: &str) -> Output {
        let mut sftp = self.program("sftp", "key");
        let mut sftp = sftp
            .args(["-b", "-", "ubuntu@127.0.0.1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = sftp.stdin.take().unwrap();
        input.write_all(lines.as_bytes()).unwrap();
        drop(input);
        sftp.wait_with_output().unwrap()
    }
}

fn some_bytes(length: u32) -> Vec<u8> {
    let numbers = 0..length / 4;
    numbers
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// The user that the tests let in.
fn uid() -> u32 {
    let own = rustix::process::getuid();
    if own.is_root() { 1000 } else { own.as_raw() }
}

#[test]
fn scp_brings_files_there_and_back() {
    let device = Device::start(Logins::Keys);
    let bytes = some_bytes(20 << 20);
    let there = device.local("image.bin", &bytes);
    fs::set_permissions(&there, Permissions::from_mode(0o751)).unwrap();
    let there = there.to_str().unwrap();
    done(&device.scp(&["-p", there, "ubuntu@127.0.0.1:copy.bin"]));
    let copy = device.home().join("copy.bin");
    assert!(
        fs::read(&copy).unwrap() == bytes,
        "it is another file there"
    );
    let [of_there, of_copy] = [Path::new(there), &copy].map(|path| fs::metadata(path).unwrap());
    assert_eq!(of_copy.uid(), uid());
    assert_eq!(of_copy.mode() & 0o777, 0o751);
    assert_eq!(of_copy.mtime(), of_there.mtime());

    let back = device.directory.path().join("local/back.bin");
    let from = format!("ubuntu@127.0.0.1:{}", copy.display());
    done(&device.scp(&[&from, back.to_str().unwrap()]));
    assert!(fs::read(&back).unwrap() == bytes, "it is another file here");

    // More entries than one answer has, in a tree.
    for number in 0..250 {
        device.local(&format!("tree/below/{number}"), &[number]);
    }
    let tree = device.directory.path().join("local/tree");
    done(&device.scp(&["-r", tree.to_str().unwrap(), "ubuntu@127.0.0.1:"]));
    let back = device.directory.path().join("local/tree-back");
    done(&device.scp(&["-r", "ubuntu@127.0.0.1:tree", back.to_str().unwrap()]));
    for number in 0..250 {
        let path = back.join(format!("below/{number}"));
        assert_eq!(fs::read(path).unwrap(), [number]);
    }
}

#[test]
fn sftp_does_what_its_commands_say() {
    let device = Device::start(Logins::Keys);
    let notes = device.local("notes", b"first\n");
    let more = device.local("more", b"first\nsecond\n");
    let (notes, more) = (notes.display(), more.display());
    let said = done(&device.sftp(&format!(
        "pwd\nmkdir a\ncd a\nput {notes} notes\nchmod 600 notes\nln -s notes link\n\
         ln notes hard\nreput {more} notes\nrename hard other\nls -l\nrm link\n\
         mkdir b\nrmdir b\nget notes {notes}.back\n"
    )));
    let home = device.home();
    assert!(
        said.contains(&format!("working directory: {}\n", home.display())),
        "{said}"
    );
    for name in ["notes", "link", "other"] {
        assert!(said.contains(&format!(" {name}\n")), "{said}");
    }
    let a = home.join("a");
    assert_eq!(fs::read(a.join("notes")).unwrap(), b"first\nsecond\n");
    assert_eq!(
        fs::read(format!("{notes}.back")).unwrap(),
        b"first\nsecond\n"
    );
    let found = fs::metadata(a.join("notes")).unwrap();
    assert_eq!(
        (found.mode() & 0o777, found.uid(), found.nlink()),
        (0o600, uid(), 2)
    );
    assert!(a.join("other").exists());
    for gone in ["link", "b", "hard"] {
        assert!(!a.join(gone).exists(), "{gone}");
    }

    for (line, words) in [
        ("get nothing", "not found"),
        ("rmdir a", "Failure"),
        ("mkdir a", "Failure"),
        ("ls nowhere/", "not found"),
    ] {
        let output = device.sftp(&format!("{line}\n"));
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        let said = text(&output.stderr);
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn a_users_files_are_all_that_there_is() {
    if !rustix::process::getuid().is_root() {
        // Nobody else's files are out of reach then.
        return;
    }
    let device = Device::start(Logins::Keys);
    let roots = device.local("roots", b"secret\n");
    fs::set_permissions(&roots, Permissions::from_mode(0o600)).unwrap();
    let directory = roots.parent().unwrap().to_owned();
    let roots = roots.display();
    for line in [
        format!("get {roots} /tmp/never"),
        format!("put /etc/hostname {}/new", directory.display()),
        format!("rm {roots}"),
        format!("chmod 666 {roots}"),
        format!("chown 1000 {roots}"),
        format!("rename {roots} {}/b", device.home().display()),
    ] {
        let output = device.sftp(&format!("{line}\n"));
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        let said = text(&output.stderr).to_lowercase();
        assert!(said.contains("permission denied"), "{line}: {said}");
    }
    assert_eq!(fs::read(format!("{roots}")).unwrap(), b"secret\n");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1);

    // The program itself does nothing for root.
    let mut program = Command::new(env!("CARGO_BIN_EXE_sshd"));
    let output = program.arg("sftp").stdin(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("root does not"), "{said}");
}

#[test]
fn what_is_no_sftp_ends_and_nothing_else_does() {
    let device = Device::start(Logins::Keys);
    let options = ["-o", "BatchMode=yes", "-s", "ubuntu@127.0.0.1"];
    let output = device.client("key", &options).arg("nothing").output();
    let said = text(&output.unwrap().stderr);
    assert!(said.contains("subsystem request failed"), "{said}");
    for bytes in [
        &b"no packet at all, and longer than any"[..],
        &[0, 0, 0, 1, 99],
        &[0],
    ] {
        let mut ssh = device.client("key", &options);
        let mut ssh = ssh
            .arg("sftp")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        ssh.stdin.take().unwrap().write_all(bytes).unwrap();
        assert_eq!(ssh.wait().unwrap().code(), Some(0), "{bytes:?}");
    }
    assert_eq!(text(&device.ssh(&["echo in"]).stdout), "in\n");
}
