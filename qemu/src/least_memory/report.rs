//! What was found, for a person, for a program and for `docs/performance.md`.

use std::fmt;

use serde::Serialize;

use super::probe::Stage;

/// The least memory of one board.
#[derive(Debug, Clone, Serialize)]
pub struct MemoryReport {
    /// The board.
    pub board: String,
    /// With so many MiB all goes well.
    pub least_mib: u32,
    /// At most so many shall be needed.
    pub goal_mib: u32,
    /// The next smaller machine.
    pub next_mib: u32,
    /// Where that one stops.
    pub next_stops_at: Option<Stage>,
}

/// A row of the table in `docs/performance.md`.
impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.least_mib <= self.goal_mib {
            "met"
        } else {
            "**not met**"
        };
        let stop = self
            .next_stops_at
            .map_or("there is no less".to_owned(), |stage| {
                format!("{} MiB: {stage}", self.next_mib)
            });
        write!(
            f,
            "| {} | {} MiB | {} MiB: {met} | {stop} |",
            self.board, self.least_mib, self.goal_mib
        )
    }
}

const HEAD: &str = "\
## Memory

Written by `cargo xtask bench memory`, this section as a whole.

The least that QEMU's `-m` may say, in steps of 16 MiB, so that the first boot of a fresh disk
comes up, confirms itself, and installs an update from a second disk with `snappy update
--from`. The firmware needs memory, too, and may need more than the system: the last column
says what the next smaller machine does not come to the end of.

On x86_64 the EFI stub of Debian's kernel needs 160 MiB: 64 MiB that OVMF has free in one piece.
With less, the loader starts the kernel without the stub
([0045](decisions/0045-a-small-machine-boots-without-the-stub.md)). On arm64 what stops is that
stub, by an exception. QEMU's pseries machine takes memory in steps of 256 MiB only.

| board | least memory | goal | where less stops |
|---|--:|--:|---|
";

/// The section of `docs/performance.md`.
#[must_use]
pub fn section(reports: &[MemoryReport]) -> String {
    let rows = reports.iter().map(|report| format!("{report}\n"));
    [HEAD.to_owned()].into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_whether_the_goal_is_met_and_what_needs_the_memory() {
        let mut report = MemoryReport {
            board: "board".to_owned(),
            least_mib: 128,
            goal_mib: 128,
            next_mib: 112,
            next_stops_at: Some(Stage::Firmware),
        };
        let expected = "|---|\n| board | 128 MiB | 128 MiB: met | 112 MiB: the firmware |\n";
        let text = section(&[report.clone()]);
        assert!(text.ends_with(expected), "{text}");
        report.least_mib = 144;
        assert!(report.to_string().contains("128 MiB: **not met**"));
    }
}
