//! What is to be run, and how far it may see: a plain description.

use crate::limits::Limits;
use crate::plug::Plug;
use crate::user::UserId;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

/// One program of a snap, and everything that it may have.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The snap's name: a good one, as `snap-format` has it.
    pub snap: String,
    /// The name of the app or hook: it names the control group.
    pub app: String,
    /// Its revision, as in `/snap/NAME/REVISION`.
    pub revision: String,
    /// How much of the confinement is in force.
    pub mode: Mode,
    /// The snap's own user, and group.
    pub user: UserId,
    /// Where its files come from.
    pub sources: Sources,
    /// What its plugs give it.
    pub plugs: BTreeSet<Plug>,
    /// Device nodes that a person gave it, such as `/dev/ttyUSB0`.
    pub devices: Vec<PathBuf>,
    /// Directories that it shares with other snaps.
    pub shared: Vec<Shared>,
    /// Places of its view that it has filled itself.
    pub layout: Vec<LayoutEntry>,
    /// What the whole snap may use up.
    pub limits: Limits,
    /// A socket that hears when it is ready: `NOTIFY_SOCKET` leads there.
    pub notify: Option<PathBuf>,
    /// Open sockets of the calling process that it inherits, as file descriptor 3 and up.
    pub inherited_sockets: Vec<RawFd>,
    /// When it counts as ended.
    pub lifetime: Lifetime,
    /// What is executed.
    pub program: Program,
}

/// Where the parts of its view are outside. Inside they have fixed places.
#[derive(Clone, Debug)]
pub struct Sources {
    /// A tree whose programs and libraries it sees at `/`: a base snap's, or the system's.
    pub base: PathBuf,
    /// The snap's own tree: at `/snap/NAME/REVISION`, and `current`.
    pub snap: PathBuf,
    /// Data of the revision: at `/var/snap/NAME/REVISION`.
    pub data: PathBuf,
    /// Data of all revisions: at `/var/snap/NAME/common`.
    pub common: PathBuf,
    /// The program by which it asks the device about itself: `snapctl` in
    /// [`CONTROL_DIRECTORY`].
    pub control: Option<PathBuf>,
}

/// Where a snap finds `snapctl`, whatever its base is.
pub const CONTROL_DIRECTORY: &str = "/snap/bin";

/// A directory that a snap shares with others: a slot of a framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Outside.
    pub source: PathBuf,
    /// Inside, below `/run`.
    pub at: PathBuf,
    /// What the snap does there.
    pub side: Side,
}

/// The side of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It makes sockets and files there.
    Offers,
    /// It connects to the sockets and reads the files.
    Plugs,
}

/// A place of its view that a snap has filled. No two are in each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutEntry {
    /// The place, inside.
    pub at: PathBuf,
    /// What is seen there.
    pub source: LayoutSource,
    /// The mode of what is made for it: in memory, or in the snap's data. The snap's user owns
    /// that.
    pub mode: u32,
}

/// What is seen at a place. Paths are those inside, below the snap's directory or one of its
/// data; what is missing of the data is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutSource {
    /// A directory.
    Directory(PathBuf),
    /// A file.
    File(PathBuf),
    /// A symbolic link with this text.
    Link(PathBuf),
    /// An empty directory in memory.
    Memory,
}

/// How much of the confinement is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it.
    Strict,
    /// For who writes a snap, and only when a person said so: the filters of system calls
    /// and of devices, Landlock and the network of its own are left out. User, namespaces,
    /// `no_new_privs` and limits stay: it is never root.
    Devmode,
}

/// When a program counts as ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// With its first process: what that left running is ended.
    FirstProcess,
    /// With its last one. When the first one ends well, it is ready, and says so to the
    /// socket `notify`.
    LastProcess,
}

/// What is executed.
#[derive(Clone, Debug)]
pub struct Program {
    /// By its path inside.
    pub path: PathBuf,
    /// Without the program itself.
    pub arguments: Vec<OsString>,
    /// All of its environment but what confinement adds.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts, inside.
    pub directory: PathBuf,
}

impl Sandbox {
    /// `/snap/NAME/REVISION`.
    #[must_use]
    pub fn snap_directory(&self) -> PathBuf {
        PathBuf::from("/snap").join(&self.snap).join(&self.revision)
    }

    /// `/var/snap/NAME/REVISION`.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        PathBuf::from("/var/snap")
            .join(&self.snap)
            .join(&self.revision)
    }

    /// `/var/snap/NAME/common`.
    #[must_use]
    pub fn common_directory(&self) -> PathBuf {
        PathBuf::from("/var/snap").join(&self.snap).join("common")
    }
}
