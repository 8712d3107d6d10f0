//! The services of snaps, as the daemon needs them of their supervisor.

use super::runtime::Supervised;
use snap_services::{ClientError, Places, ServiceStatus, Standing};
use std::path::PathBuf;

/// Tells how services are, and starts and stops them.
pub trait Services: Send + Sync {
    /// How all services of all snaps are.
    ///
    /// # Errors
    /// The supervisor does not hear.
    fn status(&self) -> Result<Vec<ServiceStatus>, ClientError>;

    /// Starts services of the current revision, and waits until they are ready.
    ///
    /// # Errors
    /// One does not start: it is named.
    fn start(&self, snap: &str, apps: &[String]) -> Result<(), ClientError>;

    /// Stops services, and waits until they are gone.
    ///
    /// # Errors
    /// The supervisor does not hear.
    fn stop(&self, snap: &str, apps: &[String]) -> Result<(), ClientError>;

    /// Has a running service read its settings again, by its command for that.
    ///
    /// # Errors
    /// The command fails.
    fn reload(&self, snap: &str, app: &str) -> Result<(), ClientError>;

    /// Says whether services are started with their snap.
    ///
    /// # Errors
    /// It cannot be kept.
    fn enable(&self, snap: &str, apps: &[String], standing: Standing) -> Result<(), ClientError>;

    /// Forgets what was said of the services of a snap that is gone with its data.
    ///
    /// # Errors
    /// It cannot be kept.
    fn forget(&self, snap: &str) -> Result<(), ClientError>;

    /// Where their logs are.
    fn logs(&self) -> PathBuf;
}

impl Services for Supervised {
    fn status(&self) -> Result<Vec<ServiceStatus>, ClientError> {
        // Whoever reads is told at once that nobody hears.
        self.client.status()
    }

    fn start(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.ask(|client| client.start_services(snap, apps))
    }

    fn stop(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.ask(|client| client.stop_services(snap, apps))
    }

    fn reload(&self, snap: &str, app: &str) -> Result<(), ClientError> {
        self.ask(|client| client.reload(snap, app))
    }

    fn enable(&self, snap: &str, apps: &[String], standing: Standing) -> Result<(), ClientError> {
        self.ask(|client| client.enable(snap, apps, standing))
    }

    fn forget(&self, snap: &str) -> Result<(), ClientError> {
        self.ask(|client| client.forget(snap))
    }

    fn logs(&self) -> PathBuf {
        Places::LOGS.into()
    }
}
