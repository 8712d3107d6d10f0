//! The filters of all architectures, run by an interpreter of the few instructions that they
//! have. That the kernel does the same with them, the escape suite shows.

use super::allowed::ALLOWED;
use super::architecture::{Architecture, Row};
use super::filter::*;
use super::judged::JUDGED;
use super::refused::REFUSED;
use std::collections::BTreeMap;

/// What the kernel gives to a filter.
struct Call {
    number: u32,
    audit: u32,
    arguments: [u64; 6],
}

impl Call {
    fn load(&self, offset: u32) -> u32 {
        let mut data = Vec::new();
        data.extend(self.number.to_le_bytes());
        data.extend(self.audit.to_le_bytes());
        data.extend([0; 8]);
        data.extend(self.arguments.iter().flat_map(|word| word.to_le_bytes()));
        let at = offset as usize;
        u32::from_le_bytes(data[at..at + 4].try_into().unwrap())
    }

    fn judge(&self, filter: &[Instruction]) -> u32 {
        self.run(filter).0
    }

    fn steps(&self, filter: &[Instruction]) -> usize {
        self.run(filter).1
    }

    /// The verdict, and how many instructions it took.
    fn run(&self, filter: &[Instruction]) -> (u32, usize) {
        let (mut at, mut register) = (0, 0);
        for steps in 1.. {
            let Instruction {
                code,
                if_true,
                if_false,
                value,
            } = filter[at];
            at += 1;
            let holds = match code {
                LOAD => {
                    register = self.load(value);
                    continue;
                }
                RETURN => return (value, steps),
                JUMP => {
                    at += value as usize;
                    continue;
                }
                JUMP_IF_EQUAL => register == value,
                JUMP_IF_AT_LEAST => register >= value,
                JUMP_IF_BIT => register & value != 0,
                other => panic!("no such instruction: {other:#x}"),
            };
            at += usize::from(if holds { if_true } else { if_false });
        }
        unreachable!("a filter only leads forward")
    }
}

fn judge(architecture: Architecture, number: u32, arguments: [u64; 6]) -> u32 {
    let audit = architecture.audit();
    let call = Call {
        number,
        audit,
        arguments,
    };
    call.judge(&filter_for(architecture))
}

fn all_rows() -> impl Iterator<Item = &'static Row> {
    let judged = JUDGED.iter().map(|judged| &judged.call);
    ALLOWED.iter().chain(&REFUSED).chain(judged)
}

#[test]
fn every_number_has_its_verdict_on_every_architecture() {
    for architecture in Architecture::ALL {
        let filter = filter_for(architecture);
        assert!(filter.len() < 4096, "{architecture:?}: the kernel's limit");
        let verdicts = verdicts_of(architecture);
        let last = *verdicts.keys().next_back().unwrap();
        for number in (0..1024).chain(last - 10..last + 10) {
            // Whatever the row is for: a judged call is judged by its arguments, below.
            let Some(verdict) = verdicts.get(&number).copied().unwrap_or(Some(NOT_KNOWN)) else {
                continue;
            };
            let call = Call {
                number,
                audit: architecture.audit(),
                arguments: [u64::MAX; 6],
            };
            assert_eq!(call.judge(&filter), verdict, "{architecture:?} {number}");
        }
        assert_eq!(judge(architecture, u32::MAX >> 2, [0; 6]), NOT_KNOWN);
        // Flags of clone3 lie in memory, where no filter sees them: programs take clone.
        assert_eq!(judge(architecture, 435, [0; 6]), NOT_KNOWN);
    }
}

/// Of every number in the tables; nothing for a judged one.
fn verdicts_of(architecture: Architecture) -> BTreeMap<u32, Option<u32>> {
    let numbers = |rows: &'static [Row], verdict| {
        let rows = rows.iter().filter_map(move |row| architecture.number(row));
        rows.map(move |number| (number, verdict))
    };
    let judged = JUDGED.iter();
    let judged = judged.filter_map(|judged| Some((architecture.number(&judged.call)?, None)));
    numbers(&ALLOWED, Some(ALLOW))
        .chain(numbers(&REFUSED, Some(NOT_PERMITTED)))
        .chain(judged)
        .collect()
}

/// The kernel tries all numbers each time that a filter is set.
#[test]
fn a_number_is_found_in_few_steps() {
    for architecture in Architecture::ALL {
        let filter = filter_for(architecture);
        let audit = architecture.audit();
        for (number, verdict) in verdicts_of(architecture) {
            let call = Call {
                number,
                audit,
                arguments: [0; 6],
            };
            let steps = call.steps(&filter);
            assert!(
                verdict.is_none() || steps <= 24,
                "{architecture:?} {number}: {steps}"
            );
        }
    }
}

#[test]
fn no_number_stands_in_the_tables_twice() {
    for architecture in Architecture::ALL {
        let mut seen = BTreeMap::new();
        for row in all_rows() {
            if let Some(number) = architecture.number(row) {
                let twin = seen.insert(number, row.0);
                assert_eq!(twin, None, "{architecture:?}: {number} is {} too", row.0);
            }
        }
    }
}

