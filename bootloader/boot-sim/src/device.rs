//! The device: the real loader on the simulated disk, and then what its system does, by the
//! real acts. One cycle is what lies between two resets.

use crate::disk::{Disk, Moment, Runaway};
use crate::image::{BOARD, Behaviour, Image};
use crate::world::{Step, World};
use boot_core::{Board, FloorsNotWritten, Platform, SecondHome, StartError, boot};
use image_format::flight::text;
use image_format::{BootNumber, Event, FLOORS_BYTES, ResetCause, Slot, SlotStatus, Source};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use system_update::{
    NetworkNow, Refused, Running, close_case, confirm, mark_up, open_case, record_end,
    record_rescue, refuse, rollback,
};

/// What happened to a device so far, as far as the invariants have to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// How the last boot ended.
    pub(crate) cause: ResetCause,
    /// The slots whose image passed its health gate.
    pub(crate) healthy: [bool; 2],
    /// How often an image that hangs or is not well was started on trial.
    pub(crate) bad_starts: u8,
    /// The trial that hung in the last boot.
    pub(crate) hung: Option<Running>,
    /// The flight record tells, undisturbed, how a trial failed.
    pub(crate) failure_on_record: bool,
}

/// A device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) disk: Disk,
    pub(crate) history: History,
}

/// A moment of a cycle, and what had happened until then.
pub(crate) struct Point {
    pub(crate) moment: Moment,
    pub(crate) history: History,
}

/// How the loader ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It started the image in this source.
    Started(Source),
    /// It started something that is no image.
    StartedOther(String),
    /// It started nothing.
    Halted(String),
    /// It did not end, or looked at the sources too often.
    Runaway,
    /// It panicked.
    Panicked,
}

struct Started {
    kernel: Vec<u8>,
    initrd: Vec<u8>,
    command_line: String,
}

struct Machine<'a> {
    disk: &'a mut Disk,
    cause: ResetCause,
}

impl Platform for Machine<'_> {
    type Disk = Disk;
    type Memory = Vec<u8>;

    fn disk(&mut self) -> &mut Disk {
        self.disk
    }

    fn reset_cause(&mut self) -> ResetCause {
        self.cause
    }

    fn read_second_home(&mut self) -> SecondHome {
        self.disk.second_home
    }

    fn write_second_home(&mut self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        self.disk.write_second_home(*record);
        Ok(())
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Vec<u8>> {
        Some(vec![0; length_bytes])
    }

    fn start(&mut self, kernel: Vec<u8>, initrd: Vec<u8>, command_line: &str) -> StartError {
        // Linux has taken over: nothing of the loader runs any more.
        resume_unwind(Box::new(Started {
            kernel,
            initrd,
            command_line: command_line.to_owned(),
        }))
    }
}

impl Device {
    /// As the sequence finds it.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            disk: world.start.clone(),
            history: History {
                cause: ResetCause::PowerLoss,
                healthy: Slot::ALL
                    .map(|slot| world.made_with.slot(slot).status == SlotStatus::Confirmed),
                bad_starts: 0,
                hung: None,
                failure_on_record: false,
            },
        }
    }

    /// After a loss of power at `point`, with `disk` left.
    pub(crate) fn after_cut(point: &Point, disk: Disk) -> Self {
        let cause = ResetCause::PowerLoss;
        let history = History {
            cause,
            hung: None,
            ..point.history
        };
        Self { disk, history }
    }

    /// From power-on to the next reset.
    pub(crate) fn cycle(&mut self, world: &World, step: Step) -> (Outcome, Vec<Point>) {
        let mut points = Vec::new();
        self.disk.power_cycle();
        let before = self.history;
        let end = catch_unwind(AssertUnwindSafe(|| {
            let mut machine = Machine {
                disk: &mut self.disk,
                cause: before.cause,
            };
            boot(&mut machine, &Board { id: BOARD }, &world.keyring).to_string()
        }));
        self.note(&mut points);
        let started = match end {
            Ok(halt) => {
                self.history.cause = ResetCause::Reset;
                return (Outcome::Halted(halt), points);
            }
            Err(end) => match end.downcast::<Started>() {
                Ok(started) => started,
                Err(end) if end.is::<Runaway>() => return (Outcome::Runaway, points),
                Err(_) => return (Outcome::Panicked, points),
            },
        };
        if before.hung.is_some() && before.cause == ResetCause::Watchdog {
            self.history.failure_on_record = true;
        }
        self.history.hung = None;
        let Some((image, boot_number)) = recognise(world, &started) else {
            return (Outcome::StartedOther(started.command_line), points);
        };
        self.history.cause = ResetCause::Reset;
        let mut system = System {
            world,
            image,
            device: self,
            points: &mut points,
        };
        system.run(boot_number, step, before.hung);
        (Outcome::Started(image.source), points)
    }

    fn note(&mut self, points: &mut Vec<Point>) {
        let history = self.history;
        let moments = self.disk.take_moments();
        points.extend(moments.into_iter().map(|moment| Point { moment, history }));
    }
}

