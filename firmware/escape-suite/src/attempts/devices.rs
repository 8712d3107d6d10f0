//! After devices: disks, memory, the kernel's words, other terminals.

use super::{Attempt, c_string, data, escape};
use crate::call::call;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

const TIOCSTI: usize = 0x5412;

pub(super) const ALL: &[Attempt] = &[
    escape("open-disk", "reads the disk under the file system", || {
        File::open(first_disk()?).map(drop)
    }),
    escape("make-disk", "makes a node for the disk", || {
        make_node("disk", libc::S_IFBLK, number_of_first_disk()?)
    }),
    escape("make-memory", "makes a node for all memory", || {
        make_node("memory", libc::S_IFCHR, libc::makedev(1, 1))
    }),
    escape("make-null", "makes even a harmless node", || {
        make_node("null", libc::S_IFCHR, libc::makedev(1, 3))
    }),
    escape("open-kernel-log", "speaks as the kernel", || {
        OpenOptions::new().write(true).open("/dev/kmsg").map(drop)
    }),
    escape("open-console", "speaks on the console", || {
        OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open("/dev/console")
            .map(drop)
    }),
    escape("type-into-terminal", "types for who started it", || {
        type_into_terminal(0)
    }),
    escape(
        "type-with-high-bits",
        "the same, past a filter of 64 bits",
        || {
            if usize::BITS == 32 {
                return Err(io::Error::other("there are no high bits"));
            }
            type_into_terminal((1_u64 << 32) as usize)
        },
    ),
    escape(
        "list-hardware",
        "looks at all the hardware",
        || match fs::read_dir("/sys/class")?.count() {
            0 => Err(io::Error::other("there is nothing")),
            _ => Ok(()),
        },
    ),
];

fn first_disk() -> io::Result<String> {
    // Inside the list may be hidden: then by the usual names.
    let names = fs::read_to_string("/proc/partitions")?;
    let name = names
        .lines()
        .filter_map(|line| line.split_whitespace().nth(3));
    let disk = name
        .map(|name| format!("/dev/{name}"))
        .find(|path| path != "/dev/name" && !path.contains("ram") && !path.contains("loop"));
    disk.ok_or_else(|| io::Error::other("there is no disk"))
}

fn number_of_first_disk() -> io::Result<u64> {
    let names = fs::read_to_string("/proc/partitions")?;
    let line = names.lines().nth(2).unwrap_or_default();
    let mut numbers = line.split_whitespace().map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok(libc::makedev(major, minor)),
        _ => Err(io::Error::other("there is no disk")),
    }
}

fn make_node(name: &str, kind: libc::mode_t, number: u64) -> io::Result<()> {
    let path = data(name)?;
    let text = c_string(&path)?;
    let here = libc::AT_FDCWD as usize;
    let mode = (kind | 0o600) as usize;
    call(
        libc::SYS_mknodat,
        [here, text.as_ptr() as usize, mode, number as usize],
    )?;
    fs::remove_file(&path)
}

/// Into a terminal of its own, which is made its terminal first.
fn type_into_terminal(high_bits: usize) -> io::Result<()> {
    call(libc::SYS_setsid, [])?;
    let main = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/ptmx")?;
    let mut number = 0_i32;
    let unlock = 0_i32;
    let descriptor = main.as_raw_fd() as usize;
    call(
        libc::SYS_ioctl,
        [
            descriptor,
            libc::TIOCSPTLCK as usize,
            &raw const unlock as usize,
        ],
    )?;
    call(
        libc::SYS_ioctl,
        [
            descriptor,
            libc::TIOCGPTN as usize,
            &raw mut number as usize,
        ],
    )?;
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(format!("/dev/pts/{number}"))?;
    let letter = b'x';
    let outcome = call(
        libc::SYS_ioctl,
        [
            terminal.as_raw_fd() as usize,
            TIOCSTI | high_bits,
            &raw const letter as usize,
        ],
    );
    // Closed too early, it hangs up, and this process is who hears of it.
    std::mem::forget((main, terminal));
    outcome.map(drop)
}
