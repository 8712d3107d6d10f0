//! What `strace` wrote: which system calls a program made, in their order.

use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// A system call of a thread, by its name and its number among those of that name, from 1 on:
/// what `strace` is told to tamper with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) when: usize,
}

/// The calls behind the start of `program`, its own start included.
pub(crate) fn calls_of(program: &str, trace: &str) -> Result<Vec<Call>> {
    let start = format!("execve(\"{program}\"");
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut started = false;
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        // What was begun is counted, and not its end, "<... read resumed>".
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        if started {
            calls.push(Call {
                name: name.to_owned(),
                when: *count,
            });
        }
        started |= call.starts_with(&start);
    }
    started
        .then_some(calls)
        .with_context(|| format!("strace saw no {program}"))
}

/// Whether `strace` tampered with a call.
pub(crate) fn is_reached(trace: &str) -> bool {
    trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_for_each_thread_and_name_from_its_first_on() {
        let trace = "\
7 openat(AT_FDCWD, \"/etc/ld.so\", O_RDONLY) = 3
7 execve(\"/snappy\", [\"/snappy\"], 0x1 /* 2 vars */) = 0
7 openat(AT_FDCWD, \"/disk\", O_RDWR) = 3
8 read(3, <unfinished ...>
7 openat(AT_FDCWD, \"/x\", O_RDWR) = -1 ENOENT (No such file)
8 <... read resumed>\"\", 5) = 0
7 +++ exited with 0 +++
";
        let call = |name: &str, when| Call {
            name: name.to_owned(),
            when,
        };
        let expected = [call("openat", 2), call("read", 1), call("openat", 3)];
        assert_eq!(calls_of("/snappy", trace).unwrap(), expected);
        assert!(calls_of("/other", trace).is_err());
    }
}
