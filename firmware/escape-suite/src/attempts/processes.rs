//! After other processes, and after more rights than it has.

use super::{Attempt, escape, victim};
use crate::call::call;
use std::fs;
use std::io;

const ATTACH: usize = libc::PTRACE_ATTACH as usize;
const DETACH: usize = libc::PTRACE_DETACH as usize;

pub(super) const ALL: &[Attempt] = &[
    escape("see-victim", "sees a process of the device", || {
        fs::read_dir(format!("/proc/{}", victim()?)).map(drop)
    }),
    escape("signal-victim", "sends a signal there", || {
        call(libc::SYS_kill, [victim()?, libc::SIGCONT as usize]).map(drop)
    }),
    escape("trace-victim", "takes that process over", || {
        let victim = victim()?;
        call(libc::SYS_ptrace, [ATTACH, victim, 0, 0])?;
        const ALL_CHILDREN: usize = 0x4000_0000;
        call(libc::SYS_wait4, [victim, 0, ALL_CHILDREN, 0])?;
        call(libc::SYS_ptrace, [DETACH, victim, 0, 0])?;
        Ok(())
    }),
    escape("trace-me", "traces at all", || {
        call(libc::SYS_ptrace, [libc::PTRACE_TRACEME as usize, 0, 0, 0]).map(drop)
    }),
    escape("read-memory", "reads a process's memory", || {
        let words = [0x55_u8; 8];
        let mut copy = [0_u8; 8];
        let from = [words.as_ptr() as usize, 8];
        let to = [copy.as_mut_ptr() as usize, 8];
        let me = std::process::id() as usize;
        call(
            libc::SYS_process_vm_readv,
            [me, to.as_ptr() as usize, 1, from.as_ptr() as usize, 1, 0],
        )
        .map(drop)
    }),
    escape("read-environment", "reads a process's variables", || {
        fs::read(format!("/proc/{}/environ", victim()?)).map(drop)
    }),
    escape("open-victim", "gets a hold of that process", || {
        call(libc::SYS_pidfd_open, [victim()?, 0]).map(drop)
    }),
    escape("become-root", "becomes root", || {
        call(libc::SYS_setuid, [0]).map(drop)
    }),
    escape("become-other", "becomes another snap's user", || {
        call(libc::SYS_setuid, [20_000]).map(drop)
    }),
    escape("join-group", "joins root's group", || {
        let group = 0_u32;
        call(libc::SYS_setgroups, [1, &raw const group as usize]).map(drop)
    }),
    escape("take-capabilities", "takes all capabilities", || {
        let header = [0x2008_0522_u32, 0];
        let mut sets = [0_u32; 6];
        let (header, sets) = (header.as_ptr() as usize, sets.as_mut_ptr() as usize);
        call(libc::SYS_capget, [header, sets])?;
        call(libc::SYS_capset, [header, sets]).map(drop)
    }),
    escape("run-first", "goes before everybody else", || {
        const NICE: usize = (-10_isize).cast_unsigned();
        call(libc::SYS_setpriority, [0, 0, NICE]).map(drop)
    }),
    escape(
        "survive-memory-shortage",
        "lets others be killed instead",
        || fs::write("/proc/self/oom_score_adj", "-900"),
    ),
    escape("leave-group", "leaves its control group", || {
        let mounts = fs::read_to_string("/proc/self/mounts")?;
        let fields = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>());
        let mut groups = fields.filter(|fields| fields.get(2) == Some(&"cgroup2"));
        let group = groups
            .next()
            .ok_or_else(|| io::Error::other("none is in sight"))?;
        fs::write(format!("{}/cgroup.procs", group[1]), "0")
    }),
];
