//! Snap files: ours, read by snapd and squashfs-tools; theirs, read by us.

use snap_format::build::{Output, build};
use snap_format::{SnapFile, Warning};
use snap_interop::Snapd;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const YAML: &str = "\
name: hello
version: '1.10'
summary: greets
description: Greets whoever is there.
architectures: [amd64]
apps:
  hello: {command: bin/hello}
  greeter: {command: bin/greeter, daemon: simple}
";

fn snapd() -> Snapd {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    match Snapd::prepare(target.expect("the target directory")) {
        Ok(snapd) => snapd,
        Err(error) => panic!("{error:#}"),
    }
}

/// A directory that becomes a snap: programs, a hook, links, and a file of some blocks.
struct Source(TempDir);

impl Source {
    fn new() -> Self {
        let source = Source(TempDir::new().expect("a directory"));
        fs::set_permissions(source.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        source.write("meta/snap.yaml", 0o644, YAML.as_bytes());
        source.write("meta/hooks/configure", 0o755, b"#!/bin/sh\n");
        source.write("bin/hello", 0o755, b"#!/bin/sh\necho hello\n");
        source.write("bin/greeter", 0o755, b"#!/bin/sh\nsleep 1d\n");
        source.write("share/empty", 0o644, b"");
        let lines = (0..60_000).map(|line| format!("line {line} of many\n"));
        source.write("share/long", 0o644, lines.collect::<String>().as_bytes());
        for number in 0..300 {
            source.write(&format!("share/many/{number}"), 0o644, b"x");
        }
        symlink("long", source.path().join("share/link")).expect("a link");
        source
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, mode: u32, content: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    fn build(&self, to: &TempDir) -> PathBuf {
        let built = build(self.path(), Output::Directory(to.path()), 0).expect("built");
        assert!(built.warnings.is_empty(), "{:?}", built.warnings);
        built.path
    }
}

fn unsquashfs(arguments: &[&str]) -> String {
    let output = Command::new("unsquashfs")
        .arg("-no-progress")
        .args(arguments)
        .output()
        .expect("unsquashfs: install squashfs-tools, or run `cargo xtask setup`");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "unsquashfs {arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn snapd_tells_what_our_snap_is() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    let path = source.build(&to);
    assert!(
        path.ends_with("hello_1.10_amd64.snap"),
        "{}",
        path.display()
    );
    let told = snapd().info(&path).expect("told");
    for line in ["name:", "hello", "version:", "1.10", "- hello", "sha3-384:"] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
}

#[test]
fn squashfs_tools_unpack_our_snap() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    let path = source.build(&to);
    let path = path.to_str().expect("a path");
    let list = unsquashfs(&["-lln", path]);
    let has = |line: &str| list.lines().any(|one| one.starts_with(line));
    assert!(has("drwxr-xr-x 0/0"), "{list}");
    assert!(
        list.lines()
            .filter(|line| line.contains("squashfs-root"))
            .all(|line| { line.contains(" 0/0 ") && line.contains("1970-01-01") }),
        "{list}"
    );
    let out = to.path().join("out");
    unsquashfs(&["-d", out.to_str().expect("a path"), path]);
    let same = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .args([source.path(), &out])
        .output()
        .expect("diff");
    assert!(
        same.status.success(),
        "{}",
        String::from_utf8_lossy(&same.stdout)
    );
    let about = unsquashfs(&["-s", path]);
    for line in [
        "Compression xz",
        "Block size 131072",
        "Number of fragments 0",
    ] {
        assert!(about.contains(line), "no {line:?} in {about}");
    }
}

/// As from another checkout: other times, another umask, files made in another order.
#[test]
fn the_same_files_are_the_same_snap() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    let first = fs::read(source.build(&to)).expect("a snap");
    let other = Source(TempDir::new().expect("a directory"));
    let copied = Command::new("cp")
        .args(["-a", "--"])
        .arg(source.path().join("."))
        .arg(other.path())
        .status();
    assert!(copied.expect("cp").success());
    let long = other.path().join("share/long");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let times = FileTimes::new().set_modified(then);
    File::open(&long)
        .and_then(|file| file.set_times(times))
        .expect("a time");
    fs::set_permissions(&long, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::remove_file(other.path().join("bin/hello")).expect("removed");
    other.write("bin/hello", 0o700, b"#!/bin/sh\necho hello\n");
    let second = fs::read(other.build(&to)).expect("a snap");
    assert!(first == second, "the snaps differ");
    other.write("share/empty", 0o755, b"");
    let third = fs::read(other.build(&to)).expect("a snap");
    assert!(first != third, "a file that can be run is another one");
}

fn read_back(path: &Path, source: &Source) {
    let snap = SnapFile::open(File::open(path).expect("a file"));
    let snap = snap.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(snap.yaml().version.as_str(), "1.10");
    assert_eq!(snap.hooks().expect("hooks").len(), 1);
    assert_eq!(snap.warnings().expect("warnings"), []);
    for file in ["bin/hello", "share/long", "share/empty", "share/many/299"] {
        let content = snap.files().read(file, 4 << 20);
        let content = content.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let same = content == fs::read(source.path().join(file)).expect("a file");
        assert!(same, "{}: {file}", path.display());
    }
    let entries = snap.files().walk().expect("entries").len();
    assert_eq!(entries, 300 + 12, "{}", path.display());
}

#[test]
fn what_snap_packs_is_read() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    for compression in ["xz", "lzo"] {
        let path = to.path().join(format!("{compression}.snap"));
        let option = format!("--compression={compression}");
        let snapd = snapd();
        snapd
            .pack(source.path(), &path, &[&option])
            .expect("packed");
        read_back(&path, &source);
    }
}

#[test]
fn what_other_writers_pack_is_read() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    for (number, options) in [
        &["-comp", "gzip"][..],
        &["-comp", "zstd"],
        &["-comp", "lzo"],
        &["-comp", "xz", "-Xbcj", "x86"],
        &["-comp", "xz", "-b", "1M"],
        &["-comp", "gzip", "-noI", "-noD", "-noF", "-b", "4096"],
        &["-comp", "zstd", "-always-use-fragments", "-all-root"],
    ]
    .into_iter()
    .enumerate()
    {
        let path = to.path().join(format!("{number}.snap"));
        let made = Command::new("mksquashfs")
            .arg(source.path())
            .arg(&path)
            .args(["-quiet", "-no-progress", "-noappend"])
            .args(options)
            .output()
            .expect("mksquashfs: install squashfs-tools, or run `cargo xtask setup`");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{options:?}: {said}");
        read_back(&path, &source);
    }
}

#[test]
fn what_will_not_run_is_told() {
    let (source, to) = (Source::new(), TempDir::new().expect("a directory"));
    fs::remove_file(source.path().join("bin/hello")).expect("removed");
    source.write("bin/greeter", 0o644, b"");
    source.write("bin/su", 0o4755, b"");
    source.write("meta/hooks/nonsense", 0o755, b"");
    let built = build(source.path(), Output::Directory(to.path()), 0).expect("built");
    let path = |path: &str| path.to_owned();
    let mut warnings = built.warnings;
    warnings.sort();
    let mut expected = vec![
        Warning::Setuid(path("bin/su")),
        Warning::Missing {
            app: path("hello"),
            path: path("bin/hello"),
        },
        Warning::NotExecutable(path("bin/greeter")),
        Warning::UnknownHook(path("meta/hooks/nonsense")),
    ];
    expected.sort();
    assert_eq!(warnings, expected);
}
