//! Hooks: programs of a snap in `meta/hooks` that run when something happens to it.

use crate::command::ChainLink;
use crate::environment::{Environment, read_environment};
use crate::error::SnapYamlError;
use crate::names::{PlugName, SlotName};
use crate::words::words;
use crate::yaml::Map;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// When a hook runs.
    Hook {
        /// Once, behind the first installation.
        Install = "install",
        /// When a person changes a setting, and behind installation and refresh.
        Configure = "configure",
        /// From the old revision, before a refresh.
        PreRefresh = "pre-refresh",
        /// From the new revision, behind the refresh of files and data.
        PostRefresh = "post-refresh",
        /// Before the snap is removed.
        Remove = "remove",
        /// When the device wants to know whether the snap works.
        CheckHealth = "check-health",
    }
}

impl Hook {
    /// Every hook, in the order in which a snap meets them.
    pub const ALL: [Hook; 6] = [
        Hook::Install,
        Hook::Configure,
        Hook::PreRefresh,
        Hook::PostRefresh,
        Hook::Remove,
        Hook::CheckHealth,
    ];
}

/// What a snap says of a hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookSettings {
    /// What is started instead, and given the hook.
    pub command_chain: Vec<ChainLink>,
    /// Variables, behind those of the snap.
    pub environment: Environment,
    /// Plugs that it has: those that it names, and those that nobody names.
    pub plugs: BTreeSet<PlugName>,
    /// Slots that it has, likewise.
    pub slots: BTreeSet<SlotName>,
}

/// Reads what is said of hooks; those that never run here are checked and left out.
pub(crate) fn read_hooks(
    document: &Map<'_>,
) -> Result<BTreeMap<Hook, HookSettings>, SnapYamlError> {
    let mut hooks = BTreeMap::new();
    for (name, value) in document.entries_of("hooks")? {
        let map = value.map()?;
        let settings = HookSettings {
            command_chain: map.list("command-chain")?,
            environment: read_environment(&map)?,
            plugs: map.list("plugs")?.into_iter().collect(),
            slots: map.list("slots")?.into_iter().collect(),
        };
        if let Ok(hook) = name.parse() {
            hooks.insert(hook, settings);
        }
    }
    Ok(hooks)
}
