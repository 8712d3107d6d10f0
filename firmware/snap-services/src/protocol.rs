//! What is asked and answered: a line of JSON each, over the supervisor's socket.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Start services; the answer comes when they are ready.
    Start {
        /// Of which snap.
        snap: String,
        /// In which revision; the current one if none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// Which of them; all that are enabled if none is given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        apps: Vec<String>,
    },
    /// Stop services; the answer comes when they are gone.
    Stop {
        /// Of which snap.
        snap: String,
        /// Which of them; all if none is given.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        apps: Vec<String>,
    },
    /// Say whether services are started with their snap. Nothing is started or stopped.
    Enable {
        /// Of which snap.
        snap: String,
        /// Which of them.
        apps: Vec<String>,
        /// Whether.
        standing: Standing,
    },
    /// Have a running service read its settings again; the answer comes when its
    /// `reload-command` has ended.
    Reload {
        /// Of which snap.
        snap: String,
        /// Which of them; it has such a command.
        app: String,
    },
    /// Forget what was said of a snap's services: it and its data are gone.
    Forget {
        /// Which snap.
        snap: String,
    },
    /// Run a hook; the answer comes when it has ended. A snap without it has run it.
    Hook {
        /// Of which snap.
        snap: String,
        /// In which revision.
        revision: String,
        /// Which.
        hook: String,
        /// How long it may take.
        timeout_secs: u64,
        /// What it finds on its standard input.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        configuration: Map<String, Value>,
    },
    /// How all services of all snaps are.
    Status,
}

/// Whether a service is started with its snap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is.
    Enabled,
    /// Only when somebody asks for it.
    Disabled,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was done.
    Done,
    /// A hook has ended.
    Hook(HookOutcome),
    /// All services.
    Services(Vec<ServiceStatus>),
    /// It was not done, and why.
    Error(String),
}

/// How a hook ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookOutcome {
    /// 0 is success; 128 and more stand for a signal.
    pub exit_code: u8,
    /// The end of what it said.
    pub output: String,
}

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its snap.
    pub snap: String,
    /// Its app.
    pub app: String,
    /// The revision that it was started from.
    pub revision: String,
    /// `running`, `starting`, `stopping`, `waiting`, `listening`, `scheduled`, `done`,
    /// `stopped` or `failed`.
    pub state: String,
    /// How it ended last, if that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What it says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// How often its program was started.
    pub starts: u32,
    /// Whether it is started with its snap.
    pub standing: Standing,
}
