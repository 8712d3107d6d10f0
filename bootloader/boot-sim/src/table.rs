//! "Power lost here -> this happens", as it comes out of the simulator: for the documents, and
//! for the test that holds them to it.

use crate::acts::Act;
use crate::cut::{Thoroughness, tears, torn};
use crate::device::{Device, Memory, Outcome, Point, Writer};
use crate::invariant::MOST_CYCLES;
use crate::layouts::Devices;
use crate::sequences::plans;
use crate::world::{ImageId, World};
use image_format::disk::{FAILED_OFFSET, FLIGHT_OFFSET, Role};
use image_format::{ENVELOPE_BYTES, Source};
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// The documents that have such tables, from the root of the workspace.
pub const DOCUMENTS: [&str; 2] = ["ARCHITECTURE.md", "docs/power-cuts.md"];

const BEGIN: &str = "<!-- sequence ";
const END: &str = "<!-- end -->\n";

/// A document asks for a table in a way that is not understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Stale {
    /// No sequence has this name.
    NoSequence(String),
    /// The table of this sequence has no end.
    NoEnd(String),
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSequence(name) => write!(f, "no sequence is called {name:?}"),
            Self::NoEnd(name) => write!(f, "no `{}` follows the table of {name}", END.trim()),
        }
    }
}

impl std::error::Error for Stale {}

/// The document with its tables as they are now. A table stands between `<!-- sequence NAME
/// -->` and `<!-- end -->`; the name is a world's, or the beginning of it.
///
/// # Errors
/// See [`Stale`].
pub fn with_tables(document: &str) -> Result<String, Stale> {
    let mut parts = document.split(BEGIN);
    let mut current = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, _) = part.split_once(" -->").unwrap_or((part, ""));
        let plan = plans(Devices::Everyday).find(|plan| plan.name().starts_with(name));
        let plan = plan.ok_or_else(|| Stale::NoSequence(name.to_owned()))?;
        let (_, behind) = part
            .split_once(END)
            .ok_or_else(|| Stale::NoEnd(name.to_owned()))?;
        let table = table(&plan.world());
        let _ = write!(current, "{BEGIN}{name} -->\n\n{table}\n{END}{behind}");
    }
    Ok(current)
}

/// Moments in a row that differ in nothing that the table tells.
struct Row {
    boot: usize,
    runs: ImageId,
    writer: Writer,
    area: String,
    cuts: usize,
    next: BTreeSet<String>,
    last: BTreeSet<String>,
}

fn table(world: &World) -> String {
    let mut rows: Vec<Row> = Vec::new();
    let (mut device, mut memory) = (Device::new(world), Memory::new());
    for (boot, step) in (1..).zip(&world.steps) {
        device.disk.records = true;
        let (outcome, points) = device.cycle(world, *step, &mut memory);
        let Outcome::Started(runs) = outcome else {
            continue;
        };
        for point in points {
            let area = area(world, &point);
            let same =
                |row: &&mut Row| (row.boot, row.writer, &row.area) == (boot, point.writer, &area);
            if rows.last_mut().filter(same).is_none() {
                rows.push(Row {
                    boot,
                    runs,
                    writer: point.writer,
                    area,
                    cuts: 0,
                    next: BTreeSet::new(),
                    last: BTreeSet::new(),
                });
            }
            if let Some(row) = rows.last_mut() {
                row.cut(world, &point, &mut memory);
            }
        }
    }
    let mut table = String::from(
        "| boot: version | power lost while | cuts | the next boot starts | the device ends on |\n\
         |---|---|--:|---|---|\n",
    );
    for row in &rows {
        let _ = writeln!(
            table,
            "| {}: {} | {} {} | {} | {} | {} |",
            row.boot,
            name(world, row.runs),
            who(row.writer),
            row.area,
            row.cuts,
            any_of(&row.next),
            any_of(&row.last),
        );
    }
    table
}

impl Row {
    /// Cuts the power in every way, and sees what boots then.
    fn cut(&mut self, world: &World, point: &Point, memory: &mut Memory) {
        for tear in tears(&point.moment, Thoroughness::Bounded) {
            self.cuts += 1;
            let mut device = Device::after_cut(point, torn(&point.moment, tear));
            let mut started = Vec::new();
            for _ in 0..MOST_CYCLES {
                let (outcome, _) = device.cycle(world, world.recovery, memory);
                started.push(match outcome {
                    Outcome::Started(image) => name(world, image),
                    other => format!("{other:?}"),
                });
            }
            self.next.extend(started.first().cloned());
            self.last.extend(started.last().cloned());
        }
    }
}

/// What is being written.
fn area(world: &World, point: &Point) -> String {
    if point.moment.becomes.is_some() {
        return "the variable of the floors".to_owned();
    }
    let unit = point.moment.durable.sector_bytes() as u64;
    let first = point
        .moment
        .cache
        .first()
        .map_or(0, |(sector, _)| sector * unit);
    for role in [Role::BootState, Role::SystemA, Role::SystemB, Role::Rescue] {
        let Some(partition) = world.layout.partition(role) else {
            continue;
        };
        let Some(offset) = first.checked_sub(partition.offset_bytes) else {
            continue;
        };
        if offset >= partition.length_bytes {
            continue;
        }
        return match (role, offset) {
            (Role::BootState, FAILED_OFFSET..) => "the list of failed releases".to_owned(),
            // The second copy lies behind the record.
            (Role::BootState, FLIGHT_OFFSET..) if offset < SECOND_COPY => {
                "the flight record".to_owned()
            }
            (Role::BootState, _) => "the boot state".to_owned(),
            (role, offset) if offset < ENVELOPE_BYTES as u64 => {
                format!("the envelope of {}", role.name())
            }
            (role, _) => format!("the parts of {}", role.name()),
        };
    }
    "something else".to_owned()
}

const SECOND_COPY: u64 = image_format::disk::STATE_COPY_OFFSETS[1];

fn who(writer: Writer) -> &'static str {
    match writer {
        Writer::Loader => "the loader writes",
        Writer::System(Act::MarkUp) => "*up* goes to",
        Writer::System(Act::Confirm) => "the confirm goes to",
        Writer::System(Act::RecordFailure) => "a failed health gate goes to",
        Writer::System(Act::Refuse) => "a damaged root goes to",
        Writer::System(Act::RollBack) => "`snappy rollback` writes",
        Writer::System(Act::Stage) => "`snappy update` writes",
        Writer::System(Act::Inquest) => "the verdict goes to",
        Writer::System(Act::RecordRescue) => "the rescue system writes",
        Writer::System(Act::Reinstall) => "`snappy reinstall` writes",
    }
}

fn name(world: &World, image: ImageId) -> String {
    let image = world.image(image);
    match image.source {
        Source::Rescue => "rescue".to_owned(),
        source => format!("{} in {source}", image.version),
    }
}

fn any_of(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.join(" or ")
}
