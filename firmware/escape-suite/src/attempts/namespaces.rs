//! After mounts and namespaces: another view than the one that was given.

use super::{Attempt, c_string, data, escape};
use crate::call::call;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;

const NEW_MOUNTS: usize = libc::CLONE_NEWNS as usize;
const NEW_USERS: usize = libc::CLONE_NEWUSER as usize;
const NEW_NETWORK: usize = libc::CLONE_NEWNET as usize;

pub(super) const ALL: &[Attempt] = &[
    escape("mount-memory", "mounts a file system", || {
        mount(c"tmpfs", Some(c"tmpfs"), 0)
    }),
    escape("mount-root", "mounts the root once more", || {
        mount(c"/", None, libc::MS_BIND as usize)
    }),
    escape("mount-proc", "mounts another /proc", || {
        mount(c"proc", Some(c"proc"), 0)
    }),
    escape("open-tree", "copies the tree of mounts", || {
        const CLONE: usize = 1;
        let here = libc::AT_FDCWD as usize;
        call(libc::SYS_open_tree, [here, c"/".as_ptr() as usize, CLONE]).map(drop)
    }),
    escape("fsopen", "makes a file system the new way", || {
        call(libc::SYS_fsopen, [c"tmpfs".as_ptr() as usize, 0]).map(drop)
    }),
    escape("unmount", "takes a mount away", || {
        let path = c_string(&data(".")?)?;
        // It is no mount outside: who may unmount is told so.
        let outcome = call(libc::SYS_umount2, [path.as_ptr() as usize, 2]);
        super::past_the_guard(outcome, &[libc::EINVAL])
    }),
    escape("pivot-root", "changes the root", || {
        let path = c_string(&data(".")?)?.into_raw() as usize;
        super::past_the_guard(
            call(libc::SYS_pivot_root, [path, path]),
            &[libc::EBUSY, libc::EINVAL],
        )
    }),
    escape("unshare-users", "becomes root among its own users", || {
        call(libc::SYS_unshare, [NEW_USERS]).map(drop)
    }),
    escape("unshare-mounts", "gets mounts of its own", || {
        call(libc::SYS_unshare, [NEW_MOUNTS]).map(drop)
    }),
    escape("unshare-network", "gets a network of its own", || {
        call(libc::SYS_unshare, [NEW_NETWORK]).map(drop)
    }),
    escape("clone-users", "the same, by clone", || {
        child(call(libc::SYS_clone, [NEW_USERS | libc::SIGCHLD as usize]))
    }),
    escape("clone3-users", "the same, where no filter looks", || {
        // flags, and the signal at its end as the fifth.
        let mut arguments = [0_u64; 8];
        arguments[0] = NEW_USERS as u64;
        arguments[4] = libc::SIGCHLD as u64;
        let length = size_of_val(&arguments);
        child(call(
            libc::SYS_clone3,
            [arguments.as_ptr() as usize, length],
        ))
    }),
    escape("enter-namespace", "enters a namespace", || {
        let namespace = File::open("/proc/self/ns/net")?;
        call(libc::SYS_setns, [namespace.as_raw_fd() as usize, 0]).map(drop)
    }),
];

fn mount(source: &std::ffi::CStr, kind: Option<&std::ffi::CStr>, flags: usize) -> io::Result<()> {
    let target = data("mount")?;
    let _ = fs::create_dir(&target);
    let path = c_string(&target)?;
    let kind = kind.map_or(0, |kind| kind.as_ptr() as usize);
    let outcome = call(
        libc::SYS_mount,
        [
            source.as_ptr() as usize,
            path.as_ptr() as usize,
            kind,
            flags,
            0,
        ],
    );
    if outcome.is_ok() {
        call(libc::SYS_umount2, [path.as_ptr() as usize, 0])?;
    }
    fs::remove_dir(&target)?;
    outcome.map(drop)
}

/// The child ends at once, the parent waits for it.
fn child(outcome: io::Result<usize>) -> io::Result<()> {
    match outcome? {
        0 => {
            let _ = call(libc::SYS_exit_group, [0]);
            Ok(())
        }
        pid => call(libc::SYS_wait4, [pid, 0, 0, 0]).map(drop),
    }
}
