//! The document as a whole.

mod read;

use crate::app::App;
use crate::architecture::Architecture;
use crate::environment::Environment;
use crate::epoch::Epoch;
use crate::error::{Problem, SnapYamlError};
use crate::framework::Framework;
use crate::hook::{Hook, HookSettings};
use crate::interface::{Attribute, Connector};
use crate::layout::Layout;
use crate::names::{AppName, LinkKind, PlugName, Provenance, SlotName, SnapName, SystemUserName};
use crate::order;
use crate::version::SnapVersion;
use crate::words::{Confinement, SnapType};
use crate::yaml;
use std::collections::{BTreeMap, BTreeSet};

/// What a snap says of itself in `meta/snap.yaml`. Whoever has one has read a good one.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapYaml {
    /// Its name.
    pub name: SnapName,
    /// Its version, for people.
    pub version: SnapVersion,
    /// A name for people.
    pub title: Option<String>,
    /// One line about it.
    pub summary: String,
    /// All about it.
    pub description: String,
    /// Under which licence it is, as its makers put it.
    pub license: Option<String>,
    /// What it is.
    pub snap_type: SnapType,
    /// What it runs on.
    pub base: Base,
    /// What it runs on: never empty.
    pub architectures: Vec<Architecture>,
    /// What it wants of the system, by snapd's names.
    pub assumes: Vec<String>,
    /// Which data it understands.
    pub epoch: Epoch,
    /// How much it sees.
    pub confinement: Confinement,
    /// Whether its makers hold it for finished: `stable`, `devel`, or what they like.
    pub grade: Option<String>,
    /// How it came to a store.
    pub provenance: Option<Provenance>,
    /// Variables for all apps and hooks.
    pub environment: Environment,
    /// Commands and services.
    pub apps: BTreeMap<AppName, App>,
    /// What is said of hooks. A hook may be there without a word here.
    pub hooks: BTreeMap<Hook, HookSettings>,
    /// What it asks of others, also what only an app or a hook names.
    pub plugs: BTreeMap<PlugName, Connector>,
    /// What it offers to others, likewise.
    pub slots: BTreeMap<SlotName, Connector>,
    /// Places that its apps see filled, by path.
    pub layout: BTreeMap<String, Layout>,
    /// Users that it shares with others.
    pub system_usernames: BTreeMap<SystemUserName, BTreeMap<String, Attribute>>,
    /// Where to read more.
    pub links: BTreeMap<LinkKind, Vec<String>>,
    /// What it offers as a framework; none for an app.
    pub framework: Option<Framework>,
    /// The frameworks that it needs.
    pub frameworks: BTreeSet<SnapName>,
}

/// The snap whose files a snap sees as its system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The one that is meant where nothing is said.
    Default,
    /// None: there is nothing to run.
    None,
    /// That one.
    Snap(SnapName),
}

impl SnapYaml {
    /// Reads the bytes of a `meta/snap.yaml`.
    ///
    /// # Errors
    /// The first thing in it that makes it none.
    pub fn parse(bytes: &[u8]) -> Result<Self, SnapYamlError> {
        let tree = yaml_tree::parse(bytes)?;
        let document = yaml::Value::document(&tree);
        read::read(&document.map()?)
    }

    /// Its services, in the order in which they start.
    #[must_use]
    pub fn start_order(&self) -> Vec<AppName> {
        // Whoever has this has read it, and that refuses what has no order.
        order::order(&self.apps).unwrap_or_default()
    }
}

impl From<order::Cycle> for Problem {
    fn from(order::Cycle(apps): order::Cycle) -> Self {
        Problem::Cycle(apps.iter().map(ToString::to_string).collect())
    }
}

#[cfg(test)]
mod tests;
