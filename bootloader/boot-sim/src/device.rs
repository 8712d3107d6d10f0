//! The device: the real loader on the simulated disk, and then what its system does, by the
//! real acts. One cycle is what lies between two resets.

use crate::acts::{Act, Answer};
use crate::disk::{Disk, Moment, Runaway, Stuck};
use crate::image::{BOARD, Behaviour, Image};
use crate::observation::{Observation, state_of};
use crate::recall::Recall;
use crate::sectors::fingerprint;
use crate::verdicts::Verdicts;
use crate::world::{Step, World};
use boot_core::{Board, FloorsNotWritten, Platform, SecondHome, StartError, boot};
use image_format::{
    BootNumber, FLOORS_BYTES, Keyring, Refusal, ResetCause, Slot, SlotStatus, Source,
};
use image_trust::{Release, Requirements, Verified};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use system_update::Running;

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

impl Hash for History {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let hung = |hung: Running| (hung.slot, hung.boot_number.0);
        discriminant(&self.cause).hash(state);
        (self.healthy, self.bad_starts, self.hung.map(hung)).hash(state);
        self.failure_on_record.hash(state);
    }
}

/// A device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) disk: Disk,
    pub(crate) history: History,
}

/// What the code under test did before, in one world.
pub(crate) struct Memory {
    boots: Recall<Ended>,
    verdicts: Verdicts,
    acts: Recall<Answer>,
    statuses: Recall<Option<SlotStatus>>,
    pub(crate) looks: Recall<Observation>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            boots: Recall::new(),
            verdicts: Verdicts::default(),
            acts: Recall::new(),
            statuses: Recall::new(),
            looks: Recall::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn runs(&self) -> usize {
        self.boots.runs() + self.acts.runs() + self.statuses.runs() + self.looks.runs()
    }
}

/// How a boot ended: with an image, under its boot number, or not so.
#[derive(Clone)]
enum Ended {
    Started(Source, BootNumber),
    /// The loader hangs, reading an image.
    Stuck,
    Otherwise(Outcome),
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
    verdicts: &'a mut Verdicts,
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

    fn verify_envelope<'a>(
        &mut self,
        keyring: &Verified<Keyring>,
        area: &'a [u8],
        requirements: &Requirements<'_>,
    ) -> Result<Verified<Release<'a>>, Refusal> {
        self.verdicts.verify(keyring, area, requirements)
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
    pub(crate) fn cycle(
        &mut self,
        world: &World,
        step: Step,
        memory: &mut Memory,
    ) -> (Outcome, Vec<Point>) {
        let mut points = Vec::new();
        self.disk.power_cycle();
        let before = self.history;
        let told = (self.second_home_key(), discriminant(&before.cause));
        let Memory {
            boots, verdicts, ..
        } = memory;
        let end = boots.run(&mut self.disk, fingerprint(&told), |disk| {
            boot_once(world, disk, before.cause, verdicts)
        });
        self.note(&mut points);
        self.history.cause = ResetCause::Reset;
        let (source, boot_number) = match end {
            Ended::Started(source, boot_number) => (source, boot_number),
            Ended::Stuck => return (self.get_stuck(world), points),
            Ended::Otherwise(outcome) => return (outcome, points),
        };
        if before.hung.is_some() && before.cause == ResetCause::Watchdog {
            self.history.failure_on_record = true;
        }
        self.history.hung = None;
        let Some(image) = world.image_of(source) else {
            return (Outcome::StartedOther(source.to_string()), points);
        };
        let mut system = System {
            world,
            image,
            device: self,
            memory,
            points: &mut points,
        };
        let ran = catch_unwind(AssertUnwindSafe(|| {
            system.run(boot_number, step, before.hung);
        }));
        let outcome = match ran {
            Ok(()) => Outcome::Started(source),
            Err(end) if end.is::<Runaway>() => Outcome::Runaway,
            Err(_) => Outcome::Panicked,
        };
        (outcome, points)
    }

    /// What the second home holds, for a fingerprint.
    pub(crate) fn second_home_key(&self) -> impl Hash + use<> {
        let home = self.disk.second_home;
        let record = match home {
            SecondHome::Record(record) => Some(record),
            SecondHome::None | SecondHome::Absent | SecondHome::Unreadable => None,
        };
        (discriminant(&home), record)
    }

    /// The loader hangs as it reads an image, which is no better than one that hangs.
    fn get_stuck(&mut self, world: &World) -> Outcome {
        let hangs = |image: &&Image| image.behaviour == Behaviour::HangsReader;
        let Some(image) = world.images.iter().find(hangs) else {
            return Outcome::Runaway;
        };
        self.history.cause = ResetCause::Watchdog;
        self.history.hung = None;
        let status = match (image.source, state_of(&mut self.disk, world)) {
            (Source::Slot(slot), Some(state)) => Some(state.slot(slot).status),
            _ => None,
        };
        self.history.bad_starts += u8::from(matches!(status, Some(SlotStatus::Trial { .. })));
        Outcome::Started(image.source)
    }

    fn note(&mut self, points: &mut Vec<Point>) {
        let history = self.history;
        let moments = self.disk.take_moments();
        points.extend(moments.into_iter().map(|moment| Point { moment, history }));
    }
}

