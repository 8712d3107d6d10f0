//! After a fall back: the system that runs now looks into the trial that failed, records
//! its verdict and, if it was the image's fault, remembers the release.

use crate::failed_list::FailedList;
use crate::judgement::{Finding, Judgement, judge};
use crate::running::Running;
use crate::session::{ActError, Session};
use boot_core::Disk;
use boot_core::flight::{NotRecorded, for_each_entry};
use image_format::{Digest, Event, FailedRelease, Slot, SlotStatus, Verdict};

/// A trial without a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCase {
    /// Where the image lies.
    pub slot: Slot,
    /// Which image it is.
    pub manifest_hash: Digest,
    /// What the record says.
    pub judgement: Judgement,
}

/// The trial of the other slot, if it used up its attempts and nobody judged it yet.
///
/// # Errors
/// See [`ActError`].
pub fn open_case<D: Disk>(disk: &mut D, running: &Running) -> Result<Option<OpenCase>, ActError> {
    let session = Session::open_for(disk, running)?;
    let slot = running.slot.other();
    let record = *session.state.slot(slot);
    if record.status != SlotStatus::Exhausted {
        return Ok(None);
    }
    let mut flight = Vec::new();
    let layout = session.layout;
    for_each_entry(disk, &layout, |entry| flight.push(entry));
    flight.sort_by_key(|entry| entry.sequence);
    Ok(judge(&flight, slot).map(|judgement| OpenCase {
        slot,
        manifest_hash: record.manifest_hash,
        judgement,
    }))
}

/// Records the verdict on `case`. A failed release is remembered first: a power cut
/// between the two repeats the inquest and forgets nothing.
///
/// # Errors
/// See [`ActError`].
pub fn close_case<D: Disk>(
    disk: &mut D,
    running: &Running,
    case: &OpenCase,
    finding: &Finding,
) -> Result<(), ActError> {
    let mut session = Session::open_for(disk, running)?;
    if finding.verdict == Verdict::Failed {
        let release = FailedRelease {
            sequence: 0,
            manifest_hash: case.manifest_hash,
            boot_number: running.boot_number,
            reason: finding.reason.clone(),
        };
        let list = FailedList::find(&session.layout).ok_or(ActError::NoBootState)?;
        list.add(session.disk, release)
            .map_err(|_| ActError::Record(NotRecorded))?;
    }
    let event = Event::TrialJudged {
        slot: case.slot,
        manifest_hash: case.manifest_hash,
        verdict: finding.verdict,
        reason: finding.reason.clone(),
    };
    session.record(running.boot_number, event)
}

/// The releases that failed on this device and are not to be tried again, oldest first.
///
/// # Errors
/// See [`ActError`].
pub fn failed_releases<D: Disk>(disk: &mut D) -> Result<Vec<FailedRelease>, ActError> {
    let layout = boot_core::read_layout(disk).map_err(ActError::Layout)?;
    let list = FailedList::find(&layout).ok_or(ActError::NoBootState)?;
    Ok(list.read(disk))
}
