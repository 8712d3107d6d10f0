//! What a snap says, what it was granted and where it is, put together.

use crate::device::{Device, InstalledSnap};
use crate::disk;
use crate::environment::{OF_THE_CALLER, Variables, architecture};
use crate::grants::Grants;
use crate::{layout, slots, snapctl};
use anyhow::{Context, Result, ensure};
use confinement::{
    CONTROL_DIRECTORY, Giver, Lifetime, Limits, Mode, Plug, Program, Sandbox, Shared, Side,
    SnapUsers, Sources, UserId,
};
use snap_format::app::{App, Service};
use snap_format::{
    AppName, ChainLink, Command, Confinement, Daemon, Environment, Hook, PlugName, SnapName,
};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// What of a snap is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// An app, as a command of a person, with the words behind it.
    Command(AppName, Vec<OsString>),
    /// A service, or what belongs to one.
    Service {
        /// Whose.
        app: AppName,
        /// Which of its commands.
        act: ServiceAct,
        /// A socket that hears when it is ready.
        notify: Option<PathBuf>,
        /// How many open sockets are handed over to it.
        sockets: usize,
    },
    /// A hook.
    Hook(Hook),
}

/// The commands of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAct {
    /// The service itself.
    Run,
    /// What stops it.
    Stop,
    /// What makes it read its settings again.
    Reload,
    /// What runs once it has stopped.
    PostStop,
}

/// A command line before variables are put in.
struct Line<'a> {
    /// The name of the control group.
    group: String,
    chain: &'a [ChainLink],
    program: String,
    arguments: Vec<OsString>,
    environment: Option<&'a Environment>,
    plugs: &'a BTreeSet<PlugName>,
}

/// The description of what is to run. Gives the snap its user, and makes its data.
///
/// # Errors
/// The snap has nothing like it, or may not be run.
pub fn sandbox_for(
    device: &Device,
    name: &SnapName,
    snap: &InstalledSnap,
    start: &Start,
) -> Result<Sandbox> {
    let no_plugs = BTreeSet::new();
    let line = line_of(snap, start, &no_plugs)?;
    let grants = Grants::read(&device.grants(name))?;
    let mode = mode_of(snap, &grants)?;
    let user = SnapUsers::new(device.users()).user_of(name.as_str())?;
    device.prepare_data(name, &snap.revision, user)?;
    let notify = match start {
        Start::Service { notify, .. } => notify.clone(),
        _ => None,
    };
    let mut sandbox = Sandbox {
        snap: name.to_string(),
        app: line.group.clone(),
        revision: snap.revision.clone(),
        mode,
        user,
        sources: Sources {
            base: device.base_of(&snap.yaml),
            snap: snap.directory.clone(),
            data: device.data(name, &snap.revision),
            common: device.common_data(name),
            control: std::env::current_exe().ok(),
        },
        plugs: plugs_of(snap, line.plugs, &grants),
        devices: grants.devices.iter().cloned().collect(),
        shared: shared_of(device, snap, line.plugs, user)?,
        layout: layout::entries(snap),
        limits: Limits::usual(memory_bytes()?, disk::limit_for(&device.common_data(name))?),
        notify,
        inherited_sockets: Vec::new(),
        lifetime: lifetime_of(snap, start),
        program: Program {
            path: PathBuf::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: PathBuf::new(),
        },
    };
    sandbox.program = program_of(&sandbox, snap, line, start, user);
    Ok(sandbox)
}

