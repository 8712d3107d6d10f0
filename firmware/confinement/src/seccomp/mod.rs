//! Which system calls a snap may make: one filter for all strict snaps, on every
//! architecture.

mod allowed;
mod architecture;
mod filter;
mod judged;
mod refused;

use crate::error::{Layer, LayerError, OfLayer};
use crate::system_calls;
pub use architecture::Architecture;
pub(crate) use filter::Instruction;
use std::io;

/// Puts the calling thread behind the filter, for ever, and all its children.
pub(crate) fn restrict() -> Result<(), LayerError> {
    let architecture = Architecture::native()
        .ok_or_else(|| io::Error::other("there is no table for this architecture"))
        .layer(Layer::Seccomp, || "choose the system calls".to_owned())?;
    system_calls::set_filter(&filter::filter_for(architecture))
        .layer(Layer::Seccomp, || "set the filter".to_owned())
}

#[cfg(test)]
mod tests;
