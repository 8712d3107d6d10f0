//! What came out, for docs/performance.md.

use crate::runs::Way;
use serde::Serialize;
use std::fmt;

/// What init and the daemon keep in memory on an idle device, in KiB.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Memory {
    /// The board.
    pub board: String,
    /// Each program's resident set, and of it what nobody else has.
    pub programs: Vec<(String, u64, u64)>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// How often each way was gone.
    pub rounds: usize,
    /// Of the snap's content.
    pub snap_bytes: u64,
    /// Ours first.
    pub install: Vec<Way>,
    /// The plain one first.
    pub start: Vec<Way>,
    /// Where a device was booted.
    pub memory: Option<Memory>,
}

/// What both programs may have together, in KiB.
const MEMORY_GOAL_KIB: u64 = 12 << 10;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "## Snaps\n\n\
             Written by `cargo xtask bench snaps`, this section as a whole.\n\n\
             Every way is a process, they take turns, and medians of {} turns are compared, in \
             milliseconds: the seconds are those of the machine that ran it, the ratios are what \
             counts.\n\n\
             **Installing** a snap with {} MiB in it: ours takes the file from where an upload \
             left it, hashes it and makes its hash tree in one pass, reads `meta/snap.yaml`, and \
             keeps each task in the state file, flushed; the kernel's mount is not in it. The \
             other hashes the file and unpacks it, and flushes nothing.\n\n",
            self.rounds,
            self.snap_bytes >> 20
        )?;
        ways(f, &self.install, 1)?;
        write!(
            f,
            "\n**Starting** a program that ends at once: as it is; by `snap-run`, in its \
             namespaces, with file rules, without rights and with a filter of system calls; by \
             bubblewrap in namespaces of its own. Control groups are not in it.\n\n"
        )?;
        ways(f, &self.start, 2)?;
        match &self.memory {
            Some(memory) => write_memory(f, memory),
            None => writeln!(
                f,
                "\nThe memory of an idle device was not measured in this run."
            ),
        }
    }
}

/// A table, and the ratio of ours to the way at `other`.
fn ways(f: &mut fmt::Formatter<'_>, ways: &[Way], other: usize) -> fmt::Result {
    writeln!(f, "| | wall | processor |\n|---|--:|--:|")?;
    let millis = |micros: u64| micros as f64 / 1000.0;
    for way in ways {
        let (wall, processor) = (millis(way.wall_micros), millis(way.processor_micros));
        writeln!(f, "| {} | {wall:.1} ms | {processor:.1} ms |", way.name)?;
    }
    let ours = ways.iter().find(|way| way.name == "Twinkeel");
    if let (Some(ours), Some(other)) = (ours, ways.get(other)) {
        writeln!(
            f,
            "\n- Ours: {:.2} of the time and {:.2} of the processor time of {}.",
            ours.wall_micros as f64 / other.wall_micros.max(1) as f64,
            ours.processor_micros as f64 / other.processor_micros.max(1) as f64,
            other.name
        )?;
    }
    Ok(())
}

fn write_memory(f: &mut fmt::Formatter<'_>, memory: &Memory) -> fmt::Result {
    write!(
        f,
        "\n**Memory** of a device ({}) that does nothing, from `smaps_rollup` of each process: \
         resident, and of that private.\n\n| | resident | private |\n|---|--:|--:|\n",
        memory.board
    )?;
    for (name, resident, private) in &memory.programs {
        writeln!(f, "| {name} | {resident} KiB | {private} KiB |")?;
    }
    let total: u64 = memory
        .programs
        .iter()
        .map(|(_, resident, _)| resident)
        .sum();
    let verdict = match total < MEMORY_GOAL_KIB {
        true => "met",
        false => "missed",
    };
    writeln!(
        f,
        "\n- Together {total} KiB resident of less than {MEMORY_GOAL_KIB} KiB: {verdict}."
    )
}
