//! The subsystem `sftp`, which `sftp` and `scp` use: a program of the user's in a process of
//! its own, between standard input and output. It is this program with the word `sftp`; the
//! protocol is russh-sftp's, and what is done with files is here.
//!
//! It reads and writes what its user may read and write, and is nobody's else: root does not
//! log in.

mod attributes;
mod open;

use anyhow::{Context, Result, ensure};
use open::{Handles, OpenError};
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, Packet, Status, StatusCode, Version,
};
use russh_sftp::server::{Handler, StatusReply};
use rustix::fs::{CWD, RenameFlags};
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, symlink};
use std::path::{Path, PathBuf};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::oneshot;

/// What this program is started with.
pub(crate) const WORD: &str = "sftp";

/// The longest answer to one read: what a packet may have in it.
const LONGEST_READ: u32 = 255 << 10;

/// A rename that takes another file's place, as rename(2) does.
const RENAME_OVER: &str = "posix-rename@openssh.com";
const HARD_LINK: &str = "hardlink@openssh.com";
const FLUSH: &str = "fsync@openssh.com";

/// Serves until the client has no more to say.
///
/// # Errors
/// There are no pipes, or they are root's.
pub(crate) fn serve() -> Result<()> {
    ensure!(
        !rustix::process::geteuid().is_root(),
        "files are served to a user who has logged in, and root does not"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot wait for requests")?;
    runtime.block_on(async {
        let input = Receiver::from_owned_fd(rustix::stdio::stdin().as_fd().try_clone_to_owned()?)?;
        let output = Sender::from_owned_fd(rustix::stdio::stdout().as_fd().try_clone_to_owned()?)?;
        let (open, ended) = oneshot::channel();
        let files = Files {
            handles: Handles::default(),
            _open: open,
        };
        russh_sftp::server::run(tokio::io::join(input, output), files).await;
        // The sender goes with the files, when the last request is answered.
        let _ = ended.await;
        Ok(())
    })
}

/// The files of the user.
struct Files {
    handles: Handles,
    _open: oneshot::Sender<()>,
}

/// What is told when something is not done.
struct Refused(StatusReply);

impl From<Refused> for StatusReply {
    fn from(Refused(reply): Refused) -> Self {
        reply
    }
}

impl From<StatusCode> for Refused {
    fn from(code: StatusCode) -> Self {
        Self(code.into())
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            ErrorKind::NotFound => StatusCode::NoSuchFile,
            ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
            _ => StatusCode::Failure,
        };
        Self(code.with_message(error.to_string()))
    }
}

impl From<OpenError> for Refused {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error.into(),
            error => Self(StatusCode::Failure.with_message(error.to_string())),
        }
    }
}

type Reply<T> = Result<T, Refused>;

fn done(id: u32, outcome: io::Result<()>) -> Reply<Status> {
    outcome?;
    Ok(Status {
        id,
        status_code: StatusCode::Ok,
        error_message: String::new(),
        language_tag: String::new(),
    })
}

fn one_name(id: u32, path: &Path) -> Name {
    Name {
        id,
        files: vec![File::dummy(path.to_string_lossy())],
    }
}

/// Without links and dots. The last word of it may not be there yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.file_name()) {
        (Err(error), Some(name)) if error.kind() == ErrorKind::NotFound => {
            let parent = path
                .parent()
                .filter(|parent| parent.iter().next().is_some());
            Ok(fs::canonicalize(parent.unwrap_or(Path::new(".")))?.join(name))
        }
        (found, _) => found,
    }
}

/// A text at the start of `bytes`, and what is behind it.
fn text(bytes: &[u8]) -> Reply<(&str, &[u8])> {
    let split = bytes.split_first_chunk::<4>().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.split_at_checked(length)
    });
    let (text, rest) = split.ok_or(StatusCode::BadMessage)?;
    let text = str::from_utf8(text).map_err(|_| StatusCode::BadMessage)?;
    Ok((text, rest))
}

impl Handler for Files {
    type Error = Refused;

    fn unimplemented(&self) -> Refused {
        StatusCode::OpUnsupported.into()
    }

    async fn init(&mut self, _version: u32, _: HashMap<String, String>) -> Reply<Version> {
        let mut version = Version::new();
        for name in [RENAME_OVER, HARD_LINK, FLUSH] {
            version.extensions.insert(name.to_owned(), "1".to_owned());
        }
        Ok(version)
    }

