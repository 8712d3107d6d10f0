//! Tells when the owner's `ssh.toml` may have changed.

use accounts::Places;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Readable whenever something in the owner's directory got its name, or lost it.
pub(crate) struct SettingsWatch(OwnedFd);

impl SettingsWatch {
    /// Watches from now on.
    pub(crate) fn start(places: &Places) -> io::Result<Self> {
        std::fs::create_dir_all(&places.owner)?;
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let flags = WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::CLOSE_WRITE;
        inotify::add_watch(&watch, &places.owner, flags)?;
        Ok(Self(watch))
    }

    /// Forgets what happened up to now. Never blocks.
    pub(crate) fn drain(&self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        while events.next().is_ok() {}
    }
}

impl AsFd for SettingsWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
