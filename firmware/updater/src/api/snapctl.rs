//! `POST /v2/snapctl`, on a socket of its own: what programs of a snap ask of their device.
//!
//! Who asks is told by the kernel: each snap has a user, and a snap is told of itself alone.
//! Nobody else is answered there, not even root.

mod asked;
mod services;
mod values;

use super::act::parse_body;
use super::{Answer, Api, ApiError, Method, Peer, Request};
use crate::changes::Change;
use crate::part::is_part;
use crate::snaps::{NotSet, SnapAct, SnapDesk};
use asked::Asked;
use confinement::{Giver, Plug, SnapUsers, UserId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
pub(crate) use services::Running;
use snap_format::{SnapName, SnapYaml};
use snap_run::Grants;
use snap_store::{Configuration, SnapState};
use std::time::Duration;

/// A program that sets something waits so long behind changes of other snaps.
const PATIENCE: Duration = Duration::from_secs(30);

/// As snapd's client sends it; what else it sends does not matter here.
#[derive(Deserialize)]
struct Body {
    args: Vec<String>,
}

/// What the program that asked prints, and ends with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    stdout: String,
    stderr: String,
    exit_code: u8,
}

impl Said {
    fn out(stdout: impl Into<String>) -> Self {
        Self {
            stdout: stdout.into(),
            ..Self::default()
        }
    }

    fn no(why: impl std::fmt::Display) -> Self {
        Self {
            stderr: format!("error: {why}\n"),
            exit_code: 1,
            ..Self::default()
        }
    }

    fn to_answer(&self) -> Answer {
        let mut said = json!({ "stdout": self.stdout, "stderr": self.stderr });
        if self.exit_code == 0 {
            return Answer::Sync(said);
        }
        said["exit-code"] = self.exit_code.into();
        let error = ApiError::new(200, self.stderr.trim_end());
        Answer::Error(Box::new(error.with("unsuccessful", said)))
    }
}

impl Api {
    /// All that the socket of snaps answers.
    pub(super) fn answer_snap(
        &self,
        users: &SnapUsers,
        request: &Request,
        peer: Peer,
    ) -> Result<Answer, ApiError> {
        let path: Vec<_> = request.path.iter().map(String::as_str).collect();
        if request.method != Method::Post || path != ["v2", "snapctl"] {
            return Err(ApiError::not_found());
        }
        let (desk, snap) = self.who(users, peer).ok_or_else(ApiError::forbidden)?;
        let body: Body = parse_body(request)?;
        let said = match asked::parse(&body.args) {
            Ok(asked) => self.say(desk, &snap, asked),
            Err(why) => Said::no(why),
        };
        Ok(said.to_answer())
    }

    /// The snap whose user that is, if it is here or comes.
    fn who(&self, users: &SnapUsers, peer: Peer) -> Option<(&SnapDesk, SnapName)> {
        let desk = self.snaps.as_ref()?;
        let user = UserId::new(peer.uid)?;
        let name: SnapName = users.snap_of(user).ok()??.parse().ok()?;
        let state = desk.state();
        let is_here = state.snap(&name).and_then(SnapState::current).is_some();
        let is_known = is_here || desk.live().of(&name).is_some();
        (is_known && !is_part(name.as_str())).then_some((desk, name))
    }

    fn say(&self, desk: &SnapDesk, snap: &SnapName, asked: Asked) -> Said {
        match asked {
            Asked::Get(get) => match values::output(&configuration(desk, snap), snap, &get) {
                Ok(text) => Said::out(text),
                Err(why) => Said::no(why),
            },
            Asked::Set(patch) => match self.set_own(desk, snap, &patch) {
                Ok(()) => Said::default(),
                Err(why) => Said::no(why),
            },
            Asked::Services(names) => self.own_services(desk, snap, &names),
            Asked::Control(command, names) => self.control_own(desk, snap, command, &names),
            Asked::IsConnected(plug) => is_connected(desk, snap, &plug),
            Asked::Healthy => Said::default(),
        }
    }

    /// In a hook it becomes a part of the change that runs the hook; else it is a change.
    fn set_own(
        &self,
        desk: &SnapDesk,
        snap: &SnapName,
        patch: &Map<String, Value>,
    ) -> Result<(), String> {
        match desk.live().set(snap, patch) {
            Ok(()) => return Ok(()),
            Err(NotSet::NoHook) => {}
            Err(NotSet::Goes(hook)) => {
                return Err(format!(
                    "cannot set in the hook {hook}: this revision goes; set in post-refresh"
                ));
            }
            Err(NotSet::Configuration(error)) => return Err(error.to_string()),
        }
        if desk.live().is_starting() {
            return Err(
                "cannot set yet: the snaps of this device are being started; set again \
                        in a moment"
                    .to_owned(),
            );
        }
        // Who would be waited for may be whoever asks.
        if desk.live().of(snap).is_some() {
            return Err(
                "cannot set while a change of this snap goes on; its hooks can, and others when \
                 it is over"
                    .to_owned(),
            );
        }
        let act = SnapAct::ConfigureItself(snap.clone(), patch.clone());
        let id = desk.ask(act).map_err(|conflict| conflict.to_string())?;
        let change = self.changes.wait_until(id, PATIENCE, Change::is_ready);
        match change {
            Some(change) if !change.is_ready() => Err(format!(
                "cannot set yet: it is change {id}, and is done when those before it are over"
            )),
            Some(change) => change
                .failure
                .map_or(Ok(()), |failure| Err(failure.message)),
            None => Ok(()),
        }
    }
}

/// What holds for the snap's own programs: what the change that goes on has made of it.
fn configuration(desk: &SnapDesk, snap: &SnapName) -> Configuration {
    if let Some(now) = desk.live().of(snap) {
        return now.configuration;
    }
    let state = desk.state();
    let current = state.snap(snap).and_then(SnapState::current);
    current.map_or_else(Configuration::default, |current| {
        current.configuration.clone()
    })
}

/// What the snap says of itself; `None` while it is not mounted.
fn yaml_of(desk: &SnapDesk, snap: &SnapName) -> Option<SnapYaml> {
    if let Some(now) = desk.live().of(snap) {
        return Some(now.yaml);
    }
    let current = desk.state().snap(snap)?.current?;
    let path = desk.places().mount(snap, current).join("meta/snap.yaml");
    SnapYaml::parse(&std::fs::read(path).ok()?).ok()
}

/// Whether the snap has what a plug of its own stands for: by the file that its programs are
/// started by.
fn is_connected(desk: &SnapDesk, snap: &SnapName, plug: &str) -> Said {
    let Some(yaml) = yaml_of(desk, snap) else {
        return Said::no("cannot read the snap");
    };
    let name = plug.parse().ok();
    let Some((name, plug)) = name.and_then(|name| Some((yaml.plugs.get(&name)?, name))) else {
        return Said::no(format!(
            "snap {:?} has no plug named {plug:?}",
            snap.as_str()
        ));
    };
    let is_given = match yaml.framework_slot(&plug) {
        Some(slot) => {
            let framework = yaml_of(desk, &slot.framework).and_then(|yaml| yaml.framework);
            framework.is_some_and(|framework| framework.offers.contains(&slot.slot))
        }
        None => Plug::of_interface(name.interface.as_str()).is_some_and(|plug| {
            let grants = Grants::read(&desk.places().grants.join(snap.as_str()));
            plug.giver() == Giver::Anybody
                || grants.is_ok_and(|grants| grants.plugs.contains(&plug))
        }),
    };
    Said {
        exit_code: u8::from(!is_given),
        ..Said::default()
    }
}
