//! What our stores sign beside what TUF defines: the `custom` member of each target, the
//! additional members of root and timestamp, and the names of roles and targets.
//!
//! The publisher writes these types, devices read them. A member that a reader does not know
//! is passed over, so that an old device reads a newer store; a `kind` that it does not know,
//! a share above the whole or waves in disorder are refused.
//!
//! Nothing here is verified: whoever reads a [`Custom`] has it from a verified role.
#![forbid(unsafe_code)]

mod grants;
mod names;
mod offer;
mod release;
mod rollout;

pub use grants::{GRANTS, SnapGrants};
pub use names::{
    NameError, ProductName, PublisherName, SNAP_ROLE_PREFIX, SYSTEM_ROLE, snap_role, snap_scope,
    snap_target, system_patch_target, system_scope, system_target,
};
pub use offer::{Asker, Draw, NotOffered};
pub use release::{Custom, Hold, SnapRelease, SystemPatch, SystemRelease};
pub use rollout::{Channel, Rollout, RolloutError, Share, Wave};

/// The member of a timestamp that says when it was signed, in seconds since 1970. A signed
/// statement: a device's watermark may rise to it.
pub const ISSUED: &str = "issued";

/// The member of a root that says what its keys are for: a [`Purpose`].
pub const PURPOSE: &str = "purpose";

/// What the keys of a store are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Devices in the field.
    Production,
    /// Tests: anyone may have the keys.
    Test,
}
