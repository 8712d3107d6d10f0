//! The device: the real loader on the simulated disk, and then what its system does, by the
//! real acts. One cycle is what lies between two resets.

use crate::acts::{Act, Answer};
use crate::disk::{Disk, Moment, Runaway, Stuck};
use crate::image::{BOARD, Behaviour, Image};
use crate::observation::{Observation, state_of};
use crate::recall::Recall;
use crate::sectors::fingerprint;
use crate::system::System;
use crate::verdicts::Verdicts;
use crate::world::{ImageId, ImageSet, Step, World};
use boot_core::{Board, FloorsNotWritten, Platform, SecondHome, StartError, boot};
use image_format::{BootNumber, FLOORS_BYTES, Keyring, Refusal, ResetCause, SlotStatus, Source};
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
    /// The images that passed their health gate.
    pub(crate) healthy: ImageSet,
    /// How often an image that hangs or is not well was started on trial.
    pub(crate) bad_starts: u8,
    /// The trial that hung in the last boot.
    pub(crate) hung: Option<Running>,
    /// The flight record tells, undisturbed, how a trial failed.
    pub(crate) failure_on_record: bool,
    /// Somebody began to stage the release.
    pub(crate) has_staged: bool,
}

impl History {
    pub(crate) fn after_cut(self) -> Self {
        Self {
            cause: ResetCause::PowerLoss,
            hung: None,
            ..self
        }
    }
}

impl Hash for History {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let hung = |hung: Running| (hung.slot, hung.boot_number.0);
        discriminant(&self.cause).hash(state);
        (self.healthy, self.bad_starts, self.hung.map(hung)).hash(state);
        (self.failure_on_record, self.has_staged).hash(state);
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
    pub(crate) acts: Recall<Answer>,
    pub(crate) statuses: Recall<Option<SlotStatus>>,
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
    Started(ImageId, BootNumber),
    /// The loader hangs, reading an image.
    Stuck,
    Otherwise(Outcome),
}

/// A moment of a cycle, and what had happened until then.
pub(crate) struct Point {
    pub(crate) moment: Moment,
    pub(crate) history: History,
    pub(crate) writer: Writer,
}

/// Who writes at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Loader,
    System(Act),
}

/// How the loader ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It started this image.
    Started(ImageId),
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
                healthy: world.confirmed_at_first(),
                bad_starts: 0,
                hung: None,
                failure_on_record: false,
                has_staged: false,
            },
        }
    }

    /// After a loss of power at `point`, with `disk` left.
    pub(crate) fn after_cut(point: &Point, disk: Disk) -> Self {
        let history = point.history.after_cut();
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
        self.note(&mut points, Writer::Loader);
        self.history.cause = ResetCause::Reset;
        let (image, boot_number) = match end {
            Ended::Started(image, boot_number) => (image, boot_number),
            Ended::Stuck => return (self.get_stuck(world), points),
            Ended::Otherwise(outcome) => return (outcome, points),
        };
        if before.hung.is_some() && before.cause == ResetCause::Watchdog {
            self.history.failure_on_record = true;
        }
        self.history.hung = None;
        if !world.has_its_root(&self.disk.durable, image) {
            let half = format!("{}, without its root", world.image(image).source);
            return (Outcome::StartedOther(half), points);
        }
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
            Ok(()) => Outcome::Started(image),
            Err(end) if end.is::<Runaway>() => Outcome::Runaway,
            Err(_) => Outcome::Panicked,
        };
        (outcome, points)
    }

    /// By its content and its history: all that a later cycle depends on, and all that is
    /// held against the promises.
    pub(crate) fn key(&self) -> u128 {
        let content = self.disk.durable.fingerprint();
        key(content, self.disk.second_home, &self.history)
    }

    /// What the second home holds, for a fingerprint.
    pub(crate) fn second_home_key(&self) -> impl Hash + use<> {
        second_home_key(self.disk.second_home)
    }

    /// The loader hangs as it reads an image, which is no better than one that hangs.
    fn get_stuck(&mut self, world: &World) -> Outcome {
        let hangs = |(_, image): &(ImageId, &Image)| image.behaviour == Behaviour::HangsReader;
        let Some((id, image)) = world.images().find(hangs) else {
            return Outcome::Runaway;
        };
        self.history.cause = ResetCause::Watchdog;
        self.history.hung = None;
        let status = match (image.source, state_of(&mut self.disk, world)) {
            (Source::Slot(slot), Some(state)) => Some(state.slot(slot).status),
            _ => None,
        };
        self.history.bad_starts += u8::from(matches!(status, Some(SlotStatus::Trial { .. })));
        Outcome::Started(id)
    }

    pub(crate) fn note(&mut self, points: &mut Vec<Point>, writer: Writer) {
        let history = self.history;
        let moments = self.disk.take_moments().into_iter();
        points.extend(moments.map(|moment| Point {
            moment,
            history,
            writer,
        }));
    }
}

/// [`Device::key`] of a device of which the disk's fingerprint is known.
pub(crate) fn key(content: u128, second_home: SecondHome, history: &History) -> u128 {
    fingerprint(&(content, second_home_key(second_home), history))
}

fn second_home_key(home: SecondHome) -> impl Hash + use<> {
    let record = match home {
        SecondHome::Record(record) => Some(record),
        SecondHome::None | SecondHome::Absent | SecondHome::Unreadable => None,
    };
    (discriminant(&home), record)
}

/// The real loader, until it starts something or gives up.
fn boot_once(world: &World, disk: &mut Disk, cause: ResetCause, verdicts: &mut Verdicts) -> Ended {
    let end = catch_unwind(AssertUnwindSafe(|| {
        let mut machine = Machine {
            disk,
            verdicts,
            cause,
        };
        boot(&mut machine, &Board { id: BOARD }, world.keyring.clone()).to_string()
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
    let image = world.images().find(|(_, image)| {
        image.kernel == started.kernel
            && started.initrd.starts_with(&image.initrd)
            && Some(image.source.to_string().as_str()) == slot
    });
    match (image, boot_number) {
        (Some((id, _)), Some(number)) => Ended::Started(id, BootNumber(number)),
        _ => Ended::Otherwise(Outcome::StartedOther(started.command_line)),
    }
}
