//! The socket that the API is served on: everybody on the device may connect, and nobody can
//! hurt the daemon by it.
//!
//! Each connection has a thread. There are so many for the administrator and so many for
//! everybody else, so that nobody keeps the administrator out. How long a request and an
//! answer may take says [`Patience`], how long they may be says [`crate::api::request`].

mod body;
mod connection;
mod log_stream;

use crate::api::{Api, ApiError, Peer};
use connection::Connection;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Where snapd's clients look for it.
pub const PATH: &str = "/run/snapd.socket";
/// Where programs of snaps find it, outside and inside: alone in a directory that they see.
pub const OF_SNAPS: &str = "/run/snapctl/socket";

/// From a request's first byte to its last, and how long a connection may be idle.
const REQUEST: Duration = Duration::from_secs(15);
/// From an answer's first byte to its last.
const ANSWER: Duration = Duration::from_secs(15);
/// Connections of the administrator at a time, and of everybody else.
const OF_ADMINISTRATOR: usize = 16;
const OF_OTHERS: usize = 32;
/// Of those of snaps, one snap's: it keeps no other out.
const OF_A_SNAP: usize = 8;
/// Of the administrator's, those that follow logs: they stay.
const OF_FOLLOWERS: usize = 8;
/// The kernel has no room for a connection: a moment later it may.
const NO_ROOM: Duration = Duration::from_millis(200);

/// How patient a connection is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// With a request, and between two of them.
    pub request: Duration,
    /// With a client that takes its answer.
    pub answer: Duration,
}

impl Patience {
    /// Enough for a loaded device, and not for somebody who does nothing.
    pub const OF_A_DAEMON: Self = Self {
        request: REQUEST,
        answer: ANSWER,
    };
}

/// The socket, ready to be served.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens at `path`. A socket that nobody listens at is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::AddrInUse`]: another daemon listens there, or it is no socket. Or the
    /// file system's.
    pub fn bind(path: &Path) -> Result<Self> {
        if let Ok(found) = fs::symlink_metadata(path) {
            let is_served = UnixStream::connect(path).is_ok();
            if is_served || !found.file_type().is_socket() {
                let message = "something else is there; end the other snappyd";
                return Err(Error::new(ErrorKind::AddrInUse, message));
            }
            fs::remove_file(path)?;
        }
        if let Some(directory) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o755).create(directory)?;
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o666))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves for ever.
    pub fn serve(&self, api: &Api, patience: Patience) -> ! {
        let trusted = Seats::new(OF_ADMINISTRATOR, OF_ADMINISTRATOR);
        let others = match api.is_for_snaps() {
            true => Seats::new(OF_OTHERS, OF_A_SNAP),
            false => Seats::new(OF_OTHERS, OF_OTHERS),
        };
        let followers = Arc::new(Seats::new(OF_FOLLOWERS, OF_FOLLOWERS));
        let uploads = AtomicU64::new(1);
        loop {
            let Ok((stream, _)) = self.listener.accept() else {
                thread::sleep(NO_ROOM);
                continue;
            };
            let Ok(credentials) = rustix::net::sockopt::socket_peercred(&stream) else {
                continue;
            };
            let peer = Peer {
                uid: credentials.uid.as_raw(),
            };
            let seats = if api.trusts(peer) { &trusted } else { &others };
            let number = uploads.fetch_add(1, Ordering::Relaxed);
            let upload = api
                .uploads(peer)
                .map(|all| all.join(format!("upload-{number}")));
            let mut connection = Connection::new(stream, patience, upload, Arc::clone(&followers));
            let Some(seat) = seats.take(peer) else {
                connection.refuse(ApiError::new(503, "cannot answer: too many connections"));
                continue;
            };
            let api = api.clone();
            let serve = move || {
                connection.serve(|request| api.answer(request, peer));
                drop(seat);
            };
            // Without a thread the client sees that the connection ends.
            let _ = thread::Builder::new()
                .name("client".to_owned())
                .spawn(serve);
        }
    }
}

/// How many more may connect, and how many of one user's.
struct Seats {
    taken: Arc<Mutex<BTreeMap<u32, usize>>>,
    all: usize,
    of_one: usize,
}

/// One of them. Dropping it leaves it to somebody else.
struct Seat {
    taken: Arc<Mutex<BTreeMap<u32, usize>>>,
    user: u32,
}

impl Seats {
    fn new(all: usize, of_one: usize) -> Self {
        Self {
            taken: Arc::default(),
            all,
            of_one,
        }
    }

    fn take(&self, peer: Peer) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let of_user = taken.entry(peer.uid).or_default();
        if all >= self.all || *of_user >= self.of_one {
            return None;
        }
        *of_user += 1;
        Some(Seat {
            taken: Arc::clone(&self.taken),
            user: peer.uid,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut of_user) = taken.entry(self.user) {
            match of_user.get() {
                0 | 1 => drop(of_user.remove()),
                more => *of_user.get_mut() = more - 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_keeps_no_other_out() {
        let seats = Seats::new(5, 3);
        let (one, other) = (Peer { uid: 20_000 }, Peer { uid: 20_001 });
        let taken: Vec<_> = (0..4).map(|_| seats.take(one)).collect();
        assert_eq!(taken.iter().flatten().count(), 3);
        let second: Vec<_> = (0..3).map(|_| seats.take(other)).collect();
        assert_eq!(second.iter().flatten().count(), 2);
        drop(taken);
        assert!(seats.take(other).is_some());
        assert!(seats.take(one).is_some());
    }
}
