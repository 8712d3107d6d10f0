//! `snappy service`: the services of the system, and their logs.

use crate::arguments::{Asked, Form};
use crate::sentence::plain;
use crate::table::render;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::path::Path;
use system_update::ServiceReport;

/// What `snappy service` prints.
pub(crate) fn output(asked: &Asked, form: Form) -> Result<String> {
    let services = ServiceReport::read_all()
        .with_context(|| format!("cannot use {}; reboot to renew it", ServiceReport::PATH))?;
    let name = match asked {
        Asked::List => return Ok(list(&services, form)),
        Asked::Status(name) | Asked::Logs(name) => name,
    };
    let Some(service) = services.into_iter().find(|service| service.name == *name) else {
        bail!("no service is called {name:?}; `snappy service` lists them");
    };
    match asked {
        Asked::Logs(_) => Ok(logs(&service.name, form)),
        Asked::List | Asked::Status(_) => Ok(list(&[service], form)),
    }
}

fn list(services: &[ServiceReport], form: Form) -> String {
    if form == Form::Json {
        return format!("{}\n", json!({ "services": services }));
    }
    if services.is_empty() {
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
        .chain(services.iter().map(row))
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
            list(&services(), Form::Text),
            "Name  State    Starts  Last end\n\
             once  done     1       -\n\
             web   waiting  3       it ended with 7\n"
        );
        assert_eq!(list(&[], Form::Text), "This system has no services.\n");
    }

    #[test]
    fn json_has_the_same_facts() {
        assert_eq!(
            list(&services()[1..], Form::Json),
            "{\"services\":[{\"detail\":\"it ended with 7\",\"name\":\"web\",\"starts\":3,\
             \"state\":\"waiting\"}]}\n"
        );
    }
}
