//! The verbs, by name.

use crate::arguments::UsageError;

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Info,
    Versions,
    Why,
    Update,
    Rollback,
    Reinstall,
    Reset,
    Network,
    Service,
    UpdateVersions,
    Hold,
    Config,
    Changes,
    Build,
    Install,
    Remove,
    Purge,
    List,
    Search,
    Tags,
    Chroot,
    Framework,
    HwAssign,
    HwUnassign,
    HwInfo,
}

impl Verb {
    /// All, in the order of the help.
    pub(crate) const ALL: [Self; 25] = [
        Self::Info,
        Self::Versions,
        Self::Why,
        Self::UpdateVersions,
        Self::Update,
        Self::Rollback,
        Self::Reinstall,
        Self::Reset,
        Self::Search,
        Self::Install,
        Self::Remove,
        Self::Purge,
        Self::List,
        Self::Tags,
        Self::Framework,
        Self::HwAssign,
        Self::HwUnassign,
        Self::HwInfo,
        Self::Hold,
        Self::Config,
        Self::Changes,
        Self::Network,
        Self::Service,
        Self::Build,
        Self::Chroot,
    ];

    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Versions => "versions",
            Self::Why => "why",
            Self::Update => "update",
            Self::Rollback => "rollback",
            Self::Reinstall => "reinstall",
            Self::Reset => "reset",
            Self::Network => "network",
            Self::Service => "service",
            Self::UpdateVersions => "update-versions",
            Self::Hold => "hold",
            Self::Config => "config",
            Self::Changes => "changes",
            Self::Build => "build",
            Self::Install => "install",
            Self::Remove => "remove",
            Self::Purge => "purge",
            Self::List => "list",
            Self::Search => "search",
            Self::Tags => "tags",
            Self::Chroot => "chroot",
            Self::Framework => "framework",
            Self::HwAssign => "hw-assign",
            Self::HwUnassign => "hw-unassign",
            Self::HwInfo => "hw-info",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, UsageError> {
        // As it was in 2014.
        let name = match name {
            "uninstall" => "remove",
            name => name,
        };
        let found = Self::ALL.into_iter().find(|verb| verb.name() == name);
        found.ok_or_else(|| UsageError(format!("unknown command {name:?}")))
    }
}
