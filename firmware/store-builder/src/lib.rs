//! The store: signed releases as static files, and everything that its publisher does.
//!
//! `cargo xtask publish` parses flags and calls [`Store`]. A store is a directory
//! ([`Layout`]); what is below `public/` is a TUF 1.0 repository with consistent snapshots
//! that any web server or object store serves. Five top roles and delegations:
//!
//! ```text
//! root        off-line, 2 of 3    names the keys of the other four
//! ├─ timestamp  on-line           which snapshot is current; `issued`
//! ├─ snapshot   on-line           the version of every list
//! └─ targets    off-line          names the keys below, lists nothing itself
//!     ├─ system            system/BOARD/*       releases of the system
//!     └─ snaps-PUBLISHER   snaps/PUBLISHER/*    snaps, one role a publisher
//! ```
//!
//! What must stay true:
//!
//! - Files under `public/` but for the timestamp never change. It is written last; whoever
//!   stops before leaves the store as it was.
//! - Nothing is published that `tuf-client` refuses: each publication asks it first.
//! - Nothing is signed again that was not signed before: `public/` is read as by a device.
//! - A patch is listed only when it was applied as a device will, and gave the release.
//! - A system image is listed only when `image-trust` verified every byte of it.
//!
//! [`DevelopmentServer`] serves such a directory on the developer's machine.
#![forbid(unsafe_code)]

mod add;
mod authority;
mod change;
mod error;
mod exchange;
mod files;
mod grant;
mod init;
mod keys;
mod layout;
mod lock;
mod patch;
mod pending;
mod publication;
mod published;
mod publisher;
mod releases;
mod rotate;
mod serve;
mod settings;
mod snap_file;
mod status;
mod store;
mod system_file;
mod wave;

pub use add::NewRelease;
pub use authority::Quorum;
pub use error::StoreError;
pub use files::{Files, RealFiles};
pub use init::{RolePlan, StorePlan, create_store};
pub use keys::{StoreKeys, parse_key};
pub use layout::Layout;
pub use patch::PatchBase;
pub use rotate::Rotation;
pub use serve::DevelopmentServer;
pub use settings::{Lifetimes, Settings};
pub use status::{ReleaseStatus, RoleStatus, Status};
pub use store::{Outcome, Store};
pub use wave::{WaveError, parse_waves};