    async fn open(
        &mut self,
        id: u32,
        filename: String,
        pflags: OpenFlags,
        attrs: FileAttributes,
    ) -> Reply<Handle> {
        let handle = self
            .handles
            .open_file(Path::new(&filename), pflags, &attrs)?;
        Ok(Handle { id, handle })
    }

    async fn close(&mut self, id: u32, handle: String) -> Reply<Status> {
        self.handles.close(&handle)?;
        done(id, Ok(()))
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, len: u32) -> Reply<Data> {
        let file = self.handles.file(&handle)?;
        let mut data = vec![0; usize::try_from(len.min(LONGEST_READ)).unwrap_or_default()];
        let length = file.read_at(&mut data, offset)?;
        if length == 0 {
            return Err(StatusCode::Eof.into());
        }
        data.truncate(length);
        Ok(Data { id, data })
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Reply<Status> {
        done(id, self.handles.file(&handle)?.write_all_at(&data, offset))
    }

    async fn lstat(&mut self, id: u32, path: String) -> Reply<Attrs> {
        let attrs = attributes::of(&fs::symlink_metadata(path)?);
        Ok(Attrs { id, attrs })
    }

    async fn stat(&mut self, id: u32, path: String) -> Reply<Attrs> {
        let attrs = attributes::of(&fs::metadata(path)?);
        Ok(Attrs { id, attrs })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Reply<Attrs> {
        let attrs = attributes::of(&self.handles.file(&handle)?.metadata()?);
        Ok(Attrs { id, attrs })
    }

    async fn setstat(&mut self, id: u32, path: String, attrs: FileAttributes) -> Reply<Status> {
        done(id, attributes::set(Path::new(&path), &attrs))
    }

    async fn fsetstat(&mut self, id: u32, handle: String, attrs: FileAttributes) -> Reply<Status> {
        let file = self.handles.file(&handle)?;
        done(id, attributes::set_of_file(file, &attrs))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Reply<Handle> {
        let handle = self.handles.open_directory(Path::new(&path))?;
        Ok(Handle { id, handle })
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Reply<Name> {
        let files = self.handles.next_entries(&handle)?;
        match files.is_empty() {
            true => Err(StatusCode::Eof.into()),
            false => Ok(Name { id, files }),
        }
    }

    async fn remove(&mut self, id: u32, filename: String) -> Reply<Status> {
        done(id, fs::remove_file(filename))
    }

    async fn mkdir(&mut self, id: u32, path: String, attrs: FileAttributes) -> Reply<Status> {
        let mode = attrs.permissions.unwrap_or(0o777) & 0o777;
        done(id, fs::DirBuilder::new().mode(mode).create(path))
    }

    async fn rmdir(&mut self, id: u32, path: String) -> Reply<Status> {
        done(id, fs::remove_dir(path))
    }

    async fn realpath(&mut self, id: u32, path: String) -> Reply<Name> {
        let path = if path.is_empty() { "." } else { &path };
        Ok(one_name(id, &real_path(Path::new(path))?))
    }

    /// Takes no other file's place: version 3 has it so.
    async fn rename(&mut self, id: u32, oldpath: String, newpath: String) -> Reply<Status> {
        let renamed =
            rustix::fs::renameat_with(CWD, &*oldpath, CWD, &*newpath, RenameFlags::NOREPLACE);
        done(id, renamed.map_err(io::Error::from))
    }

    async fn readlink(&mut self, id: u32, path: String) -> Reply<Name> {
        Ok(one_name(id, &fs::read_link(path)?))
    }

    /// OpenSSH's client, and so everybody, says first where the link leads.
    async fn symlink(&mut self, id: u32, leads_to: String, link: String) -> Reply<Status> {
        done(id, symlink(leads_to, link))
    }

    async fn extended(&mut self, id: u32, request: String, data: Vec<u8>) -> Reply<Packet> {
        let (first, rest) = text(&data)?;
        let outcome = match &*request {
            RENAME_OVER => fs::rename(first, text(rest)?.0),
            HARD_LINK => fs::hard_link(first, text(rest)?.0),
            FLUSH => self.handles.file(first)?.sync_all(),
            _ => return Err(self.unimplemented()),
        };
        Ok(Packet::Status(done(id, outcome)?))
    }
}
