//! After files: the device's, other snaps', its own program.

use super::{Attempt, c_string, data, escape, snap, stage, variable, victim};
use crate::call::call;
use crate::stage::SECRET;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub(super) const ALL: &[Attempt] = &[
    escape("read-secret", "reads a file of the device", || {
        read_secret(&stage("secret")?)
    }),
    escape("read-other-snap", "reads another snap's data", || {
        read_secret(&stage("other-snap/secret")?)
    }),
    escape("write-other-snap", "writes to another snap's data", || {
        create_and_remove(&stage("other-snap/new")?)
    }),
    escape("read-shadow", "reads the device's password hashes", || {
        fs::read("/etc/shadow").map(drop)
    }),
    escape("write-var-lib", "writes to the system's state", || {
        create_and_remove(Path::new("/var/lib/escape-suite.tmp"))
    }),
    escape("write-own-program", "adds to its own program", || {
        create_and_remove(&snap("new")?)
    }),
    escape("change-own-program", "changes its own program", || {
        OpenOptions::new()
            .append(true)
            .open(snap("file")?)
            .map(drop)
    }),
    escape("symlink-out", "follows its own link to the device", || {
        let link = data("link")?;
        std::os::unix::fs::symlink(stage("secret")?, &link)?;
        let outcome = read_secret(&link);
        fs::remove_file(&link)?;
        outcome
    }),
    escape(
        "hard-link-out",
        "ties the device's file to its data",
        || {
            let link = data("hard-link")?;
            fs::hard_link(stage("secret")?, &link)?;
            fs::remove_file(&link)
        },
    ),
    escape("dots-out", "climbs out of its root by ..", || {
        let climbed = PathBuf::from("/".to_owned() + &"../".repeat(40));
        let secret = variable("STAGE")?;
        read_secret(&climbed.join(secret.trim_start_matches('/')).join("secret"))
    }),
    escape("chroot-out", "leaves its root by a further one", chroot_out),
    escape("proc-root-of-first", "looks through process 1", || {
        let secret = variable("STAGE")?;
        let path = Path::new("/proc/1/root").join(secret.trim_start_matches('/'));
        read_secret(&path.join("secret"))
    }),
    escape(
        "proc-root-of-victim",
        "looks through another process",
        || {
            let secret = variable("STAGE")?;
            let path = PathBuf::from(format!("/proc/{}/root", victim()?));
            read_secret(&path.join(secret.trim_start_matches('/')).join("secret"))
        },
    ),
    escape("handle-out", "opens a file by its number", open_by_handle),
    escape(
        "set-uid-by-chmod",
        "leaves a program that runs as another",
        || {
            with_file("set-uid", |path| {
                fs::set_permissions(path, Permissions::from_mode(0o4755))
            })
        },
    ),
    escape(
        "set-gid-by-fchmod",
        "leaves a program of another group",
        || {
            with_file("set-gid", |path| {
                File::open(path)?.set_permissions(Permissions::from_mode(0o2755))
            })
        },
    ),
    escape(
        "set-uid-by-open",
        "makes a program that runs as another",
        || {
            let path = data("born-set-uid")?;
            let outcome = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o4755)
                .open(&path);
            let _ = fs::remove_file(&path);
            outcome.map(drop)
        },
    ),
    escape("give-away", "gives a file to root", || {
        with_file("given", |path| {
            std::os::unix::fs::chown(path, Some(0), Some(0))
        })
    }),
];

fn read_secret(path: &Path) -> io::Result<()> {
    if fs::read_to_string(path)? == SECRET {
        Ok(())
    } else {
        Err(io::Error::other("it is another file"))
    }
}

fn create_and_remove(path: &Path) -> io::Result<()> {
    fs::write(path, "x")?;
    fs::remove_file(path)
}

fn with_file(name: &str, act: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let path = data(name)?;
    fs::write(&path, "")?;
    let outcome = act(&path);
    fs::remove_file(&path)?;
    outcome
}

/// A root below where one stands does not hold: as every book has it.
fn chroot_out() -> io::Result<()> {
    let inner = data("inner")?;
    let secret = stage("secret")?;
    let _ = fs::create_dir(&inner);
    std::env::set_current_dir("/")?;
    let outcome = std::os::unix::fs::chroot(&inner).and_then(|()| {
        std::env::set_current_dir("../".repeat(40))?;
        std::os::unix::fs::chroot(".")?;
        read_secret(&secret)
    });
    fs::remove_dir(&inner)?;
    outcome
}

/// As "shocker" did in 2014: what is not in the view still has a number on the disk.
fn open_by_handle() -> io::Result<()> {
    #[repr(C)]
    struct Handle {
        bytes: u32,
        kind: i32,
        content: [u8; 128],
    }
    let mut handle = Handle {
        bytes: 128,
        kind: 0,
        content: [0; 128],
    };
    let path = c_string(&data(".")?)?;
    let mut mount = 0_i32;
    let directory = File::open(data(".")?)?;
    call(
        libc::SYS_name_to_handle_at,
        [
            libc::AT_FDCWD as usize,
            path.as_ptr() as usize,
            &raw mut handle as usize,
            &raw mut mount as usize,
            0,
        ],
    )?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&directory) as usize;
    call(
        libc::SYS_open_by_handle_at,
        [descriptor, &raw const handle as usize, 0],
    )
    .map(drop)
}
