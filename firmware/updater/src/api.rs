//! snapd's REST API over a [`Device`]: a request and who asks -> an answer. No socket here.
//!
//! Everybody may read; only the administrator may change something. `docs/api.md` lists what
//! there is.

mod act;
mod answer;
mod apps;
mod changes;
mod configuration;
mod find;
mod logs;
mod recent;
pub mod request;
mod snap_acts;
mod snap_configuration;
mod snap_hold;
mod snap_values;
mod snapctl;
mod snaps;
mod system;
pub(crate) mod upload;
mod wanted;

pub(crate) use answer::reason;
pub use answer::{Answer, ApiError};
pub use logs::{LogTail, Then};
use recent::Recent;
pub use request::{Method, Request};
pub(crate) use snapctl::Running;
pub(crate) use system::architecture;
pub use upload::Upload;

use crate::changes::Changes;
use crate::device::{Available, Device};
use crate::part::is_part;
use crate::snaps::{ListedSnap, SnapDesk};
use confinement::SnapUsers;
use std::path::PathBuf;
use std::sync::Arc;

/// Who asks, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user.
    pub uid: u32,
}

impl Peer {
    /// The administrator of a device. Tests have whoever runs them in its place.
    pub const ROOT: Self = Self { uid: 0 };
}

/// What answers.
#[derive(Clone)]
pub struct Api {
    device: Arc<dyn Device>,
    snaps: Option<SnapDesk>,
    changes: Arc<Changes>,
    administrator: Peer,
    audience: Audience,
    releases_said: Arc<Recent<Vec<Available>>>,
    snaps_said: Arc<Recent<Vec<ListedSnap>>>,
}

/// Who is answered.
#[derive(Clone)]
enum Audience {
    /// People and their programs.
    People,
    /// Programs of snaps, by their users.
    Snaps(Arc<SnapUsers>),
}

/// What an address names.
enum Resource<'a> {
    SystemInfo,
    Snaps,
    Snap(&'a str),
    Configuration(&'a str),
    Find,
    Apps,
    Logs,
    Changes,
    Change(&'a str),
    Systems,
    Boot,
    Wanted,
}

impl Api {
    /// The API of this device, which `administrator` may change.
    #[must_use]
    pub fn new(device: Arc<dyn Device>, changes: Arc<Changes>, administrator: Peer) -> Self {
        Self {
            device,
            snaps: None,
            changes,
            administrator,
            audience: Audience::People,
            releases_said: Arc::default(),
            snaps_said: Arc::default(),
        }
    }

    /// The same with snaps. They tell the same changes.
    #[must_use]
    pub fn with_snaps(self, snaps: SnapDesk) -> Self {
        Self {
            snaps: Some(snaps),
            ..self
        }
    }

    /// The same for programs of snaps, whose users are these: it answers `snapctl`, and
    /// nothing else.
    #[must_use]
    pub fn for_snaps(self, users: SnapUsers) -> Self {
        Self {
            audience: Audience::Snaps(Arc::new(users)),
            ..self
        }
    }

    /// Whether programs of snaps are answered, and nobody else.
    pub(crate) fn is_for_snaps(&self) -> bool {
        matches!(self.audience, Audience::Snaps(_))
    }

    /// Where files go that a client sends; none where it may send none.
    #[must_use]
    pub fn uploads(&self, peer: Peer) -> Option<PathBuf> {
        let snaps = self.snaps.as_ref().filter(|_| self.trusts(peer))?;
        Some(snaps.places().incoming())
    }

    /// Whether that is somebody who may change something.
    #[must_use]
    pub fn trusts(&self, peer: Peer) -> bool {
        !self.is_for_snaps() && peer == self.administrator
    }

    /// Answers. An update goes on behind the answer, all else is done then.
    #[must_use]
    pub fn answer(&self, request: &Request, peer: Peer) -> Answer {
        self.try_answer(request, peer)
            .unwrap_or_else(|error| Answer::Error(Box::new(error)))
    }

    fn try_answer(&self, request: &Request, peer: Peer) -> Result<Answer, ApiError> {
        if let Audience::Snaps(users) = &self.audience {
            return self.answer_snap(users, request, peer);
        }
        let resource = resource(&request.path).ok_or_else(ApiError::not_found)?;
        if request.method != Method::Get && !self.trusts(peer) {
            return Err(ApiError::forbidden());
        }
        match (request.method, resource) {
            (Method::Get, Resource::SystemInfo) => self.system_info(),
            (Method::Get, Resource::Snaps) => self.snaps(request),
            (Method::Get, Resource::Snap(name)) => self.snap(name),
            (Method::Get, Resource::Configuration(name)) => self.configuration(name, request, peer),
            (Method::Get, Resource::Find) => self.find(request, peer),
            (Method::Get, Resource::Apps) => self.list_apps(request),
            (Method::Get, Resource::Logs) => self.logs(request, peer),
            (Method::Get, Resource::Changes) => self.list_changes(request),
            (Method::Get, Resource::Change(id)) => self.change(id),
            (Method::Get, Resource::Boot) => Ok(Answer::Sync(self.device.boot_facts()?.to_json())),
            (Method::Get, Resource::Wanted) => Ok(Answer::Sync(self.wanted_snaps())),
            (Method::Post, Resource::Snaps) => self.act_on_snaps(request),
            (Method::Post, Resource::Snap(name)) if is_part(name) => self.act_on_part(request),
            (Method::Post, Resource::Snap(name)) => self.act_on_snap(name, request),
            (Method::Post, Resource::Apps) => self.act_on_apps(request),
            (Method::Post, Resource::Change(id)) => self.act_on_change(id, request),
            (Method::Post, Resource::Systems) => self.act_on_system(request),
            (Method::Put, Resource::Configuration(name)) => self.configure(name, request),
            (method, _) => Err(ApiError::method_not_allowed(method)),
        }
    }
}

fn resource(path: &[String]) -> Option<Resource<'_>> {
    let segments: Vec<&str> = path.iter().map(String::as_str).collect();
    match *segments.as_slice() {
        ["v2", "system-info"] => Some(Resource::SystemInfo),
        ["v2", "snaps"] => Some(Resource::Snaps),
        ["v2", "snaps", name] => Some(Resource::Snap(name)),
        ["v2", "snaps", name, "conf"] => Some(Resource::Configuration(name)),
        ["v2", "find"] => Some(Resource::Find),
        ["v2", "apps"] => Some(Resource::Apps),
        ["v2", "logs"] => Some(Resource::Logs),
        ["v2", "changes"] => Some(Resource::Changes),
        ["v2", "changes", id] => Some(Resource::Change(id)),
        // snapd's clients write a slash and no label behind it.
        ["v2", "systems"] | ["v2", "systems", ""] => Some(Resource::Systems),
        ["v2", "twinkeel", "boot"] => Some(Resource::Boot),
        ["v2", "twinkeel", "wanted-snaps"] => Some(Resource::Wanted),
        _ => None,
    }
}
