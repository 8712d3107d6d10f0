//! From a map to the document: key by key, then what only all keys together show.

use super::{Base, SnapYaml};
use crate::app::{App, read_apps};
use crate::architecture::Architecture;
use crate::environment::read_environment;
use crate::epoch::{Epoch, parse_number};
use crate::error::{Problem, SnapYamlError};
use crate::framework::{check_framework, read_framework, read_frameworks};
use crate::hook::read_hooks;
use crate::interface::{Attribute, Connector, read_connectors};
use crate::layout::read_layouts;
use crate::names::{AppName, LinkKind, NameError, PlugName, SlotName, SnapName, SystemUserName};
use crate::order;
use crate::words::{Confinement, DaemonScope, SnapType};
use crate::yaml::Map;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

type Result<T> = std::result::Result<T, SnapYamlError>;

const MAX_TITLE_CHARS: usize = 40;
const MAX_DESCRIPTION_CHARS: usize = 4096;

pub(super) fn read(map: &Map<'_>) -> Result<SnapYaml> {
    if map.get("layouts").is_some() {
        return Err(map.refuse_key("layouts", Problem::Typo { right: "layout" }));
    }
    let missing = |key| map.refuse(Problem::Missing(key));
    let name: SnapName = map.parse("name")?.ok_or_else(|| missing("name"))?;
    let snap_type = match map.parse("type")? {
        _ if name.as_str() == "snapd" => SnapType::Snapd,
        found => found.unwrap_or(SnapType::App),
    };
    let mut snap = SnapYaml {
        version: map.parse("version")?.ok_or_else(|| missing("version"))?,
        title: short_text(map, "title", MAX_TITLE_CHARS)?,
        summary: map.text("summary")?.unwrap_or_default(),
        description: short_text(map, "description", MAX_DESCRIPTION_CHARS)?.unwrap_or_default(),
        license: map.text("license")?,
        snap_type,
        base: Base::Default,
        architectures: read_architectures(map)?,
        assumes: read_assumes(map)?,
        epoch: read_epoch(map)?,
        confinement: map.parse("confinement")?.unwrap_or(Confinement::Strict),
        grade: map.text("grade")?,
        provenance: map.parse("provenance")?,
        environment: read_environment(map)?,
        apps: read_apps(map, &name)?,
        hooks: read_hooks(map)?,
        plugs: read_connectors(map, "plugs")?,
        slots: read_connectors(map, "slots")?,
        layout: read_layouts(map, &name)?,
        system_usernames: read_system_usernames(map)?,
        links: read_links(map)?,
        framework: read_framework(map)?,
        frameworks: read_frameworks(map)?,
        name,
    };
    snap.base = read_base(map, &snap)?;
    connect(map, &mut snap)?;
    check_order(map, &snap.apps)?;
    check_framework(map, &snap)?;
    Ok(snap)
}

fn short_text(map: &Map<'_>, key: &'static str, max_chars: usize) -> Result<Option<String>> {
    let text = map.text(key)?;
    match text {
        Some(text) if text.chars().count() > max_chars => {
            Err(map.refuse_key(key, Problem::TextTooLong { max_chars }))
        }
        text => Ok(text),
    }
}

fn read_architectures(map: &Map<'_>) -> Result<Vec<Architecture>> {
    let architectures: Vec<Architecture> = map.list("architectures")?;
    if architectures.is_empty() {
        return Ok(vec![Architecture::all()]);
    }
    Ok(architectures)
}

fn read_assumes(map: &Map<'_>) -> Result<Vec<String>> {
    let items = map.items_of("assumes")?;
    let texts = items
        .iter()
        .map(|item| Ok(item.text()?.unwrap_or_default().to_owned()));
    texts.collect()
}

fn read_epoch(map: &Map<'_>) -> Result<Epoch> {
    let Some(value) = map.get("epoch") else {
        return Ok(Epoch::default());
    };
    let Some(lists) = value.as_map() else {
        return Ok(value.parse()?.unwrap_or_default());
    };
    let list = |key| match lists.get(key) {
        None => Ok(None),
        Some(value) => {
            let numbers = value.items()?.map(|items| {
                let numbers = items.iter().map(|item| {
                    let text = item.text()?.unwrap_or_default();
                    parse_number(text).map_err(|error| item.refuse(error))
                });
                numbers.collect::<Result<Vec<u32>>>()
            });
            numbers.transpose()
        }
    };
    Epoch::from_lists(list("read")?, list("write")?).map_err(|error| value.refuse(error))
}

