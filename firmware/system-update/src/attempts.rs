//! How often an image may try to prove itself.

/// Attempts for an image that was never confirmed on this device.
pub(crate) const ATTEMPTS: u8 = 3;
