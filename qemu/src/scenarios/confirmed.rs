//! What scenarios share in which `system-a` simply works.

use image_format::{Digest, Event, Slot};
use serde_json::json;

use crate::evidence::Cause;

/// `system-a` was confirmed with that manifest.
pub(super) fn as_a(manifest: Digest) -> Cause {
    Cause::new(
        json!({"kind": "confirmed", "slot": "system-a"}),
        move |event| {
            matches!(event, Event::Confirmed { slot: Slot::A, manifest_hash, .. }
                if *manifest_hash == manifest)
        },
    )
}