fn line_of<'a>(
    snap: &'a InstalledSnap,
    start: &Start,
    none: &'a BTreeSet<PlugName>,
) -> Result<Line<'a>> {
    let name = &snap.yaml.name;
    let app = |app_name: &AppName| {
        let app = snap.yaml.apps.get(app_name);
        app.with_context(|| format!("cannot find {app_name} in the snap {name}"))
    };
    let of_app = |app: &'a App, group: String, command: &Command| Line {
        group,
        chain: &app.command_chain,
        program: command.program(),
        arguments: command.arguments().map(OsString::from).collect(),
        environment: Some(&app.environment),
        plugs: &app.plugs,
    };
    match start {
        Start::Command(app_name, arguments) => {
            let app = app(app_name)?;
            let command = app.command.as_ref();
            let command = command.with_context(|| format!("{name}.{app_name} has no command"))?;
            // Several may run at once, each in a group of its own.
            let group = format!("{app_name}.{}", std::process::id());
            let mut line = of_app(app, group, command);
            line.arguments.extend(arguments.iter().cloned());
            Ok(line)
        }
        Start::Service {
            app: app_name, act, ..
        } => {
            let app = app(app_name)?;
            let service = app.service.as_ref();
            let service = service.with_context(|| format!("{name}.{app_name} is no service"))?;
            let command = command_of(app, service, *act);
            let command = command.with_context(|| {
                format!("the service {name}.{app_name} has no command for that")
            })?;
            let group = match act {
                ServiceAct::Run => app_name.to_string(),
                _ => format!("{app_name}.{}", std::process::id()),
            };
            Ok(of_app(app, group, command))
        }
        Start::Hook(hook) => {
            let settings = snap.yaml.hooks.get(hook);
            Ok(Line {
                group: format!("hook.{hook}"),
                chain: settings.map_or(&[], |settings| &settings.command_chain[..]),
                program: format!("meta/hooks/{hook}"),
                arguments: Vec::new(),
                environment: settings.map(|settings| &settings.environment),
                plugs: settings.map_or(none, |settings| &settings.plugs),
            })
        }
    }
}

fn command_of<'a>(app: &'a App, service: &'a Service, act: ServiceAct) -> Option<&'a Command> {
    match act {
        ServiceAct::Run => app.command.as_ref(),
        ServiceAct::Stop => service.stop_command.as_ref(),
        ServiceAct::Reload => service.reload_command.as_ref(),
        ServiceAct::PostStop => service.post_stop_command.as_ref(),
    }
}

fn mode_of(snap: &InstalledSnap, grants: &Grants) -> Result<Mode> {
    let name = &snap.yaml.name;
    match (snap.yaml.confinement, grants.devmode) {
        (Confinement::Classic, _) => anyhow::bail!(
            "cannot run {name}: it wants no confinement at all, and this system has no place \
             for that; build it with 'confinement: strict'"
        ),
        (_, true) => Ok(Mode::Devmode),
        (Confinement::Strict, false) => Ok(Mode::Strict),
        (Confinement::Devmode, false) => anyhow::bail!(
            "cannot run {name}: it asks for devmode, and nobody allowed that; 'snappy hw-assign \
             {name} devmode' does"
        ),
    }
}

/// Plugs that it names, and that everybody has or that were granted.
fn plugs_of(snap: &InstalledSnap, names: &BTreeSet<PlugName>, grants: &Grants) -> BTreeSet<Plug> {
    let connectors = names.iter().filter_map(|name| snap.yaml.plugs.get(name));
    connectors
        .filter_map(|connector| Plug::of_interface(connector.interface.as_str()))
        .filter(|plug| plug.giver() == Giver::Anybody || grants.plugs.contains(plug))
        .collect()
}

/// Slots, and the directory of the socket that answers `snapctl`: the daemon may make another
/// socket in it.
fn shared_of(
    device: &Device,
    snap: &InstalledSnap,
    plugs: &BTreeSet<PlugName>,
    user: UserId,
) -> Result<Vec<Shared>> {
    let mut shared = slots::shared(device, snap, plugs, user)?;
    let source = device.root().join(snapctl::DIRECTORY);
    // Whoever starts this may have no umask, and only root may put a socket there.
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&source)
        .with_context(|| format!("cannot make {}", source.display()))?;
    shared.push(Shared {
        source,
        at: Path::new("/").join(snapctl::DIRECTORY),
        side: Side::Plugs,
    });
    Ok(shared)
}

