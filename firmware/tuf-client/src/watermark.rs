//! The time that a device goes by: what was signed, never what a clock says.
//!
//! A clock may be dead (1970), wrong (2100) or set by a stranger. So a device gives
//! [`Client::new`](crate::Client::new) the latest moment that a signed statement has named: the
//! build time of the image that runs, or `issued` in the timestamp that it trusts. Where nothing
//! new is signed for years no time passes, and nothing expires: a device that was away for long,
//! or whose store was, goes on where it stopped. That a mirror shows the same day for ever is for
//! the caller to notice, by how long the device has been up.
//!
//! A thief of the timestamp's key may name any moment, and everything honest would be over. What
//! he can do ends like his versions: with a new key in a new root, which makes the client drop his
//! timestamp (section 5.3.11), and its moment with it. Until then it counts only if it lies before
//! the end of the root, whose keys he does not have, and before the timestamp's own.

use crate::error::Error;
use crate::limits::Limits;
use crate::metadata::{RoleName, Signed, Timestamp};
use crate::store::MetadataStore;
use crate::time::UtcTime;
use crate::verify::{verify_first_root, verify_timestamp};

/// The member of our store's timestamps that tells when they were signed, in seconds since
/// 1970.
pub const ISSUED: &str = "issued";

/// The latest moment that `store` can vouch for, and not before `built`, which the running
/// image's manifest tells. What does not verify any more says nothing.
pub fn watermark(store: &impl MetadataStore, built: UtcTime) -> Result<UtcTime, Error> {
    let limits = Limits::default();
    let load = |role: RoleName, max_bytes| {
        let kept = store.load(&role, max_bytes);
        kept.map_err(Error::storage(format!(
            "read the file of role {:?}",
            role.0
        )))
    };
    let root = load(RoleName::root(), limits.root_bytes)?;
    let timestamp = load(RoleName::timestamp(), limits.timestamp_bytes)?;
    let root = root.and_then(|bytes| verify_first_root(&bytes).ok());
    let issued = root.zip(timestamp).and_then(|(root, bytes)| {
        let timestamp = verify_timestamp(&root, &bytes).ok()?;
        let over = root.expires().min(timestamp.expires());
        issued(&timestamp).filter(|issued| *issued < over)
    });
    Ok(issued.map_or(built, |issued| issued.max(built)))
}

/// When a timestamp says that it was signed, if it says so.
pub fn issued(timestamp: &Timestamp) -> Option<UtcTime> {
    timestamp.extra.get(ISSUED)?.as_i64().map(UtcTime)
}
