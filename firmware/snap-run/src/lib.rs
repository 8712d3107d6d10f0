//! From a snap on the device to the description that `confinement` runs.
//!
//! Two programs ask, both built by `snap-services`: `snap-run`, which runs one app, service or
//! hook and ends as it ends, and the supervisor of services, which reads the same places. What a snap may do is decided here: its plugs are those that
//! its snap.yaml names, and that everybody has or a person granted.
#![forbid(unsafe_code)]

mod command_line;
mod device;
mod disk;
mod environment;
mod grants;
mod handed_over;
mod layout;
mod sandbox;
mod slots;
mod snapctl;

pub use command_line::run;
pub use device::{Device, InstalledSnap};
pub use grants::{Grants, GrantsError};
pub use handed_over::hand_over;
pub use sandbox::{ServiceAct, Start, sandbox_for};
