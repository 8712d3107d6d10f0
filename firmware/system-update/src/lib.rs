//! What a running system does to its boot state: say that it came up, confirm
//! itself, refuse itself when its root is damaged, go back to the other slot,
//! judge a trial that was not confirmed, and install a release in the other slot.
//!
//! The rescue system can do none of it but the last: a [`Running`] names a slot, and an
//! [`Installer`] need not.
//!
//! PID 1 and the `snappy` program call these functions; the loader reads the
//! outcome at the next boot. Each act opens the state, *compares* it with what the
//! caller believes to be running ([`Running`]: slot, manifest hash, boot number)
//! and only then writes it, once, as `boot_core::state_store` does: the older copy,
//! flushed and read back. A power cut at any instant leaves the state from before
//! or from after the act.
//!
//! The acts take any [`boot_core::Disk`]; [`BootDisk`] is the real one, and keeps
//! two writers apart by a lock. Nothing here decides what is booted: the loader does, at
//! every boot, and it verifies what it boots. [`stage()`] verifies too, so that nothing is
//! written that the loader would refuse.

#![forbid(unsafe_code)]

mod attempts;
mod boot_disk;
mod boot_facts;
mod boot_report;
mod cloud_config_report;
mod confirm;
mod console;
mod end;
mod failed_list;
mod inquest;
mod installer;
mod judgement;
#[cfg(test)]
mod memory;
mod refuse;
mod rescue;
mod reset_request;
mod rollback;
mod running;
mod service_report;
mod session;
mod stage;
mod store_reached;

pub use boot_disk::{BootDisk, DiskError};
pub use boot_facts::{BootFacts, FactsError, SlotArea};
pub use boot_report::{BootReport, ReportError, ReportedStatus};
pub use cloud_config_report::{CloudConfigProblem, CloudConfigReport, CloudConfigSeverity};
pub use confirm::{Confirmation, came_up, confirm, confirmed, mark_up};
pub use console::say_on_console;
pub use end::record_end;
pub use inquest::{OpenCase, close_case, failed_releases, open_case};
pub use installer::Installer;
pub use judgement::{Finding, Judgement, NETWORK_CHECK, NetworkNow, judge};
pub use refuse::{Refused, record, record_for_boot, record_once, refuse, refused};
pub use rescue::{RescueRecord, record_not_reinstalled, record_rescue};
pub use reset_request::{AS_MADE, ResetRequest};
pub use rollback::{Rollback, RollbackError, rollback, rolled_back};
pub use running::{Conflict, Running};
pub use service_report::{ServiceReport, ServiceState};
pub use session::ActError;
pub use stage::{
    Downgrade, FailedBefore, Parts, Piece, Progress, ReleaseSource, SourceError, StageError,
    StageRequest, Staged, Staging, Step, UpdateFile, check_release, stage, stage_on_device,
};
pub use store_reached::StoreReached;
