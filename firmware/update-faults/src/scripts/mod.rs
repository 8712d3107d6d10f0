//! What servers do wrong, and what a device has to make of it.

mod answers;
mod bodies;
mod heads;
mod lines;
mod ranges;
mod versions;

use crate::server::Serve;

/// A server's misbehaviour.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) expect: Expect,
    pub(crate) serve: Serve,
}

/// What the device makes of it.
pub(crate) enum Expect {
    /// It bears it: the release is installed.
    Installed,
    /// It installs nothing, and the reason has these words.
    Refused(&'static str),
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Script> {
    let topics = [
        answers::SCRIPTS,
        bodies::SCRIPTS,
        heads::SCRIPTS,
        lines::SCRIPTS,
        ranges::SCRIPTS,
        versions::SCRIPTS,
    ];
    topics.into_iter().flatten()
}

const fn installed(name: &'static str, serve: Serve) -> Script {
    Script {
        name,
        expect: Expect::Installed,
        serve,
    }
}

const fn refused(name: &'static str, words: &'static str, serve: Serve) -> Script {
    Script {
        name,
        expect: Expect::Refused(words),
        serve,
    }
}
