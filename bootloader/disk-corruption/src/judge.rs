//! What became of a corrupted disk, and whether that may be.

mod roots;

use crate::corruption::Corruption;
use crate::laboratory::{LOADER_WORDS, Laboratory, Reference, is_other_slot, loaders_words};
use crate::map::SOURCES;
use crate::overlay::{Endless, Overlay};
use boot_core::state_store::StateStore;
use boot_core::{Halt, Layout, SecondHome, read_layout};
use core::fmt;
use host_machine::{End, Machine, Started};
use image_format::disk::Role;
use image_format::{Event, Floors, Source};

/// What the loader did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It started what it would have started anyway.
    Usual,
    /// The other slot.
    OtherSlot,
    /// The rescue system.
    Rescue,
    /// It started nothing, and said why.
    Halted,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The kernel in memory is that of no untouched image.
    Kernel,
    /// The initrd is not that of the image whose kernel it is started with.
    Initrd,
    /// The words for the kernel are not the signed ones and the loader's three.
    Words(String),
    /// A system image runs as rescue, or the other way round.
    Place(Source),
    /// What was started is below the floors that the firmware keeps.
    BelowFloor(Source),
    /// It halted, and this source was whole.
    HaltedWith(Source),
    /// It went elsewhere, and what it usually starts was whole.
    Needlessly(Source),
    /// A whole partition table was not found.
    TableNotFound,
    /// Partitions were found where no table says so.
    TableMisread,
    /// The hash tree vouches for a block of the root that was changed.
    RootBlock(u64),
    /// This byte outside of `boot-state` was written.
    WroteElsewhere(u64),
    /// The loader panicked.
    Panicked,
    /// The loader did not end.
    Endless,
}

/// What became of a corrupted disk.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the loader did.
    pub outcome: Outcome,
    /// What it started, as it says.
    pub started: Option<Source>,
    /// The untouched image that this is.
    pub image: Option<Source>,
    /// Why it started nothing.
    pub halt: Option<String>,
    /// Blocks of the started root or its tree that the kernel will refuse to read.
    pub root_blocks: usize,
    /// A partition table is whole, so that the firmware has no excuse for not finding the
    /// loader.
    pub has_whole_table: bool,
    /// What the loader added to the flight record.
    pub events: Vec<Event>,
    /// What must not be.
    pub violation: Option<Violation>,
}

impl Laboratory {
    /// Boots the disk with that corruption.
    #[must_use]
    pub fn judge(&self, corruption: &Corruption) -> Verdict {
        let mut disk = self.disk.clone();
        corruption.apply(&mut disk);
        let case = Case {
            laboratory: self,
            layout: read_layout(&mut disk.clone()).ok(),
            corrupted: disk.clone(),
            second_home: self.second_home(corruption.has_variable),
            tables_may_lie: corruption.kind == "table, forged",
        };
        let mut machine = Machine {
            disk: &mut disk,
            second_home: case.second_home,
        };
        let end = machine.boot(&self.board, &self.signed_keyring);
        let mut verdict = case.judge(&end, &disk);
        verdict.events = new_events(&case, &mut disk);
        verdict
    }
}

/// A corrupted disk, before its boot.
struct Case<'a> {
    laboratory: &'a Laboratory,
    corrupted: Overlay,
    layout: Option<Layout>,
    second_home: SecondHome,
    /// Somebody put the checksums of a table right: what it says counts.
    tables_may_lie: bool,
}