fn read_base(map: &Map<'_>, snap: &SnapYaml) -> Result<Base> {
    let refuse = |what| Err(map.refuse_key("base", Problem::Together(what)));
    let base = match map.text("base")?.as_deref() {
        None | Some("") => Base::Default,
        Some("none") => Base::None,
        Some(text) => {
            let name = text.parse();
            Base::Snap(name.map_err(|error: NameError| map.refuse_key("base", error))?)
        }
    };
    let is_base = matches!(snap.snap_type, SnapType::Base | SnapType::Os);
    match &base {
        Base::Snap(_) if is_base => refuse("a base has no base itself; remove it"),
        Base::None if !snap.apps.is_empty() || map.get("hooks").is_some() => {
            refuse("apps and hooks have nothing to run on without a base; name one")
        }
        _ => Ok(base),
    }
}

fn read_system_usernames(
    map: &Map<'_>,
) -> Result<BTreeMap<SystemUserName, BTreeMap<String, Attribute>>> {
    let mut users = BTreeMap::new();
    for (name, value) in map.entries_of("system-usernames")? {
        let user = name.parse();
        let user = user.map_err(|error: NameError| value.refuse(error))?;
        let attributes = match value.as_map() {
            Some(entries) => {
                let entries = entries.text_entries()?.into_iter();
                let entries = entries.map(|(key, value)| Ok((key.to_owned(), value.attribute()?)));
                entries.collect::<Result<BTreeMap<_, _>>>()?
            }
            None => BTreeMap::from([("scope".to_owned(), value.attribute()?)]),
        };
        match attributes.get("scope") {
            Some(Attribute::Text(scope)) if !scope.is_empty() => {}
            _ => return Err(value.refuse(Problem::Missing("scope"))),
        }
        users.insert(user, attributes);
    }
    Ok(users)
}

fn read_links(map: &Map<'_>) -> Result<BTreeMap<LinkKind, Vec<String>>> {
    let mut links = BTreeMap::new();
    for (kind, value) in map.entries_of("links")? {
        let kind = kind.parse();
        let kind: LinkKind = kind.map_err(|error: NameError| value.refuse(error))?;
        let items = value.items()?.filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| value.refuse(Problem::Nothing))?;
        let texts = items.iter().map(|item| {
            let text = item.text()?.unwrap_or_default();
            let what = "link that begins with http:// or https://, or an address with an @";
            if is_link(text) {
                Ok(text.to_owned())
            } else {
                Err(item.refuse(Problem::NotA(what)))
            }
        });
        links.insert(kind, texts.collect::<Result<Vec<_>>>()?);
    }
    Ok(links)
}

fn is_link(text: &str) -> bool {
    if text.is_empty() || text.chars().any(char::is_control) {
        return false;
    }
    match text.split_once(':') {
        Some(("http" | "https", _)) => true,
        Some(("mailto", address)) => address.contains('@'),
        Some((scheme, _)) if !scheme.contains(['@', '/']) => false,
        _ => text.contains('@'),
    }
}

/// Gives each app and hook its plugs and slots: those that nobody names are everybody's.
fn connect(map: &Map<'_>, snap: &mut SnapYaml) -> Result<()> {
    let mut named_plugs: BTreeSet<PlugName> = BTreeSet::new();
    let mut named_slots: BTreeSet<SlotName> = BTreeSet::new();
    for app in snap.apps.values_mut() {
        for slot in &app.activates_on {
            if !snap.slots.contains_key(slot) {
                let (kind, name) = ("slot", slot.to_string());
                return Err(map.refuse_key("apps", Problem::Undefined { kind, name }));
            }
        }
        app.slots.extend(app.activates_on.iter().cloned());
    }
    let apps = snap.apps.values().map(|app| (&app.plugs, &app.slots));
    let hooks = snap.hooks.values().map(|hook| (&hook.plugs, &hook.slots));
    for (plugs, slots) in apps.chain(hooks) {
        named_plugs.extend(plugs.iter().cloned());
        named_slots.extend(slots.iter().cloned());
    }
    let plugs = without(&snap.plugs, &named_plugs);
    let slots = without(&snap.slots, &named_slots);
    for app in snap.apps.values_mut() {
        app.plugs.extend(plugs.iter().cloned());
        app.slots.extend(slots.iter().cloned());
    }
    for hook in snap.hooks.values_mut() {
        hook.plugs.extend(plugs.iter().cloned());
        hook.slots.extend(slots.iter().cloned());
    }
    for plug in named_plugs {
        define(&mut snap.plugs, plug, |plug| plug.as_str().to_owned(), map)?;
    }
    for slot in named_slots {
        define(&mut snap.slots, slot, |slot| slot.as_str().to_owned(), map)?;
    }
    if let Some(both) = snap.plugs.keys().find(|plug| {
        let slot: std::result::Result<SlotName, _> = plug.as_str().parse();
        slot.is_ok_and(|slot| snap.slots.contains_key(&slot))
    }) {
        let taken = Problem::Taken(format!("the slot {both}"));
        return Err(map.refuse_key("plugs", taken));
    }
    check_sockets(map, snap)
}