/// The C library's numbers are the kernel's: those of the architecture that the tests are
/// built for.
#[test]
fn the_numbers_are_those_of_the_c_library() {
    let native = Architecture::native().unwrap();
    let number = |name| {
        let row = all_rows().find(|row| row.0 == name).unwrap();
        native.number(row).map(i64::from)
    };
    macro_rules! same {
        ($($call:ident)*) => {
            $(assert_eq!(
                number(stringify!($call).trim_start_matches("SYS_")),
                Some(i64::from(libc::$call)),
            );)*
        };
    }
    same!(SYS_read SYS_write SYS_openat SYS_close SYS_execve SYS_mount SYS_ptrace SYS_reboot
        SYS_clone SYS_ioctl SYS_socket SYS_connect SYS_bind SYS_accept4 SYS_sendmsg SYS_unshare
        SYS_setns SYS_bpf SYS_keyctl SYS_init_module SYS_finit_module SYS_delete_module
        SYS_kexec_load SYS_pivot_root SYS_chroot SYS_umount2 SYS_swapon SYS_mknodat
        SYS_fchmod SYS_fchmodat SYS_mkdirat SYS_personality SYS_userfaultfd SYS_perf_event_open
        SYS_process_vm_readv SYS_name_to_handle_at SYS_open_by_handle_at SYS_seccomp
        SYS_getrandom SYS_memfd_create SYS_statx SYS_rseq SYS_futex SYS_epoll_pwait
        SYS_rt_sigreturn SYS_exit_group SYS_wait4 SYS_kill SYS_pidfd_open SYS_close_range
        SYS_faccessat2 SYS_io_uring_setup SYS_move_mount SYS_open_tree SYS_fsopen
        SYS_add_key SYS_request_key SYS_syslog SYS_acct SYS_quotactl SYS_clock_settime);
}

#[test]
fn a_judged_call_goes_by_its_arguments() {
    const HIGH: u64 = 0xdead_beef_0000_0000;
    let number = |architecture: Architecture, name| {
        let row = &JUDGED.iter().find(|judged| judged.call.0 == name)?.call;
        architecture.number(row)
    };
    for (name, arguments, verdict) in [
        ("clone", [0x11, 0, 0, 0, 0, 0], ALLOW),
        // A thread.
        ("clone", [0x003d_0f00, 0, 0, 0, 0, 0], ALLOW),
        ("clone", [0x1000_0011, 0, 0, 0, 0, 0], NOT_PERMITTED),
        ("clone", [HIGH | 0x0002_0011, 0, 0, 0, 0, 0], NOT_PERMITTED),
        ("ioctl", [0, 0x5401, 0, 0, 0, 0], ALLOW),
        ("ioctl", [0, 0x5412, 0, 0, 0, 0], NOT_PERMITTED),
        ("ioctl", [0, HIGH | 0x5412, 0, 0, 0, 0], NOT_PERMITTED),
        ("ioctl", [0, 0x541c, 0, 0, 0, 0], NOT_PERMITTED),
        ("socket", [1, 1, 0, 0, 0, 0], ALLOW),
        ("socket", [2, 1, 6, 0, 0, 0], ALLOW),
        ("socket", [10, 1, 6, 0, 0, 0], ALLOW),
        ("socket", [16, 3, 0, 0, 0, 0], ALLOW),
        ("socket", [16, 3, 9, 0, 0, 0], NOT_PERMITTED),
        ("socket", [17, 3, 0, 0, 0, 0], NOT_PERMITTED),
        ("socket", [38, 5, 0, 0, 0, 0], NOT_PERMITTED),
        ("socket", [40, 1, 0, 0, 0, 0], NOT_PERMITTED),
        ("personality", [0xffff_ffff, 0, 0, 0, 0, 0], ALLOW),
        ("personality", [0x0004_0000, 0, 0, 0, 0, 0], NOT_PERMITTED),
        ("chmod", [0, 0o755, 0, 0, 0, 0], ALLOW),
        ("chmod", [0, 0o4755, 0, 0, 0, 0], NOT_PERMITTED),
        ("fchmod", [0, 0o2755, 0, 0, 0, 0], NOT_PERMITTED),
        ("fchmodat", [0, 0, 0o1777, 0, 0, 0], ALLOW),
        ("fchmodat", [0, 0, HIGH | 0o6000, 0, 0, 0], NOT_PERMITTED),
        ("fchmodat2", [0, 0, 0o4000, 0, 0, 0], NOT_PERMITTED),
        ("mknodat", [0, 0, 0o10644, 0, 0, 0], ALLOW),
        ("mknodat", [0, 0, 0o104755, 0, 0, 0], NOT_PERMITTED),
        ("mkdirat", [0, 0, 0o2755, 0, 0, 0], NOT_PERMITTED),
        ("openat", [0, 0, 0o101, 0o644, 0, 0], ALLOW),
        // Without O_CREAT there is no mode, but whatever the register held.
        ("openat", [0, 0, 0, 0o7777, 0, 0], ALLOW),
        ("openat", [0, 0, 0o101, 0o4755, 0, 0], NOT_PERMITTED),
        ("open", [0, 0o101, 0o4755, 0, 0, 0], NOT_PERMITTED),
        ("open", [0, 0o101, 0o755, 0, 0, 0], ALLOW),
        ("creat", [0, 0o4755, 0, 0, 0, 0], NOT_PERMITTED),
    ] {
        for architecture in Architecture::ALL {
            if let Some(number) = number(architecture, name) {
                let found = judge(architecture, number, arguments);
                assert_eq!(found, verdict, "{architecture:?} {name} {arguments:x?}");
            }
        }
    }
}

#[test]
fn another_way_into_the_kernel_is_the_end() {
    let audit_of_32_bit_x86 = 0x4000_0003;
    for architecture in Architecture::ALL {
        let call = Call {
            number: 1,
            audit: audit_of_32_bit_x86,
            arguments: [0; 6],
        };
        assert_eq!(call.judge(&filter_for(architecture)), KILL);
    }
    assert_eq!(judge(Architecture::X86_64, 0x4000_0001, [0; 6]), KILL);
}
