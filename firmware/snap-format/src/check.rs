//! What in a snap will not run, seen from its files.

use crate::command::Command;
use crate::hook::Hook;
use crate::layout::LayoutSource;
use crate::paths::expand;
use crate::snap_yaml::SnapYaml;
use crate::words::{Confinement, Daemon};
use std::collections::BTreeMap;
use std::fmt;

/// A file in a snap, or in the directory that becomes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// From the top, without a `/` in front.
    pub path: String,
    /// Permissions, with setuid, setgid and the sticky bit.
    pub mode: u16,
    /// What it is.
    pub kind: FileKind,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Bytes.
    File,
    /// Files.
    Directory,
    /// A link.
    Symlink,
    /// A device.
    Device,
    /// A pipe or a socket.
    Channel,
}

/// Something that will not do what its makers mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// A program that runs as another user than who starts it.
    Setuid(String),
    /// A device, pipe or socket.
    Special(String),
    /// An app's program is not there.
    Missing {
        /// Whose.
        app: String,
        /// Where it would be.
        path: String,
    },
    /// What a layout shows of the snap is not there, or is something else.
    Layout {
        /// Where it would be seen.
        place: String,
        /// Where it would be in the snap.
        path: String,
    },
    /// A program or hook that cannot be started.
    NotExecutable(String),
    /// A hook that never runs here.
    UnknownHook(String),
    /// An app that does nothing.
    NoCommand(String),
    /// A service that waits for D-Bus.
    Dbus(String),
    /// A snap that wants to see everything.
    Classic,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setuid(path) => write!(
                f,
                "{path} is setuid or setgid: no snap may change its user; chmod ug-s it"
            ),
            Self::Special(path) => write!(
                f,
                "{path} is a device, a pipe or a socket: it means nothing in a snap; remove it"
            ),
            Self::Missing { app, path } => write!(
                f,
                "the app {app} will not run: there is no {path} in the snap; add it"
            ),
            Self::Layout { place, path } => write!(
                f,
                "no app will run: the layout {place} shows {path}, and the snap has no directory or \
                 file of that kind there, links aside; add it"
            ),
            Self::NotExecutable(path) => {
                write!(f, "{path} will not run: it is not executable; chmod a+x it")
            }
            Self::UnknownHook(path) => write!(
                f,
                "{path} will not run: there are the hooks {}",
                Hook::ALL.map(Hook::as_str).join(", ")
            ),
            Self::NoCommand(app) => {
                write!(
                    f,
                    "the app {app} will not run: it has no command; give it one"
                )
            }
            Self::Dbus(app) => write!(
                f,
                "the service {app} will not run: there is no D-Bus; use daemon: notify"
            ),
            Self::Classic => {
                f.write_str("classic confinement is not given here: the snap runs as a strict one")
            }
        }
    }
}

/// What will not run of the snap `yaml` whose files are `listed`, in order.
pub(crate) fn warnings(yaml: &SnapYaml, listed: &[Listed]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let files: BTreeMap<&str, &Listed> = listed
        .iter()
        .map(|file| (file.path.as_str(), file))
        .collect();
    for file in listed {
        if matches!(file.kind, FileKind::Device | FileKind::Channel) {
            warnings.push(Warning::Special(file.path.clone()));
        }
        if file.kind == FileKind::File && file.mode & 0o6000 != 0 {
            warnings.push(Warning::Setuid(file.path.clone()));
        }
        if let Some(name) = file.path.strip_prefix("meta/hooks/") {
            let known = name.parse::<Hook>().is_ok();
            if !known {
                warnings.push(Warning::UnknownHook(file.path.clone()));
            } else if !runs(file) {
                warnings.push(Warning::NotExecutable(file.path.clone()));
            }
        }
    }
    warnings.extend(unfilled(yaml, &files));
    if yaml.confinement == Confinement::Classic {
        warnings.push(Warning::Classic);
    }
    for (name, app) in &yaml.apps {
        let service = app.service.as_ref();
        if service.is_some_and(|service| service.daemon == Daemon::Dbus) {
            warnings.push(Warning::Dbus(name.to_string()));
        }
        if app.command.is_none() {
            warnings.push(Warning::NoCommand(name.to_string()));
        }
        let own = app.command.iter();
        let others = service.into_iter().flat_map(|service| {
            let others = [
                &service.stop_command,
                &service.reload_command,
                &service.post_stop_command,
            ];
            others.into_iter().flatten()
        });
        let chain = app
            .command_chain
            .iter()
            .map(|link| link.as_str().to_owned());
        for path in own.chain(others).map(Command::program).chain(chain) {
            match files.get(path.as_str()) {
                // A link may lead anywhere, and is not followed.
                Some(file) if runs(file) || file.kind == FileKind::Symlink => {}
                Some(_) => warnings.push(Warning::NotExecutable(path)),
                None => warnings.push(Warning::Missing {
                    app: name.to_string(),
                    path,
                }),
            }
        }
    }
    warnings
}

/// Layouts whose source is in the snap, and is not what they call it.
fn unfilled(yaml: &SnapYaml, files: &BTreeMap<&str, &Listed>) -> Vec<Warning> {
    let own = expand("$SNAP/", yaml.name.as_str());
    let layouts = yaml.layout.iter().filter_map(|(place, layout)| {
        let (path, kind) = match &layout.source {
            LayoutSource::Bind(path) => (path, FileKind::Directory),
            LayoutSource::BindFile(path) => (path, FileKind::File),
            LayoutSource::Symlink(_) | LayoutSource::Tmpfs => return None,
        };
        let path = expand(path, yaml.name.as_str());
        let path = path.strip_prefix(&own)?.to_owned();
        let fills = files
            .get(path.as_str())
            .is_some_and(|file| file.kind == kind);
        (!fills).then(|| Warning::Layout {
            place: place.clone(),
            path,
        })
    });
    layouts.collect()
}

fn runs(file: &Listed) -> bool {
    file.kind == FileKind::File && file.mode & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_of_what_is_not_in_the_snap_is_named() {
        let yaml = "name: a1\nversion: 1\nlayout:\n  \
            /etc/a: {bind-file: $SNAP/file}\n  /etc/b: {bind: $SNAP/directory}\n  \
            /etc/c: {bind: $SNAP_DATA/absent}\n  /etc/d: {symlink: $SNAP/absent}\n  \
            /opt/a: {bind: $SNAP/text}\n  /opt/b: {bind-file: $SNAP/more}\n  \
            /opt/c: {bind: $SNAP/absent}\n  /opt/d: {bind-file: $SNAP/link}\n  \
            /opt/e: {bind: /snap/a1/current/absent}\n  /srv/a: {bind: $SNAP}\n";
        let yaml = SnapYaml::parse(yaml.as_bytes()).unwrap();
        let listed = [
            ("file", FileKind::File),
            ("text", FileKind::File),
            ("directory", FileKind::Directory),
            ("more", FileKind::Directory),
            ("link", FileKind::Symlink),
        ];
        let listed = listed.map(|(path, kind)| Listed {
            path: path.to_owned(),
            mode: 0o755,
            kind,
        });
        let expected = [
            ("/opt/a", "text"),
            ("/opt/b", "more"),
            ("/opt/c", "absent"),
            ("/opt/d", "link"),
            ("/opt/e", "absent"),
        ];
        let expected = expected.map(|(place, path)| Warning::Layout {
            place: place.to_owned(),
            path: path.to_owned(),
        });
        assert_eq!(warnings(&yaml, &listed), expected);
    }
}
