//! Services of snaps, for `snappy service`: asked of their supervisor.

use crate::arguments::{Form, ServiceAct};
use crate::sentence::plain;
use anyhow::{Context, Result, bail};
use serde_json::json;
use snap_services::{Client, ClientError, Places, ServiceStatus, Standing, log};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

/// All lines that a log holds.
const ALL_LINES: usize = 10_000;
/// How often a log that is followed is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// All services of snaps. Who is not root, or has no supervisor, has none to see.
pub(crate) fn all() -> Result<Vec<ServiceStatus>> {
    match Client::new(Places::SOCKET).status() {
        Ok(services) => Ok(services),
        Err(ClientError::Unheard(_, error))
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// The services that a person means by `NAME` or `NAME.APP`.
pub(crate) fn meant(services: Vec<ServiceStatus>, name: &str) -> Vec<ServiceStatus> {
    let mut services = services;
    services.retain(|service| service.snap == name || name_of(service) == name);
    services
}

/// As people call it.
pub(crate) fn name_of(service: &ServiceStatus) -> String {
    format!("{}.{}", service.snap, service.app)
}

/// A row of the table.
pub(crate) fn row(service: &ServiceStatus) -> [String; 4] {
    [
        name_of(service),
        service.state.clone(),
        service.starts.to_string(),
        plain(service.detail.as_deref().unwrap_or("-")),
    ]
}

/// Does `act` with the services that are meant by `name`.
pub(crate) fn act(name: &str, act: ServiceAct) -> Result<String> {
    if !rustix::process::geteuid().is_root() {
        bail!("This command needs root, please run with sudo");
    }
    let (snap, apps) = match name.split_once('.') {
        Some((snap, app)) => (snap, vec![app.to_owned()]),
        None => (name, Vec::new()),
    };
    let client = Client::new(Places::SOCKET);
    match act {
        ServiceAct::Start => client.start_services(snap, &apps)?,
        ServiceAct::Stop => client.stop_services(snap, &apps)?,
        ServiceAct::Restart => {
            client.stop_services(snap, &apps)?;
            client.start_services(snap, &apps)?;
        }
        ServiceAct::Enable => client.enable(snap, &one_of(&apps)?, Standing::Enabled)?,
        ServiceAct::Disable => client.enable(snap, &one_of(&apps)?, Standing::Disabled)?,
    }
    Ok(String::new())
}

fn one_of(apps: &[String]) -> Result<Vec<String>> {
    if apps.is_empty() {
        bail!("say which service of the snap, as in NAME.APP");
    }
    Ok(apps.to_vec())
}

/// What the services have written.
pub(crate) fn logs(services: &[ServiceStatus], form: Form) -> Result<String> {
    let mut text = String::new();
    for service in services {
        let name = name_of(service);
        let lines = log::tail(Path::new(Places::LOGS), &name, ALL_LINES)
            .with_context(|| format!("cannot read the log of {name}"))?;
        match form {
            Form::Text => lines.iter().for_each(|line| text += &(plain(line) + "\n")),
            Form::Json => text += &format!("{}\n", json!({ "service": name, "lines": lines })),
        }
    }
    Ok(text)
}

/// Prints what is written to the log of `name` in `directory` from now on, until the person
/// has seen enough.
pub(crate) fn follow(directory: &str, name: &str) -> Result<()> {
    let mut follower = log::Follower::from_end(Path::new(directory), name);
    loop {
        for line in follower.look()? {
            writeln!(std::io::stdout(), "{}", plain(&line))?;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
