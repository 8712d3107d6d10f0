//! Every system call of an update: the program is killed at it, or it fails once.

use std::collections::BTreeSet;
use std::fmt;

use crate::trace::Call;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A sample, the same at each run.
    Everyday,
    /// Every call, with each of its errors.
    Full,
}

/// How many of each kind an everyday run takes.
const SAMPLE: usize = 60;

/// What happens at a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    Kill,
    Error(&'static str),
}

/// A call, and what happens at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) call: Call,
    pub(crate) blow: Blow,
}

/// What can go wrong with a call of that name.
fn errors_of(name: &str) -> &'static [&'static str] {
    match name {
        "write" | "pwrite64" => &["EIO", "ENOSPC"],
        "fsync" | "fdatasync" => &["EIO", "ENOSPC"],
        "open" | "openat" => &["EIO", "EMFILE"],
        "read" | "pread64" => &["EIO", "EINTR"],
        "recvfrom" | "recv" | "recvmsg" => &["ECONNRESET", "EINTR"],
        "sendto" | "send" | "sendmsg" => &["EPIPE", "EINTR"],
        "connect" => &["ECONNREFUSED", "ENETUNREACH"],
        "socket" => &["EMFILE"],
        "flock" => &["EINTR", "ENOLCK"],
        // It does not come back; memory, and what the runtime asks before `main`.
        "execve" | "mmap" | "munmap" | "poll" => &[],
        // A call that is to fail is not made. This one closes even where it fails (close(2)): a
        // lock that stays taken for ever is nothing that Linux does to anybody.
        "close" => &[],
        _ => &["EIO"],
    }
}

/// The points at which the program is killed.
pub(crate) fn kills(calls: &[Call]) -> Vec<Point> {
    points(calls, |_| vec![Blow::Kill])
}

/// The points at which a call fails.
pub(crate) fn errors(calls: &[Call]) -> Vec<Point> {
    points(calls, |name| {
        let errors = errors_of(name).iter();
        errors.map(|errno| Blow::Error(errno)).collect()
    })
}

fn points(calls: &[Call], blows: impl Fn(&str) -> Vec<Blow>) -> Vec<Point> {
    // Two threads may have calls of the same number: the first one to come there is hit.
    let mut seen = BTreeSet::new();
    let mut points = Vec::new();
    for call in calls.iter().filter(|call| seen.insert((*call).clone())) {
        for blow in blows(&call.name) {
            points.push(Point {
                call: call.clone(),
                blow,
            });
        }
    }
    points
}

/// The first and the last of each kind of call and blow, and others at equal distances.
pub(crate) fn sample(points: Vec<Point>) -> Vec<Point> {
    let kind = |point: &Point| (point.call.name.clone(), point.blow.to_string());
    let mut chosen = BTreeSet::new();
    let (mut first, mut last) = (BTreeSet::new(), BTreeSet::new());
    for (index, point) in points.iter().enumerate() {
        if first.insert(kind(point)) {
            chosen.insert(index);
        }
    }
    for (index, point) in points.iter().enumerate().rev() {
        if last.insert(kind(point)) {
            chosen.insert(index);
        }
    }
    let left = SAMPLE.saturating_sub(chosen.len());
    for number in 0..left {
        chosen.insert(number * points.len() / left);
    }
    chosen
        .into_iter()
        .filter_map(|index| points.get(index).cloned())
        .collect()
}

impl Blow {
    /// What `strace` is told.
    pub(crate) fn inject(&self, call: &Call) -> String {
        let Call { name, when } = call;
        match self {
            Self::Kill => format!("inject={name}:signal=KILL:when={when}"),
            Self::Error(errno) => format!("inject={name}:error={errno}:when={when}"),
        }
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "killed",
            Self::Error(errno) => errno,
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.call.name, self.call.when, self.blow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, when: usize) -> Call {
        let name = name.to_owned();
        Call { name, when }
    }

    #[test]
    fn a_sample_has_the_first_and_the_last_of_each_kind_and_is_the_same_again() {
        let mut calls: Vec<_> = (1..=500).map(|when| call("pread64", when)).collect();
        calls.insert(250, call("fsync", 1));
        let all = errors(&calls);
        assert_eq!(all.len(), 2 * 501);
        let chosen = sample(all.clone());
        assert_eq!(chosen, sample(all));
        assert!((50..=SAMPLE).contains(&chosen.len()), "{}", chosen.len());
        for (name, when, errno) in [
            ("pread64", 1, "EIO"),
            ("pread64", 500, "EINTR"),
            ("fsync", 1, "ENOSPC"),
        ] {
            let (call, blow) = (call(name, when), Blow::Error(errno));
            assert!(chosen.contains(&Point { call, blow }), "{name} {when}");
        }
    }

    #[test]
    fn a_call_is_a_point_once_however_many_threads_make_it() {
        let calls = [call("read", 1), call("read", 1), call("execve", 3)];
        assert_eq!(kills(&calls).len(), 2);
        // What does not come back cannot fail.
        assert_eq!(errors(&calls).len(), 2);
    }
}