impl Case<'_> {
    fn judge(&self, end: &End, after: &Overlay) -> Verdict {
        let mut verdict = Verdict {
            outcome: Outcome::Halted,
            started: None,
            image: None,
            halt: None,
            root_blocks: 0,
            has_whole_table: self.has_whole_table(),
            events: Vec::new(),
            violation: None,
        };
        let judged = self
            .judge_layout()
            .and_then(|()| self.judge_writes(after))
            .and_then(|()| match end {
                End::Started(started) => self.judge_start(started, after, &mut verdict),
                End::Halted(halt) => {
                    verdict.halt = Some(halt.to_string());
                    self.judge_halt(halt)
                }
                End::Panicked(reason) if reason.is::<Endless>() => Err(Violation::Endless),
                End::Panicked(_) => Err(Violation::Panicked),
            });
        verdict.violation = judged.err();
        verdict
    }

    /// A table that is whole is found; and what is found is what the untouched disk has.
    fn judge_layout(&self) -> Result<(), Violation> {
        let untouched = &self.laboratory.map;
        let Some(layout) = &self.layout else {
            return match self.has_whole_table() {
                true => Err(Violation::TableNotFound),
                false => Ok(()),
            };
        };
        let as_before = |role| {
            let before = untouched.layout.partition(role);
            let inside = before.filter(|partition| {
                partition.offset_bytes + partition.length_bytes <= self.corrupted.length_bytes()
            });
            layout.partition(role) == inside
        };
        let same =
            layout.disk_guid == untouched.layout.disk_guid && Role::ALL.into_iter().all(as_before);
        if same || self.tables_may_lie {
            Ok(())
        } else {
            Err(Violation::TableMisread)
        }
    }

    fn has_whole_table(&self) -> bool {
        let mut tables = self.laboratory.map.tables.iter();
        tables.any(|table| self.is_untouched(&table.header) && self.is_untouched(&table.entries))
    }

    fn judge_writes(&self, after: &Overlay) -> Result<(), Violation> {
        let layout = self.layout.as_ref();
        let own = layout
            .and_then(|layout| layout.partition(Role::BootState))
            .map_or(0..0, |own| {
                own.offset_bytes..own.offset_bytes + own.length_bytes
            });
        let mut written = after.written.iter();
        match written.find(|span| span.start < own.start || span.end > own.end) {
            Some(span) => Err(Violation::WroteElsewhere(span.start)),
            None => Ok(()),
        }
    }

    fn judge_halt(&self, halt: &Halt) -> Result<(), Violation> {
        match SOURCES.into_iter().find(|source| self.is_whole(*source)) {
            Some(source) if !matches!(halt, Halt::Keyring(_)) => Err(Violation::HaltedWith(source)),
            _ => Ok(()),
        }
    }

    fn judge_start(
        &self,
        started: &Started,
        after: &Overlay,
        verdict: &mut Verdict,
    ) -> Result<(), Violation> {
        let image = self.recognise(started)?;
        let Some((source, _)) = loaders_words(started) else {
            return Err(Violation::Words(started.words.clone()));
        };
        verdict.started = Some(source);
        verdict.image = Some(image.source);
        let usual = self.laboratory.usual;
        verdict.outcome = match source {
            _ if source == usual => Outcome::Usual,
            _ if is_other_slot(usual, source) => Outcome::OtherSlot,
            _ => Outcome::Rescue,
        };
        if (source == Source::Rescue) != (image.source == Source::Rescue) {
            return Err(Violation::Place(source));
        }
        if self.lowest().exceed(image.numbers) {
            return Err(Violation::BelowFloor(source));
        }
        if source != usual && self.knows_what_is_usual() && self.is_whole(usual) {
            return Err(Violation::Needlessly(source));
        }
        verdict.root_blocks = self.judge_root(source, image, after)?;
        Ok(())
    }

    /// The untouched image that was started, whole: kernel, initrd, manifest and words.
    fn recognise(&self, started: &Started) -> Result<&Reference, Violation> {
        let references = &self.laboratory.references;
        let same_kernel = |image: &&Reference| image.kernel == started.kernel;
        let images: Vec<_> = references.iter().filter(same_kernel).collect();
        if images.is_empty() {
            return Err(Violation::Kernel);
        }
        let same_initrd = |image: &&&Reference| image.initrd == started.initrd;
        let image = images.iter().find(same_initrd).ok_or(Violation::Initrd)?;
        let words = || Violation::Words(started.words.clone());
        let (signed, own) = started.words.split_once(LOADER_WORDS).ok_or_else(words)?;
        let guid = self.layout.map(|layout| layout.disk_guid);
        let expected = loaders_words(started)
            .zip(guid)
            .map(|((source, boot), guid)| {
                format!("{source} twinkeel.disk={guid} twinkeel.boot={boot}")
            });
        if signed == image.words && Some(own) == expected.as_deref() {
            Ok(image)
        } else {
            Err(words())
        }
    }

    /// Everything that the loader reads of it is as it was, where it was, and it may boot.
    fn is_whole(&self, source: Source) -> bool {
        let laboratory = self.laboratory;
        let layout = self.layout.as_ref();
        let partition = layout.and_then(|layout| layout.partition(source.into()));
        let (Some(image), Some(reference)) =
            (laboratory.map.image(source), laboratory.reference(source))
        else {
            return false;
        };
        partition == Some(image.partition)
            && image.loaded().iter().all(|span| self.is_untouched(span))
            && !self.lowest().exceed(reference.numbers)
    }

    /// The floors that count in the end: those of the firmware's variable; without it
    /// those that the boot state asks for.
    fn lowest(&self) -> Floors {
        if let SecondHome::Record(record) = self.second_home {
            return Floors::parse(&record).unwrap_or_default();
        }
        let mut disk = self.corrupted.clone();
        let store = self
            .layout
            .as_ref()
            .and_then(|layout| StateStore::open(&mut disk, layout));
        let state = store.as_ref().and_then(StateStore::state);
        state.map(|state| state.floors).unwrap_or_default()
    }

    /// Partitions and boot state are as they were.
    fn knows_what_is_usual(&self) -> bool {
        let map = &self.laboratory.map;
        let state = map.layout.partition(Role::BootState);
        self.layout
            .and_then(|layout| layout.partition(Role::BootState))
            == state
            && map.state_copies.iter().all(|span| self.is_untouched(span))
    }

    fn is_untouched(&self, span: &std::ops::Range<u64>) -> bool {
        self.corrupted
            .differences(&self.laboratory.disk, span)
            .is_empty()
    }
}

