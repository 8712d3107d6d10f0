//! What is said of the verbs: one table. `snappy help`, the page of the manual and bash's
//! completion are made of it, and the command line may have no other options.

#[cfg(test)]
mod bash;
mod device;
mod frameworks;
#[cfg(test)]
mod man;
mod render;
mod snaps;
mod system;

use crate::verb::Verb;
pub(crate) use render::text;

/// What is said of a verb. Each text is one line, and is wrapped where it is shown.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "completion is written by a test")
)]
pub(crate) struct Help {
    /// A few words, for the list of all verbs.
    pub(crate) brief: &'static str,
    /// What stands behind the verb; several are several forms of it.
    pub(crate) usage: &'static [&'static str],
    /// Paragraphs.
    pub(crate) text: &'static [&'static str],
    /// Words with a meaning of their own.
    pub(crate) words: &'static [Term],
    /// What else a word may name.
    pub(crate) names: Names,
    /// Its options; `--json` and `--help` go with each verb.
    pub(crate) options: &'static [Opt],
}

/// A word, and what it means.
pub(crate) struct Term(pub(crate) &'static str, pub(crate) &'static str);

/// An option.
pub(crate) struct Opt {
    /// The letter, for those that have one.
    pub(crate) short: Option<char>,
    /// Without its dashes.
    pub(crate) long: &'static str,
    /// What stands behind it, in capitals.
    pub(crate) value: Option<&'static str>,
    pub(crate) text: &'static str,
}

/// What a word of the command line may name: for completion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Nothing,
    /// What is installed.
    Parts,
    /// A file or a directory.
    Files,
}

/// An option without a value.
const fn flag(long: &'static str, text: &'static str) -> Opt {
    Opt {
        short: None,
        long,
        value: None,
        text,
    }
}

/// An option with one.
const fn valued(long: &'static str, value: &'static str, text: &'static str) -> Opt {
    Opt {
        value: Some(value),
        ..flag(long, text)
    }
}

/// With every verb.
static COMMON: [Opt; 2] = [
    flag("json", "print JSON instead of text, and no progress"),
    Opt {
        short: Some('h'),
        ..flag("help", "print this")
    },
];

/// What is said of `verb`.
pub(crate) fn of(verb: Verb) -> &'static Help {
    match verb {
        Verb::Info => &system::INFO,
        Verb::Versions => &system::VERSIONS,
        Verb::Why => &system::WHY,
        Verb::UpdateVersions => &system::UPDATE_VERSIONS,
        Verb::Update => &system::UPDATE,
        Verb::Rollback => &system::ROLLBACK,
        Verb::Hold => &system::HOLD,
        Verb::Search => &snaps::SEARCH,
        Verb::Install => &snaps::INSTALL,
        Verb::Remove => &snaps::REMOVE,
        Verb::Purge => &snaps::PURGE,
        Verb::List => &snaps::LIST,
        Verb::Tags => &snaps::TAGS,
        Verb::Build => &snaps::BUILD,
        Verb::Framework => &frameworks::FRAMEWORK,
        Verb::HwAssign => &frameworks::HW_ASSIGN,
        Verb::HwUnassign => &frameworks::HW_UNASSIGN,
        Verb::HwInfo => &frameworks::HW_INFO,
        Verb::Reinstall => &device::REINSTALL,
        Verb::Reset => &device::RESET,
        Verb::Config => &device::CONFIG,
        Verb::Changes => &device::CHANGES,
        Verb::Network => &device::NETWORK,
        Verb::Service => &device::SERVICE,
        Verb::Chroot => &device::CHROOT,
    }
}

/// All options of `verb`, the common ones last.
pub(crate) fn options(verb: Verb) -> impl Iterator<Item = &'static Opt> {
    of(verb).options.iter().chain(&COMMON)
}

#[cfg(test)]
mod tests;
