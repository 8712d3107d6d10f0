//! Sockets that are opened before their service: its first caller starts it.
//!
//! A socket that is a file lies in a directory that is the snap's to change. So no link on
//! the way is followed, and what is removed there is a socket.

use crate::places::Places;
use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Uid, chownat, fchmod, openat2, statat,
    unlinkat,
};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with,
};
use snap_format::{Host, Listen, SnapName, Socket};
use std::io::{self, PipeWriter};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::{self, JoinHandle};

const BACKLOG: i32 = 128;

/// The open sockets of a service, in the order of their names.
#[derive(Debug)]
pub(crate) struct Sockets {
    open: Vec<OwnedFd>,
    /// While it is there, somebody listens for callers.
    ear: Option<Ear>,
}

/// A thread that listens, until this is dropped: then it has let go of the sockets.
#[derive(Debug)]
struct Ear {
    pipe: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.pipe = None;
        if let Some(thread) = self.thread.take() {
            // It wakes at once, and tells at most that somebody called.
            let _ = thread.join();
        }
    }
}

/// Whose sockets they are.
pub(crate) struct Owner<'a> {
    pub(crate) snap: &'a SnapName,
    pub(crate) revision: &'a str,
    pub(crate) user: u32,
}

impl Sockets {
    /// Opens them all, or none.
    pub(crate) fn open<'a>(
        places: &Places,
        owner: &Owner<'_>,
        sockets: impl Iterator<Item = &'a Socket>,
    ) -> Result<Self> {
        let open: Result<Vec<_>> = sockets
            .map(|socket| open_one(places, owner, socket))
            .collect();
        Ok(Self {
            open: open?,
            ear: None,
        })
    }

    /// How many there are.
    pub(crate) fn number(&self) -> usize {
        self.open.len()
    }

    /// Calls `called` once, from a thread, when the next caller is there.
    pub(crate) fn listen(&mut self, called: impl FnOnce() + Send + 'static) -> Result<()> {
        let (reader, writer) = std::io::pipe()?;
        let open: Result<Vec<_>, _> = self.open.iter().map(OwnedFd::try_clone).collect();
        let open = open?;
        let thread = thread::spawn(move || {
            let mut files = vec![PollFd::new(&reader, PollFlags::IN)];
            files.extend(open.iter().map(|file| PollFd::new(file, PollFlags::IN)));
            while let Err(rustix::io::Errno::INTR) = poll(&mut files, None) {}
            // The pipe ends when nobody wants to know any more.
            if files[0].revents().is_empty() {
                called();
            }
        });
        self.ear = Some(Ear {
            pipe: Some(writer),
            thread: Some(thread),
        });
        Ok(())
    }

    /// Listens no more, and makes the standard input that brings them to `snap-run`.
    pub(crate) fn hand_over(&mut self) -> io::Result<Stdio> {
        self.ear = None;
        Ok(Stdio::from(snap_run::hand_over(&self.open)?))
    }
}

fn open_one(places: &Places, owner: &Owner<'_>, socket: &Socket) -> Result<OwnedFd> {
    match &socket.listen {
        Listen::Path(path) => open_file(places, owner, path, socket.mode),
        Listen::Abstract(name) => {
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            let listener = UnixListener::bind_addr(&address);
            Ok(listener
                .with_context(|| format!("cannot listen at @{name}"))?
                .into())
        }
        Listen::Port { host, port } => open_port(*host, *port),
    }
}

fn open_port(host: Option<Host>, port: u16) -> Result<OwnedFd> {
    let any_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let any_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    // IPv6 sockets take callers of both, where there is IPv6.
    let addresses: &[SocketAddr] = match host {
        None => &[any_v6, any_v4],
        Some(Host::AnyV6) => &[any_v6],
        Some(Host::LoopbackV4) => &[(Ipv4Addr::LOCALHOST, port).into()],
        Some(Host::LoopbackV6) => &[(Ipv6Addr::LOCALHOST, port).into()],
    };
    let listener = TcpListener::bind(addresses);
    Ok(listener
        .with_context(|| format!("cannot listen at port {port}"))?
        .into())
}

/// Below a directory of the snap's data, which the path names by its variable.
fn open_file(places: &Places, owner: &Owner<'_>, path: &str, mode: Option<u32>) -> Result<OwnedFd> {
    let (root, inner) = place_of(places, owner, path)?;
    let inner = Path::new(&inner);
    let (Some(name), Some(parent)) = (inner.file_name(), inner.parent()) else {
        bail!("cannot listen at {path}: it is a directory");
    };
    let directory = OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC;
    let root = rustix::fs::openat(CWD, &root, directory, Mode::empty())
        .with_context(|| format!("cannot listen at {path}"))?;
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let parent = openat2(&root, parent, directory, Mode::empty(), within)
        .with_context(|| format!("cannot listen at {path}: its directory is missing, or a link"))?;
    match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::Socket => {
            unlinkat(&parent, name, AtFlags::empty())?;
        }
        Ok(_) => bail!("cannot listen at {path}: something else is there; remove it"),
        Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error).with_context(|| format!("cannot listen at {path}")),
    }
    let kind = (
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
    );
    let socket = socket_with(kind.0, kind.1, kind.2, None)?;
    // It becomes the mode of the file, if our mask lets it.
    fchmod(&socket, Mode::from_raw_mode(mode.unwrap_or(0o666)))?;
    let by_number = Path::new("/proc/self/fd").join(parent.as_raw_fd().to_string());
    bind(&socket, &SocketAddrUnix::new(by_number.join(name))?)
        .with_context(|| format!("cannot listen at {path}"))?;
    let (user, group) = (Uid::from_raw(owner.user), Gid::from_raw(owner.user));
    chownat(
        &parent,
        name,
        Some(user),
        Some(group),
        AtFlags::SYMLINK_NOFOLLOW,
    )?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn place_of(places: &Places, owner: &Owner<'_>, path: &str) -> Result<(PathBuf, String)> {
    let data = places.device.data(owner.snap, owner.revision);
    for (variable, root) in [
        ("$SNAP_DATA/", data),
        ("$SNAP_COMMON/", places.device.common_data(owner.snap)),
    ] {
        if let Some(inner) = path.strip_prefix(variable) {
            return Ok((root, inner.to_owned()));
        }
    }
    bail!("cannot listen at {path}: nobody outside sees it there; use $SNAP_COMMON")
}
