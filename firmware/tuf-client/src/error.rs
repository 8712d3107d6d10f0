//! Why a refresh or a download failed: whose file, which rule, and what helps.

use crate::fetch::FetchError;
use crate::json::JsonError;
use crate::metadata::{RoleName, Version};
use crate::time::UtcTime;
use std::{fmt, io};

/// What stopped the client. Whatever it was, nothing that was refused is kept, and the
/// next refresh begins from the last state that was good.
#[derive(Debug)]
pub enum Error {
    /// The root that was given or kept cannot be trusted with anything.
    NoTrustedRoot(Option<Rule>),
    /// A role's file breaks a rule.
    Refused {
        /// Whose file.
        role: RoleName,
        /// Which rule.
        rule: Rule,
    },
    /// A target breaks a rule.
    Target {
        /// Its name.
        name: String,
        /// Which rule.
        rule: TargetRule,
    },
    /// The repository did not answer with a file.
    Fetch {
        /// The file, as its address ends.
        file: String,
        /// What happened.
        error: FetchError,
    },
    /// The place of the trusted metadata, or of a target, cannot be read or written.
    Storage {
        /// What was tried.
        act: String,
        /// What happened.
        error: io::Error,
    },
}

/// A rule of the specification that a file of metadata broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No strict JSON, or not of the role's shape.
    Malformed(JsonError),
    /// Too few distinct keys of the role signed it.
    Threshold {
        /// How many did.
        signed: usize,
        /// How many must.
        needed: u32,
    },
    /// It is not the version that was asked for.
    Version {
        /// Asked for.
        expected: Version,
        /// Received.
        found: Version,
    },
    /// Something has a lower version than it had.
    Rollback {
        /// Of which file.
        file: String,
        /// What is trusted.
        trusted: Version,
        /// What was offered.
        offered: Version,
    },
    /// A file that was listed is no longer listed.
    Removed {
        /// The file.
        file: String,
    },
    /// It counts no more.
    Expired {
        /// Since then.
        at: UtcTime,
        /// The time that the client goes by.
        now: UtcTime,
    },
    /// More bytes than its length, or than we take.
    TooLong {
        /// The bound.
        max_bytes: u64,
    },
    /// Not of the length that was signed.
    Length {
        /// Signed.
        signed_bytes: u64,
        /// Received.
        received_bytes: u64,
    },
    /// Not of the hash that was signed.
    Hash,
    /// Its hashes are of algorithms that we do not know.
    UnknownHashes,
    /// The snapshot does not list it.
    NotInSnapshot,
    /// The roles above it are not settled yet.
    TooEarly,
    /// No version can come after this one.
    LastVersion,
    /// There are more new roots than one refresh follows.
    TooManyRoots {
        /// How many it followed.
        followed: u32,
    },
    /// A search would ask more roles than we ask.
    TooManyRoles {
        /// How many it asked.
        asked: usize,
    },
}

/// A rule that a target broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// Its name could lead out of its directory.
    Name,
    /// No role that is trusted with its name lists it.
    NotFound,
    /// More or fewer bytes than were signed.
    Length {
        /// Signed.
        signed_bytes: u64,
    },
    /// Not of the hash that was signed.
    Hash,
    /// Its hashes are of algorithms that we do not know.
    UnknownHashes,
}

impl Error {
    pub(crate) fn refused(role: &RoleName) -> impl Fn(Rule) -> Error + use<> {
        let role = role.clone();
        move |rule| Error::Refused {
            role: role.clone(),
            rule,
        }
    }

    pub(crate) fn storage(act: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let act = act.into();
        move |error| Error::Storage { act, error }
    }

    /// What helps.
    pub fn remedy(&self) -> &'static str {
        match self {
            Error::NoTrustedRoot(_) => "initialise again with the root that the maker gave out",
            Error::Refused { rule, .. } => rule.remedy(),
            Error::Target { rule, .. } => rule.remedy(),
            Error::Fetch { .. } => "look at the network and the address, then refresh again",
            Error::Storage { .. } => "look at the file system: space, rights, errors",
        }
    }
}

impl Rule {
    fn remedy(&self) -> &'static str {
        match self {
            Rule::Expired { .. } => "set the clock; if it is right, the publisher must sign anew",
            Rule::TooEarly => "refresh first",
            Rule::TooManyRoots { .. } => "refresh again: it goes on from there",
            Rule::LastVersion => "the publisher must begin with a new root",
            Rule::TooManyRoles { .. } => "the publisher must delegate to fewer roles",
            _ => "refresh again, or from another mirror; if it stays, the publisher must sign anew",
        }
    }
}

impl TargetRule {
    fn remedy(&self) -> &'static str {
        match self {
            TargetRule::Name | TargetRule::UnknownHashes => "the publisher must sign it anew",
            TargetRule::NotFound => "look at the name",
            TargetRule::Length { .. } | TargetRule::Hash => {
                "download again, or from another mirror"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoTrustedRoot(None) => f.write_str("cannot trust anything: no root is kept"),
            Error::NoTrustedRoot(Some(rule)) => write!(f, "cannot trust the root: {rule}"),
            Error::Refused { role, rule } => {
                write!(f, "cannot accept role {role:?}: {rule}", role = role.0)
            }
            Error::Target { name, rule } => write!(f, "cannot fetch target {name:?}: {rule}"),
            Error::Fetch { file, error } => write!(f, "cannot fetch {file}: {error}"),
            Error::Storage { act, error } => write!(f, "cannot {act}: {error}"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Malformed(error) => write!(f, "it is malformed: {error}"),
            Rule::Threshold { signed, needed } => {
                write!(f, "{signed} of its keys signed it, of {needed} that must")
            }
            Rule::Version { expected, found } => {
                write!(f, "it has version {found} in place of {expected}")
            }
            Rule::Rollback {
                file,
                trusted,
                offered,
            } => {
                write!(
                    f,
                    "it takes {file:?} back from version {trusted} to {offered}"
                )
            }
            Rule::Removed { file } => write!(f, "it lists {file:?} no more"),
            Rule::Expired { at, now } => write!(f, "it expired at {at}, and it is {now}"),
            Rule::TooLong { max_bytes } => write!(f, "it is longer than {max_bytes} bytes"),
            Rule::Length {
                signed_bytes,
                received_bytes,
            } => {
                write!(
                    f,
                    "it has {received_bytes} bytes in place of {signed_bytes}"
                )
            }
            Rule::Hash => f.write_str("it has another hash than was signed"),
            Rule::UnknownHashes => f.write_str("no hash of it is a sha256 or sha512"),
            Rule::NotInSnapshot => f.write_str("the snapshot does not list it"),
            Rule::TooEarly => f.write_str("the roles above it are not settled"),
            Rule::LastVersion => f.write_str("no version can come after it"),
            Rule::TooManyRoots { followed } => write!(f, "more than {followed} roots are new"),
            Rule::TooManyRoles { asked } => write!(f, "more than {asked} roles would be asked"),
        }
    }
}

impl fmt::Display for TargetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetRule::Name => f.write_str("its name could lead out of its directory"),
            TargetRule::NotFound => f.write_str("no role that may lists it"),
            TargetRule::Length { signed_bytes } => {
                write!(f, "it has not the {signed_bytes} bytes that were signed")
            }
            TargetRule::Hash => f.write_str("it has another hash than was signed"),
            TargetRule::UnknownHashes => f.write_str("no hash of it is a sha256 or sha512"),
        }
    }
}

impl std::error::Error for Error {}
