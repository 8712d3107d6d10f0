//! The proof that something was verified.

use core::ops::Deref;

/// A `T` that was verified by this crate, which alone can make one.
///
/// It can be read and taken apart, but not changed: what was verified is what is used.
///
/// ```compile_fail,E0423
/// let forged = image_trust::Verified("never verified");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn new(verified: T) -> Self {
        Self(verified)
    }

    /// Gives the value up and the proof with it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
