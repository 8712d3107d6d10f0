//! What an app says of itself as a service.

use crate::command::Command;
use crate::duration::Span;
use crate::error::{Problem, SnapYamlError};
use crate::names::{AppName, SnapName, SocketName};
use crate::sockets::{Socket, read_sockets};
use crate::timer::Timer;
use crate::words::{Daemon, DaemonScope, InstallMode, RefreshMode, RestartCondition, StopMode};
use crate::yaml::Map;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How an app runs by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// When it counts as started.
    pub daemon: Daemon,
    /// For whom it runs.
    pub scope: DaemonScope,
    /// When it is started again.
    pub restart_condition: RestartCondition,
    /// How long that waits.
    pub restart_delay: Option<Duration>,
    /// How long a start may take.
    pub start_timeout: Option<Duration>,
    /// How long a stop may take.
    pub stop_timeout: Option<Duration>,
    /// How long it may be silent, where it promises to say that it lives.
    pub watchdog_timeout: Option<Duration>,
    /// What stops it.
    pub stop_command: Option<Command>,
    /// What makes it read its settings again.
    pub reload_command: Option<Command>,
    /// What runs once it has stopped.
    pub post_stop_command: Option<Command>,
    /// Which signal stops it.
    pub stop_mode: StopMode,
    /// Whether a refresh stops it.
    pub refresh_mode: RefreshMode,
    /// Whether it starts once it is installed.
    pub install_mode: InstallMode,
    /// Its name on D-Bus.
    pub bus_name: Option<String>,
    /// Services that start before it.
    pub after: BTreeSet<AppName>,
    /// Services that start after it.
    pub before: BTreeSet<AppName>,
    /// Sockets that are opened for it.
    pub sockets: BTreeMap<SocketName, Socket>,
    /// When it runs, if that is not always.
    pub timer: Option<Timer>,
}

/// Keys that say something of services only.
const SERVICE_ONLY: [&str; 12] = [
    "after",
    "before",
    "daemon-scope",
    "install-mode",
    "restart-condition",
    "restart-delay",
    "start-timeout",
    "stop-mode",
    "stop-timeout",
    "timer",
    "watchdog-timeout",
    "activates-on",
];

/// Reads what `app` says of itself as a service: nothing if it is none.
pub(super) fn read_service(
    app: &Map<'_>,
    snap: &SnapName,
) -> Result<Option<Service>, SnapYamlError> {
    let daemon: Option<Daemon> = app.parse("daemon")?;
    let scope: Option<DaemonScope> = app.parse("daemon-scope")?;
    let refresh_mode: Option<RefreshMode> = app.parse("refresh-mode")?;
    let service = Service {
        daemon: daemon.unwrap_or(Daemon::Simple),
        scope: scope.unwrap_or(DaemonScope::System),
        restart_condition: app
            .parse("restart-condition")?
            .unwrap_or(RestartCondition::OnFailure),
        restart_delay: duration(app, "restart-delay")?,
        start_timeout: duration(app, "start-timeout")?,
        stop_timeout: duration(app, "stop-timeout")?,
        watchdog_timeout: duration(app, "watchdog-timeout")?,
        stop_command: app.parse("stop-command")?,
        reload_command: app.parse("reload-command")?,
        post_stop_command: app.parse("post-stop-command")?,
        stop_mode: app.parse("stop-mode")?.unwrap_or(StopMode::Term),
        refresh_mode: refresh_mode.unwrap_or(RefreshMode::Restart),
        install_mode: app.parse("install-mode")?.unwrap_or(InstallMode::Enable),
        bus_name: app
            .parse::<Command>("bus-name")?
            .map(|name| name.as_str().to_owned()),
        after: app.list("after")?.into_iter().collect(),
        before: app.list("before")?.into_iter().collect(),
        sockets: read_sockets(app, snap, scope)?,
        timer: app.parse("timer")?,
    };
    let refuse = |key, what| Err(app.refuse_key(key, Problem::Together(what)));
    if daemon.is_some() {
        return match refresh_mode {
            Some(RefreshMode::IgnoreRunning) => refuse(
                "refresh-mode",
                "a service cannot have it; give endure or restart",
            ),
            _ => Ok(Some(service)),
        };
    }
    for key in SERVICE_ONLY {
        let says_something = app.get(key).is_some_and(|value| {
            value.text().map_or(true, |text| {
                text.is_some_and(|text| !matches!(text, "" | "0" | "0s"))
            }) && value
                .items()
                .map_or(true, |items| items.is_none_or(|items| !items.is_empty()))
        });
        if says_something {
            return refuse(key, "only a service can have it; add daemon: or remove it");
        }
    }
    match refresh_mode {
        Some(RefreshMode::Endure | RefreshMode::Restart) => refuse(
            "refresh-mode",
            "a command can only have ignore-running; add daemon: or remove it",
        ),
        _ => Ok(None),
    }
}

fn duration(app: &Map<'_>, key: &str) -> Result<Option<Duration>, SnapYamlError> {
    let span: Option<Span> = app.parse(key)?;
    Ok(span
        .map(|Span(duration)| duration)
        .filter(|duration| !duration.is_zero()))
}
