//! What was measured, for a person, for a program and for `docs/performance.md`.

use std::fmt::{self, Write};

use serde::Serialize;

use super::figures::Figures;
use super::throughput::{HostThroughput, Throughput};

/// One way to the kernel.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Its name.
    pub name: &'static str,
    /// Of the loader's file.
    pub loader_bytes: Option<u64>,
    /// Instructions from the loader's first to the kernel's first.
    pub loader_to_kernel: Option<Figures>,
    /// Instructions from the reset to the kernel's first.
    pub reset_to_kernel: Figures,
}

/// What a boot costs on one board.
#[derive(Debug, Clone, Serialize)]
pub struct BootReport {
    /// The board.
    pub board: String,
    /// The processor that QEMU stands in for.
    pub processor: String,
    /// How often each way was gone.
    pub runs: usize,
    /// Of the kernel that is started.
    pub kernel_bytes: u64,
    /// Of the initrd that is loaded.
    pub initrd_bytes: u64,
    /// Ours, systemd-boot's, and QEMU's.
    pub ways: [Measured; 3],
    /// Instructions to hash kernel and initrd once, with portable code.
    pub hash_once: u64,
    /// Of the machine that measured.
    pub throughput: HostThroughput,
    /// The longest that our loader may be.
    pub loader_goal_bytes: u64,
}

impl BootReport {
    /// systemd-boot, and hashing the same bytes once: what ours may cost.
    #[must_use]
    pub fn goal(&self) -> Option<u64> {
        let [_, systemd_boot, _] = &self.ways;
        Some(systemd_boot.loader_to_kernel?.median + self.hash_once)
    }

    /// Ours by the goal, and by what systemd-boot and the direct load cost.
    fn ratios(&self) -> Option<Ratios> {
        let [ours, systemd_boot, direct] = &self.ways;
        let loader = ours.loader_to_kernel?.median;
        Some(Ratios {
            goal: ratio(loader, self.goal()?),
            systemd_boot: ratio(loader, systemd_boot.loader_to_kernel?.median),
            direct: ratio(ours.reset_to_kernel.median, direct.reset_to_kernel.median),
        })
    }

    /// The table as Markdown, with a heading.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "## {}\n\nProcessor `{}`. Kernel {} B, initrd {} B. Median of {} boots each, and the \
             smallest and largest.\n\n\
             | | loader's file | loader entry to kernel entry | reset to kernel entry |\n|---|--:|--:|--:|\n",
            self.board, self.processor, self.kernel_bytes, self.initrd_bytes, self.runs
        );
        for way in &self.ways {
            let size = way
                .loader_bytes
                .map_or("-".to_owned(), |bytes| format!("{bytes} B"));
            let loader = way.loader_to_kernel.map_or("-".to_owned(), millions_of);
            let reset = millions_of(way.reset_to_kernel);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {} | {size} | {loader} | {reset} |", way.name);
        }
        let _ = write!(text, "\n{}", self.conclusions());
        text
    }

    fn conclusions(&self) -> String {
        let mut text = format!(
            "- Hashing kernel and initrd once, with portable code: {}.\n",
            millions(self.hash_once)
        );
        if let (Some(goal), Some(ratios)) = (self.goal(), self.ratios()) {
            let _ = write!(
                text,
                "- Loader entry to kernel entry: {:.3} of systemd-boot's; {:.3} of the goal, which is \
                 systemd-boot's and that hashing, {}: {}.\n\
                 - Reset to kernel entry: {:.3} of the direct load's.\n",
                ratios.systemd_boot,
                ratios.goal,
                millions(goal),
                met(ratios.goal <= 1.0),
                ratios.direct
            );
        }
        let [portable, instructions] = hash_lines(&self.throughput);
        text += &portable;
        text += &instructions;
        let [ours, ..] = &self.ways;
        if let Some(bytes) = ours.loader_bytes {
            let goal = self.loader_goal_bytes;
            let _ = writeln!(
                text,
                "- Size of the loader: {bytes} B of at most {goal} B: {}.",
                met(bytes <= goal)
            );
        }
        text
    }
}

/// For a person at a terminal: the same.
impl fmt::Display for BootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for way in &self.ways {
            let loader = way.loader_to_kernel.map_or("-".to_owned(), millions_of);
            let reset = millions_of(way.reset_to_kernel);
            writeln!(f, "{:<20}  {loader:>34}  {reset:>34}", way.name)?;
        }
        f.write_str(&self.conclusions())
    }
}

fn hash_lines(throughput: &HostThroughput) -> [String; 2] {
    let line = |what: &str, of: &Throughput| {
        format!(
            "- Reading and hashing against reading, on the host with {what}: {:.3} of its speed, \
             {:.0} MB/s.\n",
            of.kept(),
            of.read_and_hash / 1e6
        )
    };
    let instructions = &throughput.instructions;
    [
        line("the loader's portable code", &throughput.portable),
        instructions.as_ref().map_or_else(
            || "- The host's processor has no instructions for SHA-256.\n".to_owned(),
            |of| line("its processor's instructions for SHA-256", of),
        ),
    ]
}

struct Ratios {
    goal: f64,
    systemd_boot: f64,
    direct: f64,
}

fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**not met**" }
}

pub(super) fn millions_of(figures: Figures) -> String {
    let Figures { min, median, max } = figures;
    format!(
        "{} ({} to {})",
        millions(median),
        in_millions(min),
        in_millions(max)
    )
}

fn millions(instructions: u64) -> String {
    format!("{} M", in_millions(instructions))
}

fn in_millions(instructions: u64) -> String {
    format!("{:.1}", instructions as f64 / 1e6)
}
