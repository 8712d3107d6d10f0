//! After the kernel: its clock, its modules, its settings, parts that no filter sees into.

use super::{Attempt, escape, past_the_guard};
use crate::call::{call, call_as_32_bit_program};
use std::fs::{self, OpenOptions};
use std::io;

pub(super) const ALL: &[Attempt] = &[
    escape("reboot", "decides about reboots", || {
        // Ctrl-Alt-Del goes to process 1: so init has it already.
        const MAGIC: [usize; 2] = [0xfee1_dead, 0x2812_1969];
        const TELL_INIT: usize = 0;
        call(libc::SYS_reboot, [MAGIC[0], MAGIC[1], TELL_INIT, 0]).map(drop)
    }),
    escape("rename-device", "gives the device a name", || {
        let name = fs::read_to_string("/proc/sys/kernel/hostname")?;
        let name = name.trim();
        call(libc::SYS_sethostname, [name.as_ptr() as usize, name.len()]).map(drop)
    }),
    escape("change-clock", "changes how the clock runs", change_clock),
    escape("unload-module", "takes a module out of the kernel", || {
        let name = c"no_such_module".as_ptr() as usize;
        past_the_guard(call(libc::SYS_delete_module, [name, 0]), &[libc::ENOENT])
    }),
    escape("load-module", "puts a module into the kernel", || {
        let (nothing, words) = (c"".as_ptr() as usize, c"".as_ptr() as usize);
        past_the_guard(
            call(libc::SYS_init_module, [nothing, 0, words]),
            &[libc::ENOEXEC],
        )
    }),
    escape("load-kernel", "starts another kernel", || {
        call(libc::SYS_kexec_load, [0, 0, 0, 0]).map(drop)
    }),
    escape("swap", "swaps memory to where it likes", || {
        let path = c"/no/such/file".as_ptr() as usize;
        past_the_guard(call(libc::SYS_swapon, [path, 0]), &[libc::ENOENT])
    }),
    escape("account", "switches accounting", || {
        call(libc::SYS_acct, [0]).map(drop)
    }),
    escape("read-kernel-log", "reads the kernel's words", || {
        let mut words = [0_u8; 256];
        call(libc::SYS_syslog, [3, words.as_mut_ptr() as usize, 256]).map(drop)
    }),
    escape("sysrq", "holds the magic key", || {
        open_for_writing("/proc/sysrq-trigger")
    }),
    escape("core-pattern", "has the kernel start a program", || {
        open_for_writing("/proc/sys/kernel/core_pattern")
    }),
    escape("sysctl", "changes a setting of the kernel", || {
        open_for_writing("/proc/sys/kernel/printk")
    }),
    escape(
        "read-command-line",
        "learns the slot and the disk",
        || match fs::read("/proc/cmdline")?.len() {
            0 => Err(io::Error::other("it is empty")),
            _ => Ok(()),
        },
    ),
    escape("add-key", "adds a key to a ring", || {
        const PROCESS_RING: usize = (-2_isize).cast_unsigned();
        let (kind, name) = (c"user".as_ptr() as usize, c"escape".as_ptr() as usize);
        call(libc::SYS_add_key, [kind, name, name, 6, PROCESS_RING]).map(drop)
    }),
    escape("bpf", "loads code into the kernel", || {
        // A map of one entry: kind, key, value, entries.
        let attributes = [2_u32, 4, 4, 1, 0];
        let length = size_of_val(&attributes);
        call(libc::SYS_bpf, [0, attributes.as_ptr() as usize, length]).map(drop)
    }),
    escape("performance-events", "measures others", || {
        // Software, processor time; the length stands behind the kind.
        let mut attributes = [0_u64; 16];
        attributes[0] = 1 | 128 << 32;
        let anywhere = usize::MAX;
        call(
            libc::SYS_perf_event_open,
            [attributes.as_ptr() as usize, 0, anywhere, anywhere, 0],
        )
        .map(drop)
    }),
    escape("user-faults", "holds the kernel up in its memory", || {
        call(libc::SYS_userfaultfd, [0]).map(drop)
    }),
    escape("ring", "asks the kernel past the filter", || {
        let mut parameters = [0_u8; 120];
        call(
            libc::SYS_io_uring_setup,
            [1, parameters.as_mut_ptr() as usize],
        )
        .map(drop)
    }),
    escape("fixed-addresses", "runs without random addresses", || {
        const NO_RANDOM_ADDRESSES: usize = 0x0004_0000;
        call(libc::SYS_personality, [NO_RANDOM_ADDRESSES]).map(drop)
    }),
    escape("watch-everything", "watches every file", || {
        call(libc::SYS_fanotify_init, [0, 0]).map(drop)
    }),
    escape(
        "sixteen-rule-sets",
        "is behind no rules of Landlock: the kernel has sixteen sets a process",
        sixteen_rule_sets,
    ),
    escape(
        "call-as-32-bits",
        "calls by another table",
        call_as_32_bit_program,
    ),
];

fn open_for_writing(path: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

/// Every other attempt that Landlock refuses is refused by something else as well.
fn sixteen_rule_sets() -> io::Result<()> {
    const NO_NEW_PRIVS: usize = 38;
    // What it handles: making block devices.
    let attributes = [1_u64 << 11];
    let at = attributes.as_ptr() as usize;
    call(libc::SYS_prctl, [NO_NEW_PRIVS, 1, 0, 0, 0])?;
    for _ in 0..16 {
        let rules = call(libc::SYS_landlock_create_ruleset, [at, 8, 0])?;
        call(libc::SYS_landlock_restrict_self, [rules, 0])?;
    }
    Ok(())
}

/// Sets the frequency to what it is.
fn change_clock() -> io::Result<()> {
    const FREQUENCY: u32 = 2;
    // More than `struct timex` takes anywhere; `modes` is its first word.
    let mut clock = [0_u64; 64];
    call(libc::SYS_adjtimex, [clock.as_mut_ptr() as usize])?;
    clock[0] = clock[0] & !u64::from(u32::MAX) | u64::from(FREQUENCY);
    call(libc::SYS_adjtimex, [clock.as_mut_ptr() as usize]).map(drop)
}