/// Entries of the flight record that the corrupted disk did not have.
fn new_events(case: &Case<'_>, after: &mut Overlay) -> Vec<Event> {
    let Some(layout) = &case.layout else {
        return Vec::new();
    };
    let entries = |disk: &mut Overlay| {
        let mut entries = Vec::new();
        boot_core::flight::for_each_entry(disk, layout, |entry| entries.push(entry));
        entries
    };
    if after.written.is_empty() {
        return Vec::new();
    }
    let before = entries(&mut case.corrupted.clone());
    let added = entries(after).into_iter();
    let added = added.filter(|entry| !before.contains(entry));
    added.map(|entry| entry.event).collect()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usual => "same slot",
            Self::OtherSlot => "other slot",
            Self::Rescue => "rescue",
            Self::Halted => "halted",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("a changed kernel was started"),
            Self::Initrd => f.write_str("a changed initrd was started"),
            Self::Words(words) => write!(f, "the kernel got the words {words:?}"),
            Self::Place(source) => write!(f, "{source} started an image of another kind"),
            Self::BelowFloor(source) => write!(f, "{source} was started below the floors"),
            Self::HaltedWith(source) => write!(f, "it halted although {source} is whole"),
            Self::Needlessly(source) => write!(f, "it went to {source} without need"),
            Self::TableNotFound => f.write_str("a whole partition table was not found"),
            Self::TableMisread => f.write_str("partitions were found that no table has"),
            Self::RootBlock(block) => write!(f, "the hash tree vouches for changed block {block}"),
            Self::WroteElsewhere(at) => write!(f, "byte {at} outside of boot-state was written"),
            Self::Panicked => f.write_str("the loader panicked"),
            Self::Endless => f.write_str("the loader did not end"),
        }
    }
}
