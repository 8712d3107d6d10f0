//! Notices wishes that come, and a store that is another one.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    /// So long nothing came.
    Nothing,
    /// A file in one of the places got its name.
    AFile,
}

/// Watches for files that are put whole into their places.
pub(super) struct Watch {
    events: OwnedFd,
    wishes: i32,
    settings: &'static str,
}

impl Watch {
    /// Of what is put into `wishes`, and of the file `settings` in `own`.
    pub(super) fn start(wishes: &Path, own: &Path, settings: &'static str) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&events, own, WatchFlags::MOVED_TO)?;
        Ok(Self {
            wishes: inotify::add_watch(&events, wishes, WatchFlags::MOVED_TO)?,
            events,
            settings,
        })
    }

    /// At most so long.
    pub(super) fn wait(&self, time: Duration) -> io::Result<Noticed> {
        let end = Instant::now() + time;
        loop {
            if self.has_noticed() {
                return Ok(Noticed::AFile);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Noticed::Nothing);
            }
            let timeout = Timespec::try_from(left).ok();
            let mut events = [PollFd::new(&self.events, PollFlags::IN)];
            match poll(&mut events, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Forgets all that was noticed so far.
    fn has_noticed(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.events, &mut buffer);
        let mut noticed = false;
        while let Ok(event) = events.next() {
            let name = event.file_name().map(CStr::to_bytes);
            noticed |= event.wd() == self.wishes || name == Some(self.settings.as_bytes());
        }
        noticed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_wish_and_other_settings_are_noticed_and_nothing_else_is() {
        let own = tempfile::tempdir().unwrap();
        let wishes = own.path().join("wanted");
        fs::create_dir(&wishes).unwrap();
        let watch = Watch::start(&wishes, own.path(), "updates.toml").unwrap();
        let put = |path: &Path| {
            let new = path.with_extension("new");
            fs::write(&new, "").unwrap();
            fs::rename(new, path).unwrap();
        };
        for seen in [wishes.join("web.json"), own.path().join("updates.toml")] {
            put(&seen);
            assert_eq!(watch.wait(LONG).unwrap(), Noticed::AFile, "{seen:?}");
        }
        put(&own.path().join("updates.json"));
        fs::remove_file(wishes.join("web.json")).unwrap();
        assert_eq!(watch.wait(Duration::ZERO).unwrap(), Noticed::Nothing);
    }
}
