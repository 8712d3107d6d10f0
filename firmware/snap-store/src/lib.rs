//! The snaps on a device: which there are, and how they are installed, refreshed, reverted,
//! removed and purged.
//!
//! [`Snaps`] is all of it. What is asked becomes a [`Change`]: a list of tasks, each of which
//! can be done and undone. The list lies in the state file, and every task is begun and ended
//! there. Whatever cuts it short, [`Snaps::start`] finishes it or undoes it.
//!
//! A task may be cut anywhere, and is done or undone again then: both come to the same end
//! from wherever they begin. What it changes of the [`State`] is written together with the
//! word that it is done.
//!
//! Files, mounts, running programs and the place that snaps come from are traits. Nothing
//! here runs or confines a program, and nothing asks a network.
#![forbid(unsafe_code)]

mod acts;
mod ask;
mod change;
mod configuration;
mod error;
mod fault;
mod files;
mod follow;
mod frameworks;
mod grant;
mod left_data;
mod mounts;
mod places;
mod repair;
mod run;
mod runtime;
mod seal;
mod source;
mod start;
mod state;
mod state_file;
mod text;

pub use ask::{Asked, Data, NewSnap};
pub use change::{Change, ChangeKind, Direction, Task, TaskKind, TaskStatus};
pub use configuration::{Configuration, ConfigurationError};
pub use error::StoreError;
pub use files::{DiskFiles, Files};
pub use mounts::{KernelMounts, Mounts, VerifiedImage};
pub use places::Places;
pub use repair::is_suspect;
pub use run::{Outcome, Silent, Watch};
pub use runtime::{Installed, NoRuntime, Runtime, RuntimeError};
pub use seal::{RootHash, root_hash_of};
pub use source::{Cost, Source, SourceError, Sources};
pub use start::{Broken, Parts, Snaps, Started};
pub use state::{Damage, Origin, RevisionState, SnapState, State};
pub use state_file::Written;

/// A snap file has to begin and end with whole blocks of this length.
pub const BLOCK_BYTES: u64 = image_format::manifest::BLOCK_BYTES;
