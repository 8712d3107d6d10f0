//! `/run/twinkeel/services.json`: how the services are, for every other program. Written
//! by PID 1 whenever one of them starts or ends.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// Its file's name without `.toml`.
    pub name: String,
    /// What it is doing.
    pub state: ServiceState,
    /// How often it was started since the boot.
    pub starts: u32,
    /// How it ended last, or what is wrong with its file.
    pub detail: Option<String>,
}

/// What a service is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// It is to be started (again).
    Waiting,
    /// It runs.
    Running,
    /// It did what it had to do.
    Done,
    /// It ended, or cannot be started, and stays like that.
    Failed,
}

impl ServiceState {
    /// For people and programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl ServiceReport {
    /// Where PID 1 writes the list.
    pub const PATH: &'static str = "/run/twinkeel/services.json";
    /// Where the logs are: `NAME.log`, and `NAME.log.1` before it.
    pub const LOGS: &'static str = "/var/log/services";

    /// Reads the list. No file is no services.
    ///
    /// # Errors
    /// It is not of this form.
    pub fn read_all() -> Result<Vec<Self>, serde_json::Error> {
        match std::fs::read_to_string(Self::PATH) {
            Ok(json) => serde_json::from_str(&json),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Writes the list whole, so that no reader sees a part of it.
    ///
    /// # Errors
    /// The file system's.
    pub fn write_all(services: &[Self]) -> std::io::Result<()> {
        let path = Path::new(Self::PATH);
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_string(services)?)?;
        std::fs::rename(new, path)
    }
}
