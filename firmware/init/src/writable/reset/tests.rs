//! Directories of the host in place of `writable`, and the power gone at each step.

use super::*;
use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// What goes in either case.
const GOES: [&str; 9] = [
    "a-file",
    "system/cloud/instance.json",
    "lost+found/#12",
    "snaps/hello_1.snap",
    "system/root/.ssh/authorized_keys",
    "system/updates.toml",
    "system/var/lib/cloud/instance/user-data",
    "system/var/log/network",
    "system/store-reached",
];
const STAYS: [&str; 5] = [
    "system/hostname",
    "system/machine-id",
    "system/serial",
    "system/store/root.json",
    "system/var/lib/cloud/seed/nocloud/user-data",
];
const DATA: [&str; 3] = [
    "system/snaps/users",
    "system/var/snap/hello/1/state",
    "system/var/snap/hello/common/x",
];

/// A device that was used, as the directory `writable`, beside which there is a file that a
/// link leads to.
struct Used(TempDir);

impl Used {
    fn path(&self) -> PathBuf {
        self.0.path().join("writable")
    }

    fn outside(&self) -> PathBuf {
        self.0.path().join("outside")
    }
}

fn used(asked: Option<AppData>) -> Used {
    let used = Used(TempDir::new().unwrap());
    fs::create_dir(used.outside()).unwrap();
    fs::write(used.outside().join("file"), "content").unwrap();
    let directory = used.path();
    for path in [&GOES[..], &STAYS, &DATA].concat() {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "content").unwrap();
    }
    for link in ["system/var/run", "snaps/outside"] {
        symlink(used.outside(), directory.join(link)).unwrap();
    }
    symlink(used.outside().join("file"), directory.join("link")).unwrap();
    if let Some(data) = asked {
        let request = ResetRequest::of(&directory.join(SYSTEM));
        request.write(data).unwrap();
    }
    used
}

/// Every file and link below, by its path.
fn files(directory: &Path) -> BTreeSet<String> {
    fn walk(top: &Path, directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                walk(top, &entry.path(), found);
            } else {
                let path = entry.path();
                found.insert(path.strip_prefix(top).unwrap().display().to_string());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(directory, directory, &mut found);
    found
}

/// What is there when it is over.
fn made_again(data: AppData) -> BTreeSet<String> {
    let mut files = expected(data);
    files.insert(format!("{SYSTEM}/{AS_MADE}"));
    files
}

fn expected(data: AppData) -> BTreeSet<String> {
    let kept = match data {
        AppData::Dropped => [].as_slice(),
        AppData::Kept => DATA.as_slice(),
    };
    STAYS
        .iter()
        .chain(kept)
        .map(|path| (*path).to_owned())
        .collect()
}

#[test]
fn everything_goes_but_what_is_named() {
    for data in [AppData::Dropped, AppData::Kept] {
        let device = used(Some(data));
        let request = ResetRequest::of(&device.path().join(SYSTEM));
        let mut told = Vec::new();
        let done = finish_if_asked(&device.path(), |data| {
            // All is gone, and the request is still there.
            assert_eq!(request.read().unwrap(), Some(data));
            assert_eq!(files(&device.path()).len(), expected(data).len() + 1);
            told.push(data);
        });
        let done = done.unwrap();
        assert_eq!((done, &*told), (Some(data), [data].as_slice()));
        assert_eq!(files(&device.path()), made_again(data));
        assert!(device.path().join(LOST_AND_FOUND).is_dir());
        assert!(!device.path().join("snaps").exists());
        let outside = device.outside().join("file");
        assert!(outside.exists(), "it followed a link");
        // The next boot has nothing to do.
        let again = finish_if_asked(&device.path(), |_| panic!("told again"));
        assert_eq!(again.unwrap(), None);
    }
}

#[test]
fn nothing_goes_that_nobody_asked_for() {
    let device = used(None);
    let before = files(&device.path());
    let done = finish_if_asked(&device.path(), |_| panic!("told")).unwrap();
    assert_eq!(done, None);
    assert_eq!(files(&device.path()), before);
}

#[test]
fn a_request_that_nobody_understands_lets_nobody_use_writable_and_removes_nothing() {
    let device = used(Some(AppData::Dropped));
    let request = ResetRequest::of(&device.path().join(SYSTEM));
    fs::write(request.path(), "drop-some\n").unwrap();
    let before = files(&device.path());
    assert!(finish_if_asked(&device.path(), |_| panic!("told")).is_err());
    assert_eq!(files(&device.path()), before);
}

#[test]
fn the_power_goes_away_at_every_step_and_the_next_boot_finishes_it() {
    for data in [AppData::Dropped, AppData::Kept] {
        let mut cuts = 0;
        for steps_left in 0.. {
            let device = used(Some(data));
            let request = ResetRequest::of(&device.path().join(SYSTEM));
            let mut left: i32 = steps_left;
            let ran = Emptying::new(&device.path(), &request, data).run(&mut || {
                left -= 1;
                if left < 0 {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                Ok(())
            });
            // Before the request is taken away it is there, however much is gone.
            assert_eq!(request.read().unwrap(), Some(data), "{steps_left}");
            let stays = expected(data);
            assert!(files(&device.path()).is_superset(&stays), "{steps_left}");
            if ran.is_ok() {
                break;
            }
            cuts += 1;
            let done = finish_if_asked(&device.path(), |_| ()).unwrap();
            assert_eq!(done, Some(data));
            assert_eq!(files(&device.path()), made_again(data), "{steps_left}");
        }
        // Files, links, directories, and the flush.
        assert!(cuts > GOES.len() + 2, "{cuts}");
    }
}

#[test]
fn what_somebody_made_immutable_goes_as_well() {
    let device = used(Some(AppData::Dropped));
    let locked = device.path().join("snaps");
    for path in [locked.join("hello_1.snap"), locked] {
        let file = File::open(&path).unwrap();
        let flags = ioctl_getflags(&file).and_then(|flags| {
            ioctl_setflags(&file, flags | IFlags::IMMUTABLE)?;
            Ok(())
        });
        if flags.is_err() {
            // Not every file system of a host has flags; ours has.
            eprintln!("the host's file system has no flags: not tested here");
            return;
        }
    }
    finish_if_asked(&device.path(), |_| ()).unwrap();
    assert_eq!(files(&device.path()), made_again(AppData::Dropped));
}
