//! From a snap on the device to the description that `confinement` runs.
//!
//! Two programs ask: `snap-run`, which runs one app or hook, and the supervisor of services,
//! which reads the same places. What a snap may do is decided here: its plugs are those that
//! its snap.yaml names, and that everybody has or a person granted.
#![forbid(unsafe_code)]

mod device;
mod environment;
mod grants;
mod sandbox;

pub use device::{Device, InstalledSnap};
pub use grants::{Grants, GrantsError};
pub use sandbox::{ServiceAct, Start, sandbox_for};
