//! Every call that leaves the crate, counted, and one of them going wrong.

use crate::device::Device;
use snap_format::Hook;
use snap_store::{
    DiskFiles, Files, Installed, Mounts, Runtime, RuntimeError, Source, SourceError, Sources,
    VerifiedImage,
};
use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It says so and does nothing.
    Refused(Errno),
    /// So does every call behind it, until the program starts again.
    RefusedFromHere(Errno),
    /// It says so, and is done all the same.
    Lied(Errno),
    /// The program ends before it.
    CutBefore,
    /// In it, where it can be done in part.
    CutWithin,
    /// The program ends behind it.
    CutAfter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errno {
    Io,
    NoSpace,
}

impl Errno {
    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(match self {
            Self::Io => 5,
            Self::NoSpace => 28,
        })
    }
}

/// What a cut unwinds with.
pub(crate) struct Cut;

/// The device below, whose calls are counted; one of them goes wrong.
pub(crate) struct Faulty<'a> {
    device: &'a Device,
    calls: AtomicUsize,
    fault: Option<(usize, Fault)>,
}

impl<'a> Faulty<'a> {
    pub(crate) fn new(device: &'a Device, fault: Option<(usize, Fault)>) -> Self {
        Self {
            device,
            calls: AtomicUsize::new(0),
            fault,
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn fault(&self) -> Option<Fault> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let (at, fault) = self.fault?;
        let goes_on = matches!(fault, Fault::RefusedFromHere(_));
        (call == at || goes_on && call > at).then_some(fault)
    }

    fn call<R>(&self, act: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.call_in_part(act, || ())
    }

    fn call_in_part<R>(
        &self,
        act: impl FnOnce() -> io::Result<R>,
        part: impl FnOnce(),
    ) -> io::Result<R> {
        match self.fault() {
            None => act(),
            Some(Fault::Refused(errno) | Fault::RefusedFromHere(errno)) => Err(errno.error()),
            Some(Fault::Lied(errno)) => {
                act()?;
                Err(errno.error())
            }
            Some(Fault::CutBefore) => resume_unwind(Box::new(Cut)),
            Some(Fault::CutWithin) => {
                part();
                resume_unwind(Box::new(Cut))
            }
            Some(Fault::CutAfter) => {
                let _ = act();
                resume_unwind(Box::new(Cut))
            }
        }
    }
}

impl Files for Faulty<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.call(|| DiskFiles.read(path))
    }
    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.call(|| DiskFiles.exists(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.call(|| DiskFiles.list(path))
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        self.call(|| DiskFiles.open(path))
    }
    fn open_to_write(&self, path: &Path) -> io::Result<File> {
        self.call(|| DiskFiles.open_to_write(path))
    }
    fn write_at(&self, file: &File, offset_bytes: u64, bytes: &[u8]) -> io::Result<()> {
        self.call_in_part(
            || DiskFiles.write_at(file, offset_bytes, bytes),
            || {
                let _ = DiskFiles.write_at(file, offset_bytes, &bytes[..bytes.len() / 2]);
            },
        )
    }
    fn set_length(&self, file: &File, length_bytes: u64) -> io::Result<()> {
        self.call(|| DiskFiles.set_length(file, length_bytes))
    }
    fn flush(&self, file: &File) -> io::Result<()> {
        self.call(|| DiskFiles.flush(file))
    }
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call_in_part(
            || DiskFiles.replace(path, bytes),
            || {
                let name = path.file_name().unwrap().to_str().unwrap();
                let _ = std::fs::write(path.with_file_name(format!(".{name}.new")), &bytes[..3]);
            },
        )
    }
    fn replace_link(&self, path: &Path, target: &Path) -> io::Result<()> {
        self.call_in_part(
            || DiskFiles.replace_link(path, target),
            || {
                let name = path.file_name().unwrap().to_str().unwrap();
                let new = path.with_file_name(format!(".{name}.new"));
                let _ = std::os::unix::fs::symlink(target, new);
            },
        )
    }
    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.call(|| DiskFiles.read_link(path))
    }
    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.call(|| DiskFiles.make_directory(path))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|| DiskFiles.rename(from, to))
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(|| DiskFiles.remove_file(path))
    }
    fn remove_if_empty(&self, path: &Path) -> io::Result<()> {
        self.call(|| DiskFiles.remove_if_empty(path))
    }
    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.call_in_part(
            || DiskFiles.remove_tree(path),
            || {
                if let Some(Ok(first)) = std::fs::read_dir(path).ok().and_then(|mut all| all.next())
                {
                    let _ = std::fs::remove_file(first.path());
                }
            },
        )
    }
    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call_in_part(
            || DiskFiles.copy_tree(from, to),
            || {
                let _ = std::fs::create_dir(to);
                let _ = std::fs::write(to.join("data"), "torn");
            },
        )
    }
    fn tree_bytes(&self, path: &Path) -> io::Result<u64> {
        self.call(|| DiskFiles.tree_bytes(path))
    }
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let told = *self.device.free_bytes.lock().unwrap();
        self.call(|| told.map_or_else(|| DiskFiles.free_bytes(path), Ok))
    }
}

impl Mounts for Faulty<'_> {
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        self.call(|| self.device.mount(image, at))
    }
    fn unmount(&self, at: &Path) -> io::Result<()> {
        self.call(|| self.device.unmount(at))
    }
    fn met_damage(&self, name: &str) -> bool {
        self.device.met_damage(name)
    }
}

impl Faulty<'_> {
    fn program(&self, act: impl FnOnce() -> Result<(), RuntimeError>) -> Result<(), RuntimeError> {
        let called = self.call(|| act().map_err(|error| io::Error::other(error.0)));
        called.map_err(|error| RuntimeError(error.to_string()))
    }
}

impl Runtime for Faulty<'_> {
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.program(|| self.device.start_services(snap))
    }
    fn stop(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.program(|| self.device.stop_services(snap))
    }
    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        self.program(|| self.device.hook(snap, hook))
    }
}

impl Sources for Faulty<'_> {
    fn open<'a>(
        &'a self,
        address: &str,
        held: Vec<File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        let opened = self.call(|| Ok(self.device.line(address, &held)));
        opened.map_err(|error| SourceError(error.to_string()))
    }
}
