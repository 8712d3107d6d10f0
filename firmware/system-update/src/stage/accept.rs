//! Whether a release may be written at all. Reads; writes nothing.

use super::error::StageError;
use super::image::StagedImage;
use super::parts::Parts;
use super::source::ReleaseSource;
use super::{Downgrade, FailedBefore, StageRequest};
use crate::failed_list::{FailedList, holds};
use crate::installer::Installer;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::{ENVELOPE_BYTES, Refusal, Slot};
use image_trust::{ImageKind, Requirements, verify_envelope};

/// Takes the envelope and verifies it for `slot`.
pub(super) fn accept<D: Disk>(
    session: &mut Session<'_, D>,
    request: &StageRequest<'_>,
    slot: Slot,
    source: &mut impl ReleaseSource,
) -> Result<StagedImage, StageError> {
    let partition = session
        .layout
        .partition(slot.into())
        .ok_or(Refusal::NoPartition)?;
    let mut envelope = Box::new([0; ENVELOPE_BYTES]);
    source.read_envelope(&mut envelope)?;
    let requirements = Requirements {
        kind: ImageKind::System,
        board: request.board,
        floors: session.state.floors,
        slot_length_bytes: partition.length_bytes,
    };
    let release = verify_envelope(request.keyring, envelope.as_slice(), &requirements)?;
    let (version, manifest_hash) = (release.manifest.version, release.manifest_hash);
    let parts = Parts {
        kernel: release.manifest.kernel,
        initrd: release.manifest.initrd,
        root: release.manifest.root,
    };
    // Under the rescue system nothing runs that could be newer. The floors hold.
    if let Installer::System {
        version: running, ..
    } = request.installer
        && version < running
        && request.downgrade == Downgrade::Refuse
    {
        return Err(StageError::Older {
            offered: version,
            running,
        });
    }
    let list = FailedList::find(&session.layout).ok_or(ActError::NoBootState)?;
    let failed = holds(&list.read(session.disk), &manifest_hash);
    if failed && request.failed_before == FailedBefore::Refuse {
        return Err(StageError::FailedBefore {
            version,
            manifest_hash,
        });
    }
    source.begin(&parts)?;
    Ok(StagedImage {
        slot,
        slot_offset_bytes: partition.offset_bytes,
        version,
        manifest_hash,
        parts,
        envelope,
    })
}
