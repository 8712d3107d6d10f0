//! The apps of the snaps that are here.

use snap_format::app::App;
use snap_format::{AppName, SnapName};
use snap_services::ServiceStatus;

/// An app of a snap's current revision.
#[derive(Clone, Debug, PartialEq)]
pub struct AppHere {
    /// Its snap.
    pub snap: SnapName,
    /// Its name there.
    pub name: AppName,
    /// What the snap says of it.
    pub app: App,
}

impl AppHere {
    /// `NAME.APP`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.snap, self.name)
    }

    /// Whether it runs by itself.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.app.service.is_some()
    }

    /// Whether it can read its settings again without a restart.
    #[must_use]
    pub fn can_reload(&self) -> bool {
        let service = self.app.service.as_ref();
        service.is_some_and(|service| service.reload_command.is_some())
    }

    /// Whether that is told of it.
    #[must_use]
    pub fn is(&self, status: &ServiceStatus) -> bool {
        status.snap == self.snap.as_str() && status.app == self.name.as_str()
    }
}
