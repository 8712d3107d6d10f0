//! A system that runs: what PID 1 and `snappy` do, act by act.

use crate::acts::{Act, Answer};
use crate::device::{Device, Memory, Point, Writer};
use crate::image::{Behaviour, Image};
use crate::observation::state_of;
use crate::sectors::fingerprint;
use crate::world::{ImageId, Step, World};
use image_format::{BootNumber, ResetCause, Slot, SlotStatus, Source};
use system_update::Running;

/// A system that runs.
pub(crate) struct System<'a> {
    pub(crate) world: &'a World,
    pub(crate) image: ImageId,
    pub(crate) device: &'a mut Device,
    pub(crate) memory: &'a mut Memory,
    pub(crate) points: &'a mut Vec<Point>,
}

impl System<'_> {
    /// Comes up, or does not, and does what the step says.
    pub(crate) fn run(
        &mut self,
        boot_number: BootNumber,
        step: Step,
        hung_before: Option<Running>,
    ) {
        let image = self.image();
        let running = Running {
            slot: match image.source {
                Source::Slot(slot) => slot,
                // Nothing that rescue does asks for the slot.
                Source::Rescue => Slot::A,
            },
            manifest_hash: image.manifest_hash,
            boot_number,
        };
        if image.source == Source::Rescue {
            self.act(Act::RecordRescue, &running);
            if step == Step::BootAndStage {
                self.device.history.has_staged = true;
                self.device.history.bad_starts = 0;
                self.act(Act::Reinstall, &running);
            }
            return;
        }
        match image.behaviour {
            Behaviour::Hangs | Behaviour::HangsReader => self.hang(running),
            Behaviour::Unhealthy => self.fail(&running),
            Behaviour::DiesAfterConfirm if self.device.history.healthy.has(self.image) => {
                let on_trial = self.is_on_trial(running.slot);
                self.device.history.bad_starts += u8::from(on_trial);
                return;
            }
            Behaviour::Good
            | Behaviour::Corrupt
            | Behaviour::CorruptInitrd
            | Behaviour::DiesAfterConfirm
            | Behaviour::Foreign
            | Behaviour::Forged => self.come_up(&running),
            Behaviour::DamagedRoot => {
                self.act(Act::MarkUp, &running);
                if self.act(Act::Refuse, &running) == Answer::FallsBack {
                    return;
                }
                self.come_up(&running);
            }
        }
        match step {
            Step::Boot => {}
            Step::BootAndRollBack => {
                self.act(Act::RollBack, &running);
            }
            Step::BootAndLateConfirm => {
                if let Some(late) = hung_before {
                    self.act(Act::Confirm, &late);
                }
            }
            Step::BootAndStage => self.stage(&running),
        }
    }

    fn image(&self) -> &Image {
        self.world.image(self.image)
    }

    /// Installs the release, if it is a newer one. A new trial has its attempts anew.
    fn stage(&mut self, running: &Running) {
        let version = self.image().version;
        let is_newer = |release: &Image| release.version > version;
        if self.world.release().is_some_and(is_newer) {
            self.device.history.has_staged = true;
            self.device.history.bad_starts = 0;
            self.act(Act::Stage, running);
        }
    }

    fn hang(&mut self, running: Running) {
        self.device.history.cause = ResetCause::Watchdog;
        if self.is_on_trial(running.slot) {
            self.device.history.bad_starts += 1;
            self.device.history.hung = Some(running);
        }
    }

    fn fail(&mut self, running: &Running) {
        let on_trial = self.is_on_trial(running.slot);
        self.device.history.bad_starts += u8::from(on_trial);
        self.act(Act::MarkUp, running);
        let recorded = self.act(Act::RecordFailure, running) == Answer::Done;
        self.device.history.failure_on_record |= on_trial && recorded;
    }

    fn is_on_trial(&mut self, slot: Slot) -> bool {
        let disk = &mut self.device.disk;
        let status = self.memory.statuses.run(disk, fingerprint(&slot), |disk| {
            let state = state_of(disk, self.world);
            state.map(|state| state.slot(slot).status)
        });
        matches!(status, Some(SlotStatus::Trial { .. }))
    }

    fn come_up(&mut self, running: &Running) {
        if self.act(Act::MarkUp, running) != Answer::Up(SlotStatus::Confirmed) {
            self.device.history.healthy.add(self.image);
            self.act(Act::Confirm, running);
        }
        self.act(Act::Inquest, running);
    }

    fn act(&mut self, act: Act, running: &Running) -> Answer {
        let (world, version) = (self.world, self.image().version);
        let key = act.key(running, version);
        let disk = &mut self.device.disk;
        let acts = &mut self.memory.acts;
        let answer = acts.run(disk, key, |disk| act.perform(world, disk, running, version));
        self.device.note(self.points, Writer::System(act));
        answer
    }
}