/// The names of those that are not in `named`.
fn without<N: Ord + Clone>(connectors: &BTreeMap<N, Connector>, named: &BTreeSet<N>) -> Vec<N> {
    let names = connectors.keys();
    names
        .filter(|name| !named.contains(*name))
        .cloned()
        .collect()
}

/// A plug or slot that only an app or a hook names is of the interface of its name.
fn define<N: Ord>(
    connectors: &mut BTreeMap<N, Connector>,
    name: N,
    text: fn(&N) -> String,
    map: &Map<'_>,
) -> Result<()> {
    if let Entry::Vacant(place) = connectors.entry(name) {
        let interface = text(place.key()).parse();
        let interface = interface.map_err(|error: NameError| map.refuse(error))?;
        place.insert(Connector::of(interface));
    }
    Ok(())
}

/// The map of the app `name`.
fn app_map<'a>(map: &Map<'a>, name: &AppName) -> Option<Map<'a>> {
    map.get("apps")?.as_map()?.get(name.as_str())?.as_map()
}

fn check_sockets(map: &Map<'_>, snap: &SnapYaml) -> Result<()> {
    for (name, app) in &snap.apps {
        let sockets = app_map(map, name).map(|app| app.entries_of("sockets"));
        let has_sockets = !sockets.transpose()?.unwrap_or_default().is_empty();
        let may_bind = app.plugs.iter().any(|plug| plug.as_str() == "network-bind");
        if has_sockets && !may_bind {
            let problem = Problem::Together("sockets need the plug network-bind; add it");
            let own = app_map(map, name).unwrap_or_else(|| map.clone());
            return Err(own.refuse_key("sockets", problem));
        }
    }
    check_activation(map, snap)
}

/// A slot that starts a service is one of D-Bus, and starts one service.
fn check_activation(map: &Map<'_>, snap: &SnapYaml) -> Result<()> {
    let mut starts: BTreeMap<&SlotName, &AppName> = BTreeMap::new();
    for (name, app) in &snap.apps {
        for slot in &app.activates_on {
            let own = app_map(map, name).unwrap_or_else(|| map.clone());
            let refuse = |problem| Err(own.refuse_key("activates-on", problem));
            let connector = snap.slots.get(slot);
            let scope = app.service.as_ref().map(|service| service.scope);
            let bus = match scope {
                Some(DaemonScope::User) => "session",
                _ => "system",
            };
            let fits = connector.is_some_and(|slot| {
                slot.interface.as_str() == "dbus"
                    && slot.attributes.get("bus") == Some(&Attribute::Text(bus.to_owned()))
            });
            if !fits {
                return refuse(Problem::Together(
                    "only a slot of the interface dbus, on the service's bus, starts it; correct \
                     the slot",
                ));
            }
            if let Some(other) = starts.insert(slot, name) {
                return refuse(Problem::Taken(other.to_string()));
            }
        }
    }
    Ok(())
}

fn check_order(map: &Map<'_>, apps: &BTreeMap<AppName, App>) -> Result<()> {
    for (name, app) in apps {
        let Some(service) = &app.service else {
            continue;
        };
        for (key, others) in [("after", &service.after), ("before", &service.before)] {
            for other in others {
                let known = apps.get(other).and_then(|app| app.service.as_ref());
                if known.is_none_or(|known| known.scope != service.scope) {
                    let own = app_map(map, name).unwrap_or_else(|| map.clone());
                    let (kind, name) = ("service of the same scope", other.to_string());
                    return Err(own.refuse_key(key, Problem::Undefined { kind, name }));
                }
            }
        }
    }
    match order::order(apps) {
        Ok(_) => Ok(()),
        Err(cycle) => Err(map.refuse_key("apps", cycle)),
    }
}
