//! Plugs: what a snap has beyond its own files, each named by snap.yaml.

use std::fmt;

/// An interface that this system knows how to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plug {
    /// The device's network, and its name servers.
    Network,
    /// The device's network, with ports below 1024 as well.
    NetworkBind,
    /// Files of the kernel about the hardware, to read: `/sys`.
    HardwareObserve,
    /// The hardware's random numbers.
    HardwareRandomObserve,
    /// Lines that are high or low.
    Gpio,
    /// The I2C buses.
    I2c,
    /// The SPI buses.
    Spi,
    /// Virtual machines.
    Kvm,
}

/// Who may give a plug to a snap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// Its name in snap.yaml is enough.
    Anybody,
    /// A person, or what the store signed.
    Grant,
}

impl Plug {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Network,
        Self::NetworkBind,
        Self::HardwareObserve,
        Self::HardwareRandomObserve,
        Self::Gpio,
        Self::I2c,
        Self::Spi,
        Self::Kvm,
    ];

    /// The interface's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::NetworkBind => "network-bind",
            Self::HardwareObserve => "hardware-observe",
            Self::HardwareRandomObserve => "hardware-random-observe",
            Self::Gpio => "gpio",
            Self::I2c => "i2c",
            Self::Spi => "spi",
            Self::Kvm => "kvm",
        }
    }

    /// The plug for an interface, if this system knows it. One that it does not know gives
    /// nothing.
    #[must_use]
    pub fn of_interface(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plug| plug.name() == name)
    }

    /// Who may give it.
    #[must_use]
    pub fn giver(self) -> Giver {
        match self {
            Self::Network | Self::NetworkBind => Giver::Anybody,
            _ => Giver::Grant,
        }
    }

    /// How the names of its device nodes begin, below `/dev`.
    pub(crate) fn device_names(self) -> &'static [&'static str] {
        match self {
            Self::Network | Self::NetworkBind | Self::HardwareObserve => &[],
            Self::HardwareRandomObserve => &["hwrng"],
            Self::Gpio => &["gpiochip"],
            Self::I2c => &["i2c-"],
            Self::Spi => &["spidev"],
            Self::Kvm => &["kvm"],
        }
    }

    /// Does it open the device's network?
    pub(crate) fn is_network(self) -> bool {
        matches!(self, Self::Network | Self::NetworkBind)
    }
}

impl fmt::Display for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