/// The real loader, until it starts something or gives up.
fn boot_once(world: &World, disk: &mut Disk, cause: ResetCause, verdicts: &mut Verdicts) -> Ended {
    let end = catch_unwind(AssertUnwindSafe(|| {
        let mut machine = Machine {
            disk,
            verdicts,
            cause,
        };
        boot(&mut machine, &Board { id: BOARD }, &world.keyring).to_string()
    }));
    let end = match end {
        Ok(halt) => return Ended::Otherwise(Outcome::Halted(halt)),
        Err(end) => end,
    };
    match end.downcast::<Started>() {
        Ok(started) => recognise(world, *started),
        Err(end) if end.is::<Stuck>() => Ended::Stuck,
        Err(end) if end.is::<Runaway>() => Ended::Otherwise(Outcome::Runaway),
        Err(_) => Ended::Otherwise(Outcome::Panicked),
    }
}

/// Which image that is: all of it has to be of one.
fn recognise(world: &World, started: Started) -> Ended {
    let word = |name: &str| {
        let mut words = started.command_line.split(' ');
        words.find_map(|word| word.strip_prefix(name))
    };
    let slot = word("twinkeel.slot=");
    let boot_number = word("twinkeel.boot=").and_then(|number| number.parse().ok());
    let image = world.images.iter().find(|image| {
        image.kernel == started.kernel
            && started.initrd.starts_with(&image.initrd)
            && Some(image.source.to_string().as_str()) == slot
    });
    match (image, boot_number) {
        (Some(image), Some(number)) => Ended::Started(image.source, BootNumber(number)),
        _ => Ended::Otherwise(Outcome::StartedOther(started.command_line)),
    }
}

/// A system that runs: what PID 1 does, act by act.
struct System<'a> {
    world: &'a World,
    image: &'a Image,
    device: &'a mut Device,
    memory: &'a mut Memory,
    points: &'a mut Vec<Point>,
}

impl System<'_> {
    fn run(&mut self, boot_number: BootNumber, step: Step, hung_before: Option<Running>) {
        let running = Running {
            slot: match self.image.source {
                Source::Slot(slot) => slot,
                // Nothing that rescue does asks for the slot.
                Source::Rescue => Slot::A,
            },
            manifest_hash: self.image.manifest_hash,
            boot_number,
        };
        if self.image.source == Source::Rescue {
            self.act(Act::RecordRescue, &running);
            return;
        }
        match self.image.behaviour {
            Behaviour::Hangs | Behaviour::HangsReader => self.hang(running),
            Behaviour::Unhealthy => self.fail(&running),
            Behaviour::DiesAfterConfirm if self.has_been_well(running.slot) => {
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

    fn has_been_well(&self, slot: Slot) -> bool {
        self.device.history.healthy[index(slot)]
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
            self.device.history.healthy[index(running.slot)] = true;
            self.act(Act::Confirm, running);
        }
        self.act(Act::Inquest, running);
    }

    fn act(&mut self, act: Act, running: &Running) -> Answer {
        let version = self.image.version;
        let key = act.key(running, version);
        let disk = &mut self.device.disk;
        let answer = self
            .memory
            .acts
            .run(disk, key, |disk| act.perform(disk, running, version));
        self.device.note(self.points);
        answer
    }
}

pub(crate) fn index(slot: Slot) -> usize {
    match slot {
        Slot::A => 0,
        Slot::B => 1,
    }
}