fn lifetime_of(snap: &InstalledSnap, start: &Start) -> Lifetime {
    let Start::Service {
        app,
        act: ServiceAct::Run,
        ..
    } = start
    else {
        return Lifetime::FirstProcess;
    };
    let service = snap.yaml.apps.get(app).and_then(|app| app.service.as_ref());
    match service.map(|service| service.daemon) {
        Some(Daemon::Forking) => Lifetime::LastProcess,
        _ => Lifetime::FirstProcess,
    }
}

fn program_of(
    sandbox: &Sandbox,
    snap: &InstalledSnap,
    line: Line<'_>,
    start: &Start,
    user: UserId,
) -> Program {
    let variables = variables_of(sandbox, snap, &line, start, user);
    let in_snap = |path: &str| {
        sandbox
            .snap_directory()
            .join(Path::new(&variables.expand(path)))
    };
    let mut words: Vec<OsString> = line
        .chain
        .iter()
        .map(|link| in_snap(link.as_str()).into())
        .collect();
    words.push(in_snap(&line.program).into());
    let arguments = line.arguments.iter().map(|word| match word.to_str() {
        // The person's own words are the person's.
        Some(text) if !matches!(start, Start::Command(..)) => variables.expand(text).into(),
        _ => word.clone(),
    });
    words.extend(arguments);
    let path = PathBuf::from(words.remove(0));
    Program {
        path,
        arguments: words,
        environment: variables.into_pairs(),
        directory: sandbox.data_directory(),
    }
}

fn variables_of(
    sandbox: &Sandbox,
    snap: &InstalledSnap,
    line: &Line<'_>,
    start: &Start,
    user: UserId,
) -> Variables {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let directory = text(sandbox.snap_directory());
    let data = text(sandbox.data_directory());
    let common = text(sandbox.common_directory());
    let name = snap.yaml.name.as_str();
    let mut variables = Variables::default();
    if matches!(start, Start::Command(..)) {
        for name in OF_THE_CALLER {
            if let Ok(value) = std::env::var(name) {
                variables.set(name, value);
            }
        }
    }
    let programs = ["usr/sbin", "usr/bin", "sbin", "bin"].map(|path| format!("{directory}/{path}"));
    let programs = programs.join(":");
    for (variable, value) in [
        ("SNAP", directory.as_str()),
        ("SNAP_DATA", &data),
        ("SNAP_COMMON", &common),
        ("SNAP_USER_DATA", &data),
        ("SNAP_USER_COMMON", &common),
        ("SNAP_NAME", name),
        ("SNAP_INSTANCE_NAME", name),
        ("SNAP_INSTANCE_KEY", ""),
        ("SNAP_REVISION", &snap.revision),
        ("SNAP_VERSION", snap.yaml.version.as_str()),
        ("SNAP_ARCH", architecture()),
        ("SNAP_UID", &user.get().to_string()),
        ("HOME", &data),
        ("USER", name),
        ("LOGNAME", name),
        ("TMPDIR", "/tmp"),
        ("XDG_RUNTIME_DIR", "/run"),
        (
            "PATH",
            &format!("{programs}:{CONTROL_DIRECTORY}:/usr/sbin:/usr/bin:/sbin:/bin"),
        ),
    ] {
        variables.set(variable, value);
    }
    if let Start::Service { app, .. } = start
        && let Some(app) = snap.yaml.apps.get(app)
        && let Some(limit) = app.service.as_ref().and_then(|of| of.watchdog_timeout)
    {
        variables.set("WATCHDOG_USEC", limit.as_micros().to_string());
    }
    variables.set_all(&snap.yaml.environment);
    if let Some(environment) = line.environment {
        variables.set_all(environment);
    }
    variables
}

/// All memory of the device.
fn memory_bytes() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").context("cannot read /proc/meminfo")?;
    let kib = text.lines().find_map(|line| {
        let words = line.strip_prefix("MemTotal:")?;
        words.split_whitespace().next()?.parse::<u64>().ok()
    });
    let kib = kib.context("cannot tell how much memory there is")?;
    ensure!(kib > 0, "the device says that it has no memory");
    Ok(kib << 10)
}
