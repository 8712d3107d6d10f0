//! Confinement: from the description of a snap's program to a process that can do no more
//! than it says.
//!
//! [`run`] is all that there is to call; `snap-run` is the program over it. The layers stand
//! in `run.rs`, in their order, and `docs/confinement.md` tells what each is for. A layer
//! that cannot be set up is an error that names it: the program does not start with less.

mod cgroup;
mod devices;
mod error;
mod file_rules;
mod first_process;
mod identity;
mod layout;
mod limits;
mod network;
mod plug;
mod run;
mod sandbox;
mod seccomp;
mod system_calls;
mod user;
mod view;

pub use cgroup::ControlGroup;
pub use error::{Layer, LayerError};
pub use limits::{DiskLimit, DiskSpeed, Limits};
pub use plug::{Giver, Plug};
pub use run::run;
pub use sandbox::{
    CONTROL_DIRECTORY, LayoutEntry, LayoutSource, Lifetime, Mode, Program, Sandbox, Shared, Side,
    Sources,
};
pub use seccomp::Architecture;
pub use user::{RANGE, SnapUsers, UserError, UserId};
