//! Sockets that are opened before their service, which is started by the first who calls.

use crate::error::SnapYamlError;
use crate::names::{SnapName, SocketName};
use crate::paths::{begins_with_variable, is_clean};
use crate::words::DaemonScope;
use crate::yaml::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A socket of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Where it listens.
    pub listen: Listen,
    /// Who may connect, where it is a file.
    pub mode: Option<u32>,
}

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A file below a variable, as in `$SNAP_COMMON/web.socket`.
    Path(String),
    /// A name without a file, as in `@snap.hello.web`; without the `@`.
    Abstract(String),
    /// A TCP port.
    Port {
        /// At which address; everywhere if there is none.
        host: Option<Host>,
        /// Never 0.
        port: u16,
    },
}

/// The addresses that a socket may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// `127.0.0.1`
    LoopbackV4,
    /// `[::1]`
    LoopbackV6,
    /// `[::]`
    AnyV6,
}

/// A place where a snap cannot listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketError {
    /// It is not said where.
    Nowhere,
    /// A file in another place than the snap's own.
    Path(String),
    /// A name that is another snap's.
    Abstract(String),
    /// No port of a known address.
    Port(String),
    /// Bits that a file's mode does not have.
    Mode(i64),
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("listen-stream is missing; say where the socket listens"),
            Self::Path(path) => write!(
                f,
                "cannot listen at {path:?}: begin it with $SNAP_DATA/, $SNAP_COMMON/ or \
                 $XDG_RUNTIME_DIR/ (of a person's service: $SNAP_USER_DATA/, $SNAP_USER_COMMON/), \
                 without . and .. behind it"
            ),
            Self::Abstract(name) => write!(
                f,
                "cannot listen at {name:?}: begin it with @snap., the snap's name and a dot"
            ),
            Self::Port(text) => write!(
                f,
                "cannot listen at {text:?}: give a port from 1 to 65535, with 127.0.0.1:, [::1]: \
                 or [::]: before it if need be"
            ),
            Self::Mode(mode) => write!(f, "cannot use the mode {mode:o}: give 0000 to 0777"),
        }
    }
}

impl std::error::Error for SocketError {}

/// Reads the sockets of an app.
pub(crate) fn read_sockets(
    app: &Map<'_>,
    snap: &SnapName,
    scope: Option<DaemonScope>,
) -> Result<BTreeMap<SocketName, Socket>, SnapYamlError> {
    let mut sockets = BTreeMap::new();
    for (name, value) in app.entries_of("sockets")? {
        let name = name.parse().map_err(|error| {
            let error: crate::names::NameError = error;
            value.refuse(error)
        })?;
        sockets.insert(name, read_socket(&value, snap, scope)?);
    }
    Ok(sockets)
}

fn read_socket(
    value: &Value<'_>,
    snap: &SnapName,
    scope: Option<DaemonScope>,
) -> Result<Socket, SnapYamlError> {
    let map = value.map()?;
    let address = map.text("listen-stream")?.unwrap_or_default();
    let listen = parse_listen(&address, snap, scope.unwrap_or(DaemonScope::System));
    let listen = listen.map_err(|error| map.refuse_key("listen-stream", error))?;
    let mode = match map.get("socket-mode") {
        Some(value) => value.integer()?,
        None => None,
    };
    let mode = mode.map(|mode| match u32::try_from(mode) {
        Ok(bits @ ..=0o777) => Ok(bits),
        _ => Err(map.refuse_key("socket-mode", SocketError::Mode(mode))),
    });
    Ok(Socket {
        listen,
        mode: mode.transpose()?,
    })
}

fn parse_listen(text: &str, snap: &SnapName, scope: DaemonScope) -> Result<Listen, SocketError> {
    let allowed: &[&str] = match scope {
        DaemonScope::System => &["SNAP_DATA", "SNAP_COMMON", "XDG_RUNTIME_DIR"],
        DaemonScope::User => &["SNAP_USER_DATA", "SNAP_USER_COMMON", "XDG_RUNTIME_DIR"],
    };
    match text.as_bytes() {
        [] => Err(SocketError::Nowhere),
        [b'/' | b'$', ..] if is_clean(text) && begins_with_variable(text, allowed) => {
            Ok(Listen::Path(text.to_owned()))
        }
        [b'/' | b'$', ..] => Err(SocketError::Path(text.to_owned())),
        [b'@', ..] => match text.strip_prefix(&format!("@snap.{snap}.")) {
            Some(_) => Ok(Listen::Abstract(text.trim_start_matches('@').to_owned())),
            None => Err(SocketError::Abstract(text.to_owned())),
        },
        _ => parse_port(text).ok_or_else(|| SocketError::Port(text.to_owned())),
    }
}

fn parse_port(text: &str) -> Option<Listen> {
    let (host, port) = match text.rsplit_once(':') {
        None => (None, text),
        Some(("127.0.0.1", port)) => (Some(Host::LoopbackV4), port),
        Some(("[::1]", port)) => (Some(Host::LoopbackV6), port),
        Some(("[::]", port)) => (Some(Host::AnyV6), port),
        Some(_) => return None,
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port > 0)?;
    Some(Listen::Port { host, port })
}
