//! Checks the checker: plants bugs into the code that is shipped, one at a time, and asks
//! the power-cut simulator (`boot-sim`) whether it notices.
//!
//! A bug is a file in `bugs/`, and its existence plants it. It is planted into a copy of
//! the few crates that matter, under `target/`: the checkout is never touched. A bug that
//! is missed, or that cannot be planted any more, is a failure. Called by
//! `cargo xtask sim`.

#![forbid(unsafe_code)]

mod account;
mod bug;
mod copy;
mod hunt;
mod run;

pub use account::{Account, Tried};
pub use bug::{Bug, BugError, read_bugs};
pub use copy::CopyError;
pub use hunt::{HuntError, Verdict};
pub use run::{PlantError, try_bugs};
