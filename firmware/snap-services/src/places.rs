//! Where the supervisor keeps what it keeps.

use snap_run::Device;
use std::ffi::OsString;
use std::path::PathBuf;

/// Directories and programs, of a device or of a test.
#[derive(Clone, Debug)]
pub struct Places {
    /// Where snaps are.
    pub device: Device,
    /// The program `snap-run` and words before all others.
    pub snap_run: Vec<OsString>,
    /// In memory: the socket, notify sockets, logs, what was started.
    pub runtime: PathBuf,
    /// By this devices differ.
    pub seed: u64,
}

impl Places {
    /// The socket of a device's supervisor.
    pub const SOCKET: &'static str = "/run/snap-services/socket";
    /// The logs of a device's services.
    pub const LOGS: &'static str = "/run/snap-services/logs";

    /// Those of a device.
    #[must_use]
    pub fn of_device() -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        // Without one, all such devices are alike: no harm but to a server.
        let id = std::fs::read("/etc/machine-id").unwrap_or_default();
        id.hash(&mut hasher);
        Self {
            device: Device::at("/"),
            snap_run: vec!["/usr/bin/snap-run".into()],
            runtime: "/run/snap-services".into(),
            seed: hasher.finish(),
        }
    }

    /// Where requests are heard.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("socket")
    }

    /// Where logs are.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.runtime.join("logs")
    }

    pub(crate) fn notify(&self) -> PathBuf {
        self.runtime.join("notify")
    }

    pub(crate) fn started(&self) -> PathBuf {
        self.runtime.join("started")
    }
}
