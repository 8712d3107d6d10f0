//! Snap files: what `meta/snap.yaml` says, and the squashfs that it lies in.
//!
//! Whoever has a [`SnapYaml`] has read a good one: names, epochs, timers and the like are
//! types of their own. The verdicts are snapd's, and docs/making-snaps.md lists where they
//! differ; `snap-interop` holds both against each other.
//!
//! Nothing here installs, runs or confines. Bytes come from people that nobody vouches for:
//! everything has a bound, and no path is followed.
#![forbid(unsafe_code)]

pub mod app;
mod architecture;
pub mod build;
mod check;
mod command;
mod duration;
mod environment;
mod epoch;
mod error;
mod framework;
mod grant;
mod hook;
mod interface;
mod layout;
mod names;
mod order;
mod paths;
mod revision;
mod snap_file;
mod snap_yaml;
mod sockets;
pub mod squashfs;
pub mod timer;
mod version;
mod words;
mod yaml;

pub use architecture::Architecture;
pub use check::{FileKind, Listed, Warning};
pub use command::{ChainLink, Command};
pub use duration::{DurationError, Span};
pub use environment::Environment;
pub use epoch::{Epoch, EpochError};
pub use error::{Problem, SnapYamlError};
pub use framework::{Framework, FrameworkSlot, order_of_snaps};
pub use grant::{GRANTED_PLUGS, Grant, GrantError};
pub use hook::{Hook, HookSettings};
pub use interface::{Attribute, Connector};
pub use layout::{Layout, LayoutError, LayoutSource};
pub use names::{
    AliasName, AppName, HookName, InstanceName, InterfaceName, LinkKind, NameError, PlugName,
    Provenance, SlotName, SnapName, SocketName, SystemUserName,
};
pub use paths::expand_for_revision;
pub use revision::{Revision, RevisionError};
pub use snap_file::{SnapFile, SnapFileError};
pub use snap_yaml::{Base, SnapYaml};
pub use sockets::{Host, Listen, Socket, SocketError};
pub use version::{SnapVersion, VersionError};
pub use words::{
    Confinement, Daemon, DaemonScope, InstallMode, RefreshMode, RestartCondition, SnapType,
    StopMode, WordError,
};
pub use yaml_tree::{MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_KEYS, MAX_YAML_VALUES};
