//! The network of a snap without a plug for it: `lo`, and nobody else there.

use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::{Mode, Sandbox};
use crate::system_calls;

/// Does the snap have the device's network?
pub(crate) fn is_shared(sandbox: &Sandbox) -> bool {
    sandbox.mode == Mode::Devmode || sandbox.plugs.iter().any(|plug| plug.is_network())
}

/// Makes 127.0.0.1 answer, in a namespace of its own.
pub(crate) fn start_own() -> Result<(), LayerError> {
    system_calls::loopback_up().layer(Layer::Network, || "switch lo on".to_owned())
}
