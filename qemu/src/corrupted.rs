//! Corrupted disks in QEMU: what was judged on the host has to happen there, too, and the
//! guest has to prove which system it is.
//!
//! Called by `cargo xtask corrupt` and `cargo xtask qemu-test`. The firmware's variables
//! are those of a machine that was never started, so only such corruptions are booted here.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use disk_corruption::{Laboratory, Outcome, Verdict};
use image_format::Source;

use crate::bench::Bench;
use crate::command_line::Accelerator;
use crate::disk::TestDisk;
use crate::guest::{Guest, NEXT_BOOT};
use crate::proof::{Expected, NotProved};
use crate::runner::{in_turn, judge, qemu_messages, remove_disks};
use crate::world::World;

/// Where everything of it is kept.
const DIRECTORY: &str = "corrupted";
/// What firmware says that finds no loader.
const NO_LOADER: [&str; 2] = [
    "No bootable option or device was found",
    "UEFI Interactive Shell",
];

/// A corrupted disk that was booted.
pub struct Booted {
    /// Which corruption.
    pub number: u64,
    /// Of which kind.
    pub kind: &'static str,
    /// What was done to the disk.
    pub story: String,
    /// How long it took.
    pub duration: Duration,
    /// What the machine did, in a few words.
    pub seen: String,
    /// What should not have happened.
    pub violation: Option<String>,
}

/// The base disk of `world`, aged by a confirm and a boot: what is corrupted.
///
/// # Errors
/// There is no room, or it does not boot.
pub fn laboratory(world: &World) -> Result<Laboratory> {
    let directory = world.directory_of(DIRECTORY);
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let untouched = directory.join("untouched.img");
    world.copy_base(&untouched)?;
    Laboratory::with_aged(&untouched, &world.board().id, world.keys().signed_keyring())
}

/// Boots the corruptions `numbers`, some at a time, and calls `report` after each.
pub fn boot(
    world: &World,
    laboratory: &Laboratory,
    seed: u64,
    numbers: &[u64],
    report: impl Fn(&Booted) + Sync,
) -> Vec<Booted> {
    in_turn(numbers, |number| {
        let booted = boot_one(world, laboratory, seed, *number);
        report(&booted);
        booted
    })
}

fn boot_one(world: &World, laboratory: &Laboratory, seed: u64, number: u64) -> Booted {
    let begin = Instant::now();
    let name = format!("{DIRECTORY}/{number}");
    let corruption = laboratory.corruption(seed, number);
    let result = judge(|| {
        let bench = Bench::new(world, &name, Accelerator::Emulation)?;
        let untouched = TestDisk::at(&world.directory_of(DIRECTORY).join("untouched.img"));
        let disk = untouched.copy_to(&bench.directory().join("disk.img"))?;
        laboratory.write(&corruption, disk.image())?;
        let verdict = laboratory.judge(&corruption);
        Observation {
            guest: bench.start(&disk)?,
            laboratory,
            verdict,
            unanswered: None,
        }
        .conclude(&disk)
    });
    let directory = world.directory_of(&name);
    let violation = result.as_ref().err();
    let violation = violation.map(|violation| violation.clone() + &qemu_messages(&directory));
    if violation.is_none() {
        remove_disks(&directory);
    }
    Booted {
        number,
        kind: corruption.kind,
        story: corruption.story,
        duration: begin.elapsed(),
        seen: result.unwrap_or_else(|_| "not what was judged".to_owned()),
        violation,
    }
}

/// A machine that boots a corrupted disk, and what has to happen.
struct Observation<'a> {
    guest: Guest,
    laboratory: &'a Laboratory,
    verdict: Verdict,
    /// The system that was asked and gave no answer: another one has to come up.
    unanswered: Option<Source>,
}

impl Observation<'_> {
    /// Watches until the outcome is known, switches off, and looks at the disk.
    fn conclude(mut self, disk: &TestDisk) -> Result<String> {
        if !self.verdict.has_whole_table {
            for words in NO_LOADER {
                self.guest.allow(words);
            }
        }
        let seen = self.watch()?;
        self.guest.pull_the_plug()?;
        if seen == Seen::NoLoader {
            return Ok("the firmware finds no loader".to_owned());
        }
        // Of a disk without partitions nothing can be read, and nothing was written.
        if !self.verdict.events.is_empty() {
            let recorded = disk.read_flight()?;
            for event in &self.verdict.events {
                let is_there = recorded.iter().any(|entry| entry.event == *event);
                ensure!(is_there, "the flight record does not hold {event:?}");
            }
        }
        Ok(match seen {
            Seen::NoLoader => "the firmware finds no loader".to_owned(),
            Seen::Halted => format!("{}, and says why", Outcome::Halted),
            Seen::Proved(source) if self.verdict.root_blocks > 0 => {
                format!(
                    "{source} proved itself, {} blocks refused",
                    self.verdict.root_blocks
                )
            }
            Seen::Proved(source) => format!("{source} proved itself"),
        })
    }

    fn watch(&mut self) -> Result<Seen> {
        let mut is_first = true;
        loop {
            let line = self.guest.next_line()?;
            if NO_LOADER.iter().any(|words| line.contains(words)) {
                return Ok(Seen::NoLoader);
            }
            if let Some(reason) = line.split_once("cannot boot: ").map(|(_, reason)| reason) {
                return self.judge_halt(reason.trim());
            }
            if let Some((_, started)) = line.split_once(NEXT_BOOT) {
                let name = started.split(' ').next().unwrap_or_default();
                if std::mem::take(&mut is_first) && self.verdict.started != Source::parse(name) {
                    bail!("{name} was started; judged was {:?}", self.verdict.started);
                }
            }
            if let Some((before, _)) = line.split_once(" is up (boot ") {
                let name = before.rsplit("twinkeel: ").next().unwrap_or_default();
                let name = name.split(' ').next().unwrap_or_default();
                let source = Source::parse(name).with_context(|| format!("{name} is up"))?;
                if let Some(seen) = self.prove(source)? {
                    return Ok(seen);
                }
            }
        }
    }

    fn judge_halt(&self, reason: &str) -> Result<Seen> {
        let expected = self.verdict.halt.as_deref().unwrap_or_default();
        let expected = expected.lines().next().unwrap_or_default();
        ensure!(
            expected == format!("cannot boot: {reason}"),
            "it halted ({reason}); judged was {:?}, {expected:?}",
            self.verdict.started
        );
        Ok(Seen::Halted)
    }

    /// What came up is the untouched image that was judged to start; or, where its root is
    /// damaged, what comes after it. `None` when a block that this system needs for its
    /// answer is refused: its boot ends, and the next system is still to come.
    fn prove(&mut self, source: Source) -> Result<Option<Seen>> {
        ensure!(
            self.unanswered != Some(source),
            "{source} gave no answer, and came up again"
        );
        let image = match self.verdict.image {
            Some(image) if self.verdict.started == Some(source) => image,
            _ if self.verdict.root_blocks > 0 => source,
            _ => bail!("{source} is up; judged was {:?}", self.verdict.started),
        };
        let manifest = self.laboratory.manifest_hash(image);
        let manifest = manifest.with_context(|| format!("there is no image of {image}"))?;
        let is_damaged = self.verdict.root_blocks > 0 && self.verdict.started == Some(source);
        match self.guest.prove(Expected { source, manifest }) {
            Ok(_) => Ok(Some(Seen::Proved(source))),
            Err(NotProved::NoAnswer(_)) if is_damaged => {
                self.unanswered = Some(source);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// How a machine ended up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Proved(Source),
    Halted,
    NoLoader,
}
