//! `/v2/apps`: the apps of snaps, and what is done with their services.

use super::act::{no_action, parse_body};
use super::{Answer, Api, ApiError, Request};
use crate::snaps::{AppHere, ServiceAct, ServiceCommand};
use serde::Deserialize;
use serde_json::{Value, json};
use snap_services::{ServiceStatus, Standing};

/// What is asked, as snapd's clients write it.
#[derive(Deserialize)]
struct Asked {
    action: String,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    enable: bool,
    #[serde(default)]
    disable: bool,
    #[serde(default)]
    reload: bool,
}

/// Which apps are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Service,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Any => "app",
            Self::Service => "service",
        }
    }
}

impl Api {
    pub(super) fn list_apps(&self, request: &Request) -> Result<Answer, ApiError> {
        let kind = match request.asked("select") {
            None => Kind::Any,
            Some("service") => Kind::Service,
            Some(other) => {
                let message = format!("invalid select parameter: {other:?}");
                return Err(ApiError::bad_request(message));
            }
        };
        let names: Vec<_> = request.asked_list("names").collect();
        let apps = self.apps_named(&names, kind)?;
        let known = match apps.iter().any(AppHere::is_service) {
            true => self.service_statuses()?,
            false => Vec::new(),
        };
        let values = apps.iter().map(|app| {
            let status = known.iter().find(|status| app.is(status));
            value(app, status)
        });
        Ok(Answer::Sync(values.collect()))
    }

    pub(super) fn act_on_apps(&self, request: &Request) -> Result<Answer, ApiError> {
        let asked: Asked = parse_body(request)?;
        let command = asked.command()?;
        let names: Vec<_> = asked.names.iter().map(String::as_str).collect();
        if names.is_empty() {
            return Err(ApiError::bad_request(
                "cannot perform operation on services without a list of services to operate on",
            ));
        }
        let mut services = self.apps_named(&names, Kind::Service)?;
        let snap = match &services[..] {
            [first, rest @ ..] if rest.iter().all(|other| other.snap == first.snap) => {
                first.snap.clone()
            }
            _ => {
                return Err(ApiError::bad_request(
                    "cannot change services of several snaps at once: ask for one after the other",
                ));
            }
        };
        if command == ServiceCommand::Restart {
            self.retain_running(&mut services, &names)?;
        }
        let act = ServiceAct {
            snap,
            services,
            command,
        };
        // There are services, so there is a desk.
        let desk = self.snaps.as_ref().ok_or_else(ApiError::not_found)?;
        Ok(Answer::Async(desk.control(act)?))
    }

    /// Of a whole snap only what runs is started again, as snapd has it.
    fn retain_running(&self, services: &mut Vec<AppHere>, names: &[&str]) -> Result<(), ApiError> {
        let known = self.service_statuses()?;
        services.retain(|service| {
            let status = known.iter().find(|status| service.is(status));
            names.contains(&&*service.full_name())
                || status.is_some_and(|status| !matches!(&*status.state, "stopped" | "done"))
        });
        Ok(())
    }

    /// The apps that are meant by `NAME` or `NAME.APP`, in the order of their names; no names
    /// are all.
    pub(super) fn apps_named(&self, names: &[&str], kind: Kind) -> Result<Vec<AppHere>, ApiError> {
        let Some(desk) = &self.snaps else {
            return match names {
                [] => Ok(Vec::new()),
                [name, ..] => Err(ApiError::no_snap(name)),
            };
        };
        let mut apps = desk.apps();
        apps.retain(|app| kind == Kind::Any || app.is_service());
        let state = desk.state();
        for name in names {
            let (snap, app) = match name.split_once('.') {
                Some((snap, app)) => (snap, Some(app)),
                None => (*name, None),
            };
            let is_here = state.installed().any(|(name, _)| name.as_str() == snap);
            let word = kind.word();
            match app {
                None if !is_here => {
                    let message = format!("snap {snap:?} not found");
                    return Err(ApiError::new(404, message).with("snap-not-found", snap.into()));
                }
                None if !apps.iter().any(|app| app.snap.as_str() == snap) => {
                    return Err(no_app(format!("snap {snap:?} has no {word}s")));
                }
                Some(app) if !apps.iter().any(|found| found.full_name() == *name) => {
                    return Err(no_app(format!("snap {snap:?} has no {word} {app:?}")));
                }
                _ => {}
            }
        }
        apps.retain(|app| {
            names.is_empty()
                || names.contains(&app.snap.as_str())
                || names.contains(&&*app.full_name())
        });
        Ok(apps)
    }

    fn service_statuses(&self) -> Result<Vec<ServiceStatus>, ApiError> {
        let Some(desk) = &self.snaps else {
            return Ok(Vec::new());
        };
        let status = desk.services().status();
        status.map_err(|error| ApiError::new(500, error.to_string()))
    }
}

impl Asked {
    fn command(&self) -> Result<ServiceCommand, ApiError> {
        let command = match &*self.action {
            "start" if self.enable => ServiceCommand::StartAndEnable,
            "start" => ServiceCommand::Start,
            "stop" if self.disable => ServiceCommand::StopAndDisable,
            "stop" => ServiceCommand::Stop,
            "restart" if self.reload => ServiceCommand::Reload,
            "restart" => ServiceCommand::Restart,
            other => return Err(no_action(other)),
        };
        // Somebody who means something else than what would be done is told so.
        let said = [
            ("enable", "start", self.enable),
            ("disable", "stop", self.disable),
            ("reload", "restart", self.reload),
        ];
        for (word, action, is_said) in said {
            if is_said && self.action != action {
                let message = format!("cannot {} and {word}: say {action}", self.action);
                return Err(ApiError::bad_request(message));
            }
        }
        Ok(command)
    }
}

fn no_app(message: String) -> ApiError {
    ApiError {
        kind: Some("app-not-found"),
        ..ApiError::new(404, message)
    }
}

/// As snapd tells of it. It counts what is being started or stopped as active, too.
fn value(app: &AppHere, status: Option<&ServiceStatus>) -> Value {
    let mut value = json!({ "snap": app.snap.as_str(), "name": app.name.as_str() });
    let Some(service) = &app.app.service else {
        return value;
    };
    let is_enabled = status.is_some_and(|status| status.standing == Standing::Enabled);
    let state = status.map_or("unknown", |status| &*status.state);
    value["daemon"] = service.daemon.to_string().into();
    value["daemon-scope"] = "system".into();
    value["enabled"] = is_enabled.into();
    value["active"] = matches!(state, "running" | "starting" | "stopping").into();
    let is_armed = matches!(state, "listening" | "scheduled");
    let activator = |kind: &str, name: &str| {
        // snapd writes these keys so.
        json!({ "Name": name, "Type": kind, "Active": is_armed, "Enabled": is_enabled })
    };
    let sockets = service.sockets.keys();
    let mut activators: Vec<_> = sockets
        .map(|name| activator("socket", name.as_str()))
        .collect();
    if service.timer.is_some() {
        activators.push(activator("timer", app.name.as_str()));
    }
    if !activators.is_empty() {
        value["activators"] = activators.into();
    }
    if let Some(status) = status {
        value["twinkeel"] = json!({
            "state": state,
            "detail": status.detail,
            "says": status.says,
            "starts": status.starts,
            "revision": status.revision,
        });
    }
    value
}