/// Which image that is: all of it has to be of one.
fn recognise<'a>(world: &'a World, started: &Started) -> Option<(&'a Image, BootNumber)> {
    let word = |name: &str| {
        let mut words = started.command_line.split(' ');
        words.find_map(|word| word.strip_prefix(name))
    };
    let slot = word("twinkeel.slot=")?;
    let boot_number = BootNumber(word("twinkeel.boot=")?.parse().ok()?);
    let image = world.images.iter().find(|image| {
        image.kernel == started.kernel
            && started.initrd.starts_with(&image.initrd)
            && image.source.to_string() == slot
    })?;
    Some((image, boot_number))
}

/// A system that runs: what PID 1 does, act by act.
struct System<'a> {
    world: &'a World,
    image: &'a Image,
    device: &'a mut Device,
    points: &'a mut Vec<Point>,
}

impl System<'_> {
    fn run(&mut self, boot_number: BootNumber, step: Step, hung_before: Option<Running>) {
        let Source::Slot(slot) = self.image.source else {
            self.act(|disk| record_rescue(disk, boot_number, &[]));
            return;
        };
        let running = Running {
            slot,
            manifest_hash: self.image.manifest_hash,
            boot_number,
        };
        match self.image.behaviour {
            Behaviour::Hangs => self.hang(running),
            Behaviour::Unhealthy => self.fail(&running),
            Behaviour::Good | Behaviour::Corrupt => self.come_up(&running),
            Behaviour::DamagedRoot => {
                self.act(|disk| mark_up(disk, &running));
                let event = Event::RootCorrupt { slot, block: 7 };
                if self.act(|disk| refuse(disk, &running, event)) == Some(Refused::FallsBack) {
                    return;
                }
                self.come_up(&running);
            }
        }
        match step {
            Step::Boot => {}
            Step::BootAndRollBack => {
                self.act(|disk| rollback(disk, &running));
            }
            Step::BootAndLateConfirm => {
                if let Some(late) = hung_before {
                    let version = self.image.version;
                    self.act(|disk| confirm(disk, &late, version));
                }
            }
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
        self.act(|disk| mark_up(disk, running));
        let event = Event::CheckFailed {
            slot: running.slot,
            check: text("shell"),
            detail: text("it does not start"),
        };
        let recorded = self.act(|disk| record_end(disk, running, event, None));
        self.device.history.failure_on_record |= on_trial && recorded.is_some();
    }

    fn is_on_trial(&mut self, slot: Slot) -> bool {
        let state = self.device.state(self.world);
        let status = state.map(|state| state.slot(slot).status);
        matches!(status, Some(SlotStatus::Trial { .. }))
    }

    fn come_up(&mut self, running: &Running) {
        let status = self.act(|disk| mark_up(disk, running));
        if status != Some(SlotStatus::Confirmed) {
            self.device.history.healthy[index(running.slot)] = true;
            let version = self.image.version;
            self.act(|disk| confirm(disk, running, version));
        }
        let Some(Some(case)) = self.act(|disk| open_case(disk, running)) else {
            return;
        };
        let finding = case.judgement.clone().settle(NetworkNow::Works);
        self.act(|disk| close_case(disk, running, &case, &finding));
    }

    /// An act; a failure is no more than a line of the log, as in PID 1.
    fn act<T, E>(&mut self, act: impl FnOnce(&mut Disk) -> Result<T, E>) -> Option<T> {
        let result = act(&mut self.device.disk);
        self.device.note(self.points);
        result.ok()
    }
}

pub(crate) fn index(slot: Slot) -> usize {
    match slot {
        Slot::A => 0,
        Slot::B => 1,
    }
}
