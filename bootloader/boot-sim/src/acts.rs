//! What a running system does to the boot state: the acts of `system_update`, as PID 1 and
//! `snappy` call them.

use crate::disk::Disk;
use crate::image::{BOARD, Offer};
use crate::sectors::fingerprint;
use crate::world::World;
use image_format::flight::text;
use image_format::{Event, SlotStatus, Version};
use system_update::{
    Downgrade, FailedBefore, Installer, NetworkNow, Refused, Running, StageRequest, close_case,
    confirm, mark_up, open_case, record_end, record_rescue, refuse, rollback, stage,
};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    MarkUp,
    Confirm,
    /// The health gate said no.
    RecordFailure,
    /// The root is damaged.
    Refuse,
    RollBack,
    /// The world's release is written into the other slot, and put on trial.
    Stage,
    /// How a trial before this boot ended is looked into, and told.
    Inquest,
    /// The rescue system notes that it runs.
    RecordRescue,
    /// The rescue system writes the world's release into a slot that does not boot.
    Reinstall,
}

/// What came of it. A failure is no more than a line of the log, as in PID 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Failed,
    Done,
    /// The slot that came up has this status.
    Up(SlotStatus),
    /// The device is to be reset, and another slot boots then.
    FallsBack,
}

impl Act {
    /// Does it, in a boot of `running`, which has that version.
    pub(crate) fn perform(
        self,
        world: &World,
        disk: &mut Disk,
        running: &Running,
        version: Version,
    ) -> Answer {
        let slot = running.slot;
        match self {
            Self::MarkUp => mark_up(disk, running).map_or(Answer::Failed, Answer::Up),
            Self::Confirm => answer(confirm(disk, running, version)),
            Self::RecordFailure => {
                let event = Event::CheckFailed {
                    slot,
                    check: text("shell"),
                    detail: text("it does not start"),
                };
                answer(record_end(disk, running, event, None))
            }
            Self::Refuse => {
                let event = Event::RootCorrupt { slot, block: 7 };
                match refuse(disk, running, event) {
                    Ok(Refused::FallsBack) => Answer::FallsBack,
                    other => answer(other),
                }
            }
            Self::RollBack => answer(rollback(disk, running)),
            Self::Stage => {
                let running = *running;
                install_release(world, disk, Installer::System { running, version })
            }
            Self::Reinstall => {
                let boot_number = running.boot_number;
                install_release(world, disk, Installer::Rescue { boot_number })
            }
            Self::Inquest => inquest(disk, running),
            Self::RecordRescue => answer(record_rescue(disk, running.boot_number, &[])),
        }
    }

    /// The act and all that it is told.
    pub(crate) fn key(self, running: &Running, version: Version) -> u128 {
        let boot_number = running.boot_number.0;
        let who = (running.slot, running.manifest_hash, boot_number);
        fingerprint(&(self, who, version.0))
    }
}

fn answer<T, E>(result: Result<T, E>) -> Answer {
    result.map_or(Answer::Failed, |_| Answer::Done)
}

fn install_release(world: &World, disk: &mut Disk, installer: Installer) -> Answer {
    let (Some(release), Ok(keyring)) = (world.release(), &world.keyring) else {
        return Answer::Failed;
    };
    let request = StageRequest {
        installer,
        board: BOARD,
        keyring,
        downgrade: Downgrade::Refuse,
        failed_before: FailedBefore::Refuse,
    };
    answer(stage(disk, &request, &mut Offer(release), &mut |_| ()))
}

fn inquest(disk: &mut Disk, running: &Running) -> Answer {
    match open_case(disk, running) {
        Ok(Some(case)) => {
            let finding = case.judgement.clone().settle(NetworkNow::Works);
            answer(close_case(disk, running, &case, &finding))
        }
        other => answer(other),
    }
}
