//! Programs of snaps, run by the supervisor of their services.

use snap_format::Hook;
use snap_services::{Client, ClientError, Places};
use snap_store::{Installed, Runtime, RuntimeError};
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

/// A hook that runs longer has failed.
const HOOK_LIMIT: Duration = Duration::from_secs(300);
/// PID 1 starts the supervisor beside this daemon, and again when it ends.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// Asks the supervisor of this device.
#[derive(Debug)]
pub(super) struct Supervised {
    pub(super) client: Client,
}

impl Default for Supervised {
    fn default() -> Self {
        Self {
            client: Client::new(Places::SOCKET),
        }
    }
}

impl Supervised {
    /// Waits for a supervisor that is not there yet. What it refuses is refused at once.
    pub(super) fn ask<T>(
        &self,
        ask: impl Fn(&Client) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let begun = Instant::now();
        loop {
            match ask(&self.client) {
                Err(ClientError::Unheard(_, error))
                    if matches!(
                        error.kind(),
                        ErrorKind::NotFound | ErrorKind::ConnectionRefused
                    ) && begun.elapsed() < PATIENCE =>
                {
                    thread::sleep(PAUSE);
                }
                answer => return answer,
            }
        }
    }
}

impl Runtime for Supervised {
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError> {
        let (name, revision) = (snap.name.as_str(), snap.revision.to_string());
        self.ask(|client| client.start(name, &revision))
            .map_err(refused)
    }

    fn stop(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.ask(|client| client.stop(snap.name.as_str()))
            .map_err(refused)
    }

    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        if !snap.mount.join("meta/hooks").join(hook.as_str()).exists() {
            return Ok(());
        }
        let (name, revision) = (snap.name.as_str(), snap.revision.to_string());
        let configuration = snap.configuration.document();
        let outcome = self
            .ask(|client| client.hook(name, &revision, hook.as_str(), HOOK_LIMIT, configuration))
            .map_err(refused)?;
        match outcome.exit_code {
            0 => Ok(()),
            code => Err(RuntimeError(format!(
                "the hook {} of {name} ended with {code}: {}",
                hook.as_str(),
                outcome.output.trim_end()
            ))),
        }
    }
}

fn refused(error: ClientError) -> RuntimeError {
    RuntimeError(error.to_string())
}
