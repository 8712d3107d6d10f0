//! A device with one snap, and a base that is a small system of its own, so that what stands
//! beside a place is known.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SNAP_YAML: &str = "name: probe\nversion: 1\nbase: core\napps: {probe: {command: bin/run}}\n";
const PROGRAMS: [&str; 6] = ["cat", "id", "ls", "mkdir", "mv", "sh"];
/// The first user that a snap gets.
pub(crate) const USER: u32 = 20_000;

pub(crate) struct Device {
    pub(crate) directory: TempDir,
}

impl Device {
    /// A device whose snap has this layout; none, if this is not root.
    pub(crate) fn new(layout: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not run: namespaces take root");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let device = Self { directory };
        device.make_base();
        for (path, text) in [
            ("meta/snap.yaml", &*format!("{SNAP_YAML}layout:\n{layout}")),
            ("bin/run", "#!/bin/sh\neval \"$1\"\n"),
            ("share/words", "of the snap\n"),
            ("app.conf", "conf of the snap\n"),
        ] {
            write(&device.snap().join(path), text);
        }
        symlink("x1", device.snap().with_file_name("current")).unwrap();
        Some(device)
    }

    fn make_base(&self) {
        for top in ["bin", "lib", "lib64", "sbin"] {
            let (here, copy) = (Path::new("/").join(top), self.base().join(top));
            match fs::read_link(&here) {
                Ok(target) => {
                    fs::create_dir_all(self.base().join(&target)).unwrap();
                    symlink(target, copy).unwrap();
                }
                Err(_) => fs::create_dir_all(copy).unwrap(),
            }
        }
        let programs = PROGRAMS.map(|name| Path::new("/bin").join(name));
        let libraries = Command::new("ldd").args(&programs).output().unwrap().stdout;
        let libraries = String::from_utf8(libraries).unwrap();
        let libraries = libraries
            .split_whitespace()
            .filter(|word| word.starts_with("/lib") || word.starts_with("/usr/lib"));
        let libraries = libraries.map(PathBuf::from).filter(|path| path.is_file());
        for file in programs.iter().cloned().chain(libraries) {
            let copy = self.base().join(file.strip_prefix("/").unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, copy).unwrap();
        }
        for (path, text) in [
            ("etc/hosts", "hosts of the base\n"),
            ("etc/ssl/certs/one", "certificate of the base\n"),
            ("usr/share/doc/readme", "readme of the base\n"),
            ("usr/share/app/old", "old\n"),
        ] {
            write(&self.base().join(path), text);
        }
        symlink("hosts", self.base().join("etc/names")).unwrap();
    }

    pub(crate) fn base(&self) -> PathBuf {
        self.path("snap/core/current")
    }

    pub(crate) fn snap(&self) -> PathBuf {
        self.path("snap/probe/x1")
    }

    pub(crate) fn common(&self) -> PathBuf {
        self.path("var/snap/probe/common")
    }

    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.directory.path().join(inner)
    }

    fn run(&self, script: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_snap-run"))
            .arg("--device")
            .arg(self.directory.path())
            .args(["--without-groups", "probe", script])
            .output()
            .unwrap()
    }

    pub(crate) fn says(&self, script: &str) -> String {
        let output = self.run(script);
        let said = text(&output);
        assert!(output.status.success(), "{script}: {said}");
        said
    }

    /// What it says instead of running anything.
    pub(crate) fn refuses(&self) -> String {
        let output = self.run("echo it runs");
        let said = text(&output);
        assert_eq!(output.status.code(), Some(126), "{said}");
        said
    }
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}
