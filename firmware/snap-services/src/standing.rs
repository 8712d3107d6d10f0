//! Which services are started with their snap: as the snap says, or else as a person said.
//!
//! What a person said is kept in a file that outlives the power, a line each: `NAME.APP` is
//! disabled, `NAME.APP enabled` is enabled though its snap says otherwise. It is a person's
//! word about the service and not about a revision: refreshes and reverts leave it alone.

use crate::protocol::Standing;
use crate::started::Lines;
use snap_format::InstallMode;
use snap_format::app::App;
use snap_run::Device;
use std::collections::BTreeSet;
use std::io;

/// What persons said.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    lines: BTreeSet<String>,
}

impl Standings {
    pub(crate) fn read(device: &Device) -> io::Result<Self> {
        let lines = file(device).read()?;
        Ok(Self { lines })
    }

    /// Of the service `name`, which is `NAME.APP`, with this description.
    pub(crate) fn of(&self, name: &str, app: &App) -> Standing {
        if self.lines.contains(name) {
            return Standing::Disabled;
        }
        let is_enabled = is_enabled_by_its_snap(app) || self.lines.contains(&enabled(name));
        match is_enabled {
            true => Standing::Enabled,
            false => Standing::Disabled,
        }
    }
}

/// Keeps what a person says of services: each a name and its description.
pub(crate) fn keep(
    device: &Device,
    services: &[(String, &App)],
    standing: Standing,
) -> io::Result<()> {
    file(device).change(|lines| {
        for (name, app) in services {
            lines.remove(name);
            lines.remove(&enabled(name));
            match (standing, is_enabled_by_its_snap(app)) {
                (Standing::Enabled, false) => lines.insert(enabled(name)),
                (Standing::Disabled, true) => lines.insert(name.clone()),
                (Standing::Enabled, true) | (Standing::Disabled, false) => true,
            };
        }
    })
}

/// Forgets what was said of a snap's services.
pub(crate) fn forget(device: &Device, snap: &str) -> io::Result<()> {
    file(device).change(|lines| {
        lines.retain(|line| line.split_once('.').is_none_or(|(name, _)| name != snap));
    })
}

fn file(device: &Device) -> Lines {
    Lines::in_file(device.disabled_services())
}

fn enabled(name: &str) -> String {
    format!("{name} enabled")
}

fn is_enabled_by_its_snap(app: &App) -> bool {
    let service = app.service.as_ref();
    service.is_some_and(|service| service.install_mode == InstallMode::Enable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use snap_format::SnapYaml;

    const YAML: &[u8] = b"name: web\nversion: 1\napps:\n  on: {command: a, daemon: simple}\n  \
        off: {command: a, daemon: simple, install-mode: disable}\n";

    #[test]
    fn a_person_is_heard_before_the_snap() {
        let directory = tempfile::tempdir().unwrap();
        let device = Device::at(directory.path());
        let yaml = SnapYaml::parse(YAML).unwrap();
        let [on, off] = ["on", "off"].map(|name| &yaml.apps[&name.parse().unwrap()]);
        let found = || {
            let standings = Standings::read(&device).unwrap();
            [("web.on", on), ("web.off", off)].map(|(name, app)| standings.of(name, app))
        };
        use Standing::{Disabled, Enabled};
        let keep = |name: &str, app, standing| {
            keep(&device, &[(name.to_owned(), app)], standing).unwrap();
        };
        assert_eq!(found(), [Enabled, Disabled]);
        keep("web.on", on, Disabled);
        keep("web.off", off, Enabled);
        assert_eq!(found(), [Disabled, Enabled]);
        // As earlier releases read it, and wrote it.
        let text = std::fs::read_to_string(device.disabled_services()).unwrap();
        assert_eq!(text, "web.off enabled\nweb.on\n");
        keep("web.on", on, Enabled);
        keep("web.off", off, Disabled);
        assert_eq!(found(), [Enabled, Disabled]);
        assert!(Standings::read(&device).unwrap().lines.is_empty());
        keep("web.on", on, Disabled);
        keep("webs.on", on, Disabled);
        forget(&device, "web").unwrap();
        assert_eq!(found(), [Enabled, Disabled]);
        assert_eq!(
            Standings::read(&device).unwrap().of("webs.on", on),
            Disabled
        );
    }
}
