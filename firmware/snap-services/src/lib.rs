//! The services of snaps, supervised: started in their order, started again when they fail,
//! by sockets and by the clock, with logs that do not grow.
//!
//! The program `snap-services` is a service of the image. Neither a snap's crash nor the
//! daemon's restart reaches it, and its own reaches neither PID 1 nor, beyond a new start of
//! the services, the snaps. The daemon drives it by [`Client`].
#![forbid(unsafe_code)]

mod bounded;
pub mod calendar;
mod client;
mod hook;
pub mod log;
mod notify;
mod operation;
mod places;
mod process;
mod protocol;
mod reload;
mod server;
pub mod service;
mod sockets;
mod standing;
mod started;
mod supervisor;
mod unit;

pub use client::{Client, ClientError};
pub use places::Places;
pub use protocol::{Answer, HookOutcome, Request, ServiceStatus, Standing};
pub use server::serve;
