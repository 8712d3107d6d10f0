//! Apps: commands for people, and services.

mod service;

use crate::command::{ChainLink, Command};
use crate::environment::{Environment, read_environment};
use crate::error::{Problem, SnapYamlError};
use crate::names::{AliasName, AppName, PlugName, SlotName, SnapName};
use crate::words::RefreshMode;
use crate::yaml::{Map, Value};
pub use service::Service;
use std::collections::{BTreeMap, BTreeSet};

/// A command for people, or a service.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// What is started. A snap whose app has none is of no use, and allowed.
    pub command: Option<Command>,
    /// What is started instead, and given the command.
    pub command_chain: Vec<ChainLink>,
    /// Variables, behind those of the snap.
    pub environment: Environment,
    /// Plugs that it has: those that it names, and those that nobody names.
    pub plugs: BTreeSet<PlugName>,
    /// Slots that it has, likewise.
    pub slots: BTreeSet<SlotName>,
    /// How it runs by itself; none for a command.
    pub service: Option<Service>,
    /// Other names of the command.
    pub aliases: Vec<AliasName>,
    /// A file that completes the command's words in a shell.
    pub completer: Option<String>,
    /// The same program's name in other places.
    pub common_id: Option<String>,
    /// A desktop file that starts it with a person's session.
    pub autostart: Option<String>,
    /// Whether a running command holds back a refresh; of a service it says more.
    pub ignore_running: IgnoreRunning,
    /// The slots on whose name on D-Bus it is started.
    pub(crate) activates_on: Vec<SlotName>,
}

/// Whether an app that runs holds back a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreRunning {
    /// It does.
    No,
    /// It does not.
    Yes,
}

/// Reads the apps of the snap `name`.
pub(crate) fn read_apps(
    document: &Map<'_>,
    name: &SnapName,
) -> Result<BTreeMap<AppName, App>, SnapYamlError> {
    let mut apps = BTreeMap::new();
    let mut common_ids: BTreeMap<String, AppName> = BTreeMap::new();
    let mut aliases: BTreeMap<String, AppName> = BTreeMap::new();
    for (key, value) in document.entries_of("apps")? {
        let app_name: AppName = key
            .parse()
            .map_err(|error: crate::names::NameError| value.refuse(error))?;
        let app = read_app(&value, name)?;
        let map = value.map()?;
        if let Some(id) = &app.common_id
            && let Some(other) = common_ids.insert(id.clone(), app_name.clone())
        {
            return Err(map.refuse_key("common-id", Problem::Taken(other.to_string())));
        }
        for alias in &app.aliases {
            if let Some(other) = aliases.insert(alias.to_string(), app_name.clone()) {
                return Err(map.refuse_key("aliases", Problem::Taken(other.to_string())));
            }
        }
        apps.insert(app_name, app);
    }
    Ok(apps)
}

fn read_app(value: &Value<'_>, snap: &SnapName) -> Result<App, SnapYamlError> {
    let map = value.map()?;
    let plugs: BTreeSet<PlugName> = map.list("plugs")?.into_iter().collect();
    let slots = map.list("slots")?.into_iter().collect();
    let service = service::read_service(&map, snap)?;
    let refresh_mode: Option<RefreshMode> = map.parse("refresh-mode")?;
    let ignore_running = match refresh_mode {
        Some(RefreshMode::IgnoreRunning) => IgnoreRunning::Yes,
        _ => IgnoreRunning::No,
    };
    Ok(App {
        command: map.parse("command")?,
        command_chain: map.list("command-chain")?,
        environment: read_environment(&map)?,
        plugs,
        slots,
        service,
        aliases: map.list("aliases")?,
        completer: map.text("completer")?,
        common_id: map.text("common-id")?.filter(|id| !id.is_empty()),
        autostart: map.text("autostart")?,
        ignore_running,
        activates_on: map.list("activates-on")?,
    })
}
