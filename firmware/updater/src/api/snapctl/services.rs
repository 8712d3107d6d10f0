//! A snap's own services, for its own programs.

use super::{Said, yaml_of};
use crate::api::Api;
use crate::changes::Change;
use crate::snaps::{AppHere, ServiceAct, ServiceCommand, SnapDesk};
use snap_format::{Hook, SnapName};
use snap_services::Standing;
use std::time::Duration;

/// Services have their own times to start and to stop.
const PATIENCE: Duration = Duration::from_secs(300);

impl Api {
    /// snapd's table.
    pub(super) fn own_services(&self, desk: &SnapDesk, snap: &SnapName, names: &[String]) -> Said {
        let services = match named(desk, snap, names) {
            Ok(services) => services,
            Err(why) => return Said::no(why),
        };
        let known = match desk.services().status() {
            Ok(known) => known,
            Err(error) => return Said::no(error),
        };
        let mut rows = vec![["Service", "Startup", "Current", "Notes"].map(str::to_owned)];
        for service in &services {
            let status = known.iter().find(|status| service.is(status));
            let standing = status.map(|status| status.standing);
            let startup = match standing {
                Some(Standing::Enabled) => "enabled",
                _ => "disabled",
            };
            let state = status.map_or("", |status| &*status.state);
            let current = match state {
                "running" | "starting" | "stopping" => "active",
                _ => "inactive",
            };
            let row = [&*service.full_name(), startup, current, "-"];
            rows.push(row.map(str::to_owned));
        }
        let widths = [0, 1, 2].map(|at| rows.iter().map(|row| row[at].len()).max().unwrap_or(0));
        let lines = rows.iter().map(|[name, startup, current, notes]| {
            let [a, b, c] = widths;
            format!("{name:a$}  {startup:b$}  {current:c$}  {notes}\n")
        });
        Said::out(lines.collect::<String>())
    }

    /// A hook does it within the change that runs the hook; others make a change of it.
    pub(super) fn control_own(
        &self,
        desk: &SnapDesk,
        snap: &SnapName,
        command: ServiceCommand,
        names: &[String],
    ) -> Said {
        let services = match named(desk, snap, names) {
            Ok(services) => services,
            Err(why) => return Said::no(why),
        };
        let act = ServiceAct {
            snap: snap.clone(),
            services,
            command,
        };
        let hook = desk.live().of(snap).and_then(|now| now.hook);
        let failure = match hook {
            Some(hook) => act
                .within(services_run(hook), desk.services())
                .err()
                .map(|error| error.to_string()),
            None => match desk.control(act) {
                Err(conflict) => Some(conflict.to_string()),
                Ok(id) => {
                    let change = self.changes.wait_until(id, PATIENCE, Change::is_ready);
                    change
                        .and_then(|change| change.failure)
                        .map(|failure| failure.message)
                }
            },
        };
        failure.map_or_else(Said::default, Said::no)
    }
}

/// Whether services are there while the hook runs, or what starts them comes behind it.
fn services_run(hook: Hook) -> Running {
    match hook {
        Hook::Configure | Hook::CheckHealth => Running::Now,
        Hook::Install | Hook::PreRefresh | Hook::PostRefresh | Hook::Remove => Running::Later,
    }
}

/// When services are started that a hook wants to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// At once.
    Now,
    /// By the change, behind the hook, if at all.
    Later,
}

/// `NAME` or `NAME.APP` of the snap itself.
fn named(desk: &SnapDesk, snap: &SnapName, names: &[String]) -> Result<Vec<AppHere>, String> {
    let yaml = yaml_of(desk, snap).ok_or("cannot read the snap")?;
    let all = yaml.apps.into_iter().map(|(name, app)| AppHere {
        snap: snap.clone(),
        name,
        app,
    });
    let mut all: Vec<_> = all.filter(AppHere::is_service).collect();
    let is_meant = |service: &AppHere, name: &str| {
        name == service.full_name() || name == service.snap.as_str()
    };
    for name in names {
        if !all.iter().any(|service| is_meant(service, name)) {
            return Err(format!("unknown service: {name:?}"));
        }
    }
    all.retain(|service| names.is_empty() || names.iter().any(|name| is_meant(service, name)));
    Ok(all)
}
