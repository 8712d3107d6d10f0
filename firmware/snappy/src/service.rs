//! `snappy service`: the services of the system, and their logs.

use crate::arguments::{Asked, Form};
use crate::sentence::plain;
use crate::snap_service;
use crate::table::render;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use snap_services::{Places, ServiceStatus};
use std::path::Path;
use system_update::ServiceReport;

/// What `snappy service` prints.
pub(crate) fn output(asked: &Asked, form: Form) -> Result<String> {
    let name = match asked {
        Asked::List => return Ok(list(&of_system()?, &snap_service::all()?, form)),
        Asked::Act(name, act) => return snap_service::act(name, *act),
        Asked::Status(name) | Asked::Logs(name) | Asked::Follow(name) => name,
    };
    let of_system = of_system()?;
    if let Some(service) = of_system.into_iter().find(|service| service.name == *name) {
        return match asked {
            Asked::Logs(_) => Ok(logs(&service.name, form)),
            Asked::Follow(name) => {
                snap_service::follow(ServiceReport::LOGS, name).map(|()| String::new())
            }
            _ => Ok(list(&[service], &[], form)),
        };
    }
    let of_snaps = snap_service::meant(snap_service::all()?, name);
    match (asked, &of_snaps[..]) {
        (_, []) => bail!("no service is called {name:?}; `snappy service` lists them"),
        (Asked::Logs(_), services) => snap_service::logs(services, form),
        (Asked::Follow(_), [service]) => {
            let name = snap_service::name_of(service);
            snap_service::follow(Places::LOGS, &name).map(|()| String::new())
        }
        (Asked::Follow(_), _) => bail!("say which service of the snap, as in NAME.APP"),
        (_, services) => Ok(list(&[], services, form)),
    }
}

fn of_system() -> Result<Vec<ServiceReport>> {
    ServiceReport::read_all()
        .with_context(|| format!("cannot use {}; reboot to renew it", ServiceReport::PATH))
}

fn list(of_system: &[ServiceReport], of_snaps: &[ServiceStatus], form: Form) -> String {
    if form == Form::Json {
        let mut document = json!({ "services": of_system });
        if !of_snaps.is_empty() {
            document["of-snaps"] = serde_json::to_value(of_snaps).unwrap_or(Value::Null);
        }
        return format!("{document}\n");
    }
    if of_system.is_empty() && of_snaps.is_empty() {
        return "This system has no services.\n".to_owned();
    }
    let head = ["Name", "State", "Starts", "Last end"].map(String::from);
    let row = |service: &ServiceReport| {
        [
            service.name.clone(),
            service.state.name().to_owned(),
            service.starts.to_string(),
            plain(service.detail.as_deref().unwrap_or("-")),
        ]
    };
    let rows: Vec<_> = std::iter::once(head)
        .chain(of_system.iter().map(row))
        .chain(of_snaps.iter().map(snap_service::row))
        .collect();
    render(&rows)
}

/// Both files, the older one first. A service that wrote nothing has none.
fn logs(name: &str, form: Form) -> String {
    let read = |ending: &str| {
        let path = Path::new(ServiceReport::LOGS).join(format!("{name}.{ending}"));
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let log = read("log.1") + &read("log");
    match form {
        Form::Text => log.lines().map(|line| plain(line) + "\n").collect(),
        Form::Json => {
            let lines: Vec<_> = log.lines().collect();
            format!("{}\n", json!({ "service": name, "lines": lines }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use system_update::ServiceState;

    fn services() -> [ServiceReport; 2] {
        [
            ServiceReport {
                name: "once".to_owned(),
                state: ServiceState::Done,
                starts: 1,
                detail: None,
            },
            ServiceReport {
                name: "web".to_owned(),
                state: ServiceState::Waiting,
                starts: 3,
                detail: Some("it ended with 7".to_owned()),
            },
        ]
    }

    #[test]
    fn services_are_listed_in_columns() {
        assert_eq!(
            list(&services(), &[], Form::Text),
            "Name  State    Starts  Last end\n\
             once  done     1       -\n\
             web   waiting  3       it ended with 7\n"
        );
        assert_eq!(list(&[], &[], Form::Text), "This system has no services.\n");
    }

    #[test]
    fn services_of_snaps_stand_behind_the_systems() {
        let of_snap = ServiceStatus {
            snap: "web".to_owned(),
            app: "db".to_owned(),
            revision: "3".to_owned(),
            state: "failed".to_owned(),
            detail: Some("it ended with 1".to_owned()),
            says: None,
            starts: 4,
            standing: snap_services::Standing::Enabled,
        };
        assert_eq!(
            list(&services()[..1], std::slice::from_ref(&of_snap), Form::Text),
            "Name    State   Starts  Last end\n\
             once    done    1       -\n\
             web.db  failed  4       it ended with 1\n"
        );
        let meant = |name| snap_service::meant(vec![of_snap.clone()], name).len();
        assert_eq!([meant("web"), meant("web.db"), meant("db")], [1, 1, 0]);
    }

    #[test]
    fn json_has_the_same_facts() {
        assert_eq!(
            list(&services()[1..], &[], Form::Json),
            "{\"services\":[{\"detail\":\"it ended with 7\",\"name\":\"web\",\"starts\":3,\
             \"state\":\"waiting\"}]}\n"
        );
    }
}
