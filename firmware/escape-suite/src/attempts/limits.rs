//! After more than its share.

use super::{Attempt, Kind, escape};
use crate::call::call;
use std::fs::{self, File};
use std::io::{self, Write};

/// More than the snap may have, and not more than a small device has.
const MEMORY_BYTES: usize = 96 << 20;
const FILE_BYTES: usize = 24 << 20;
const FILES: usize = 20_000;
const PROCESSES: usize = 300;

pub(super) const ALL: &[Attempt] = &[
    escape("fill-tmp", "fills the memory by /tmp", || {
        fill("/tmp/escape-suite")
    }),
    escape("fill-shared-memory", "fills it by /dev/shm", || {
        fill("/dev/shm/escape-suite")
    }),
    escape("many-files", "takes all file numbers", many_files),
    Attempt {
        name: "much-memory",
        what: "takes the memory of the device",
        kind: Kind::NeedsGroups,
        act: || {
            // Each page is touched: memory is given when it is.
            let taken = vec![1_u8; MEMORY_BYTES];
            match taken
                .iter()
                .step_by(4096)
                .map(|byte| usize::from(*byte))
                .sum()
            {
                0_usize => Err(io::Error::other("there is none")),
                _ => Ok(()),
            }
        },
    },
    Attempt {
        name: "many-processes",
        what: "takes all process numbers",
        kind: Kind::NeedsGroups,
        act: many_processes,
    },
];

fn fill(path: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    let outcome = file.write_all(&vec![1; FILE_BYTES]);
    fs::remove_file(path)?;
    outcome
}

fn many_files() -> io::Result<()> {
    let directory = "/tmp/escape-suite-files";
    fs::create_dir(directory)?;
    let mut files = (0..FILES).map(|number| File::create(format!("{directory}/{number}")));
    let outcome = files.try_for_each(|file| file.map(drop));
    fs::remove_dir_all(directory)?;
    outcome
}

fn many_processes() -> io::Result<()> {
    let mut children = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..PROCESSES {
        match call(libc::SYS_clone, [libc::SIGCHLD as usize]) {
            Ok(0) => loop {
                // Until it is killed.
                let _ = call(libc::SYS_ppoll, [0, 0, 0, 0]);
            },
            Ok(child) => children.push(child),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    for child in children {
        let _ = call(libc::SYS_kill, [child, libc::SIGKILL as usize]);
        let _ = call(libc::SYS_wait4, [child, 0, 0, 0]);
    }
    outcome
}
