//! Why a program was not started: a layer that could not be set up.

use std::fmt;
use std::io;

/// A layer of the confinement, in the order in which they are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The process itself: forked, waited for, with the files it was given.
    Process,
    /// The control group and its limits.
    Limits,
    /// The filter of device nodes.
    Devices,
    /// Namespaces of its own.
    Namespaces,
    /// The files that it sees.
    View,
    /// The network that it has.
    Network,
    /// User, groups, capabilities, `no_new_privs`.
    Identity,
    /// Landlock.
    Landlock,
    /// The filter of system calls.
    Seccomp,
    /// The program.
    Program,
}

impl Layer {
    const ALL: [Self; 10] = [
        Self::Process,
        Self::Limits,
        Self::Devices,
        Self::Namespaces,
        Self::View,
        Self::Network,
        Self::Identity,
        Self::Landlock,
        Self::Seccomp,
        Self::Program,
    ];

    /// For people, and on the way from the child.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Limits => "limits",
            Self::Devices => "devices",
            Self::Namespaces => "namespaces",
            Self::View => "files",
            Self::Network => "network",
            Self::Identity => "identity",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Program => "program",
        }
    }
}

/// A layer that could not be set up. The program did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerError {
    /// Which layer.
    pub layer: Layer,
    /// What could not be done, and why.
    pub reason: String,
}

impl LayerError {
    /// As it comes out of the child's pipe.
    pub(crate) fn to_line(&self) -> String {
        format!("{} {}", self.layer.name(), self.reason)
    }

    /// What [`Self::to_line`] wrote.
    pub(crate) fn from_line(line: &str) -> Self {
        let (name, reason) = line.split_once(' ').unwrap_or(("process", line));
        let layer = Layer::ALL.into_iter().find(|layer| layer.name() == name);
        Self {
            layer: layer.unwrap_or(Layer::Process),
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, reason } = self;
        match layer {
            Layer::Program => f.write_str(reason),
            _ => write!(
                f,
                "cannot confine it, so it was not started: {}: {reason}",
                layer.name()
            ),
        }
    }
}

impl std::error::Error for LayerError {}

/// Names the layer of an error.
pub(crate) trait OfLayer<T> {
    /// `cannot` says what was tried, as in "cannot ...".
    fn layer(self, layer: Layer, cannot: impl FnOnce() -> String) -> Result<T, LayerError>;
}

impl<T, E: Into<io::Error>> OfLayer<T> for Result<T, E> {
    fn layer(self, layer: Layer, cannot: impl FnOnce() -> String) -> Result<T, LayerError> {
        self.map_err(|error| LayerError {
            layer,
            reason: format!("cannot {}: {}", cannot(), error.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_layer_through_the_pipe() {
        for layer in Layer::ALL {
            let error = LayerError {
                layer,
                reason: "cannot do it: why".to_owned(),
            };
            assert_eq!(LayerError::from_line(&error.to_line()), error);
        }
    }
}
