//! What there is to know about the boards before one is chosen: `cargo xtask boards`.
//!
//! Everything comes from the boards' files and from the plan of the scenarios, so that the
//! table cannot promise what nobody tries.

use std::fmt;

use boards::{Board, FloorHome};
use serde_json::{Value, json};

use crate::plan::{Extent, plan};
use crate::scenarios::ALL;

/// The boards, one a line, then what each cannot do.
pub struct BoardTable {
    boards: Vec<Summary>,
}

struct Summary {
    board: Board,
    /// Scenarios of every run.
    everyday: usize,
    /// Scenarios of a run of everything.
    all: usize,
}

impl BoardTable {
    /// Of `boards`; the board `main` sees every scenario every day.
    #[must_use]
    pub fn new(boards: &[Board], main: &str) -> Self {
        let count = |board: &Board, extent| {
            let planned = plan(boards, main, ALL, extent).into_iter();
            let of_board = planned.filter(|planned| planned.board.id == board.id);
            of_board.map(|planned| planned.scenarios.len()).sum()
        };
        let boards = boards.iter().map(|board| Summary {
            board: board.clone(),
            everyday: count(board, Extent::Everyday),
            all: count(board, Extent::All),
        });
        Self {
            boards: boards.collect(),
        }
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.boards.iter().map(Summary::to_json).collect()
    }
}

impl Summary {
    /// The packages that bring the firmware to the machine or to the disk.
    fn firmware_packages(&self) -> Vec<&str> {
        let machine = &self.board.qemu;
        let files = machine.firmware_files.iter().map(|file| &file.from);
        let parts = self.board.firmware_parts.iter().map(|part| &part.from);
        let mut packages: Vec<&str> = files
            .chain(parts)
            .map(|file| file.package.as_str())
            .filter(|package| *package != self.board.kernel.package)
            .chain(machine.firmware_package.as_deref())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    fn watchdog(&self) -> &str {
        let watchdog = self.board.loader.hardware_watchdog.as_deref();
        watchdog.unwrap_or("from init on")
    }

    /// What follows from the file, then what a person wrote into it.
    fn limits(&self) -> Vec<String> {
        let board = &self.board;
        let mut limits = Vec::new();
        if board.loader.hardware_watchdog.is_none() {
            limits.push(
                "a kernel that stops for good before init runs needs a power cycle".to_owned(),
            );
        }
        if board.loader.floor_homes == [FloorHome::BootState] {
            limits.push("whoever can write to the disk can bring an old image back".to_owned());
        }
        if board.qemu.secure_boot.is_none() {
            limits.push("the firmware does not check the loader".to_owned());
        }
        limits.extend(board.known_limits.iter().cloned());
        limits
    }

    fn to_json(&self) -> Value {
        let board = &self.board;
        json!({
            "board": board.id,
            "description": board.description,
            "architecture": board.architecture.debian_name(),
            "firmware": board.loader.firmware.name(),
            "firmware_packages": self.firmware_packages(),
            "machine": board.qemu.machine,
            "scenarios_everyday": self.everyday,
            "scenarios_all": self.all,
            "hardware_watchdog": board.loader.hardware_watchdog,
            "floor_homes": board.loader.floor_homes.iter().map(|home| home.name()).collect::<Vec<_>>(),
            "limits": self.limits(),
        })
    }
}

const HEADINGS: [&str; 8] = [
    "board",
    "arch",
    "firmware",
    "from",
    "qemu",
    "scenarios",
    "watchdog",
    "floors",
];

impl fmt::Display for BoardTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        rows.extend(self.boards.iter().map(Summary::row));
        let widths: [usize; HEADINGS.len()] = std::array::from_fn(|column| {
            rows.iter().map(|row| row[column].len()).max().unwrap_or(0)
        });
        for row in &rows {
            let cells = row.iter().zip(widths);
            let line: String = cells
                .map(|(cell, width)| format!("{cell:<width$}  "))
                .collect();
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "\nscenarios: every day, and with --all. Known limits:")?;
        for summary in &self.boards {
            writeln!(f, "\n{}: {}", summary.board.id, summary.board.description)?;
            for limit in summary.limits() {
                writeln!(f, "  - {limit}")?;
            }
        }
        Ok(())
    }
}

impl Summary {
    fn row(&self) -> [String; HEADINGS.len()] {
        let board = &self.board;
        [
            board.id.clone(),
            board.architecture.debian_name().to_owned(),
            board.loader.firmware.name().to_owned(),
            self.firmware_packages().join(" "),
            board.qemu.machine.clone(),
            format!("{}, {}", self.everyday, self.all),
            self.watchdog().to_owned(),
            board.loader.floor_homes_list(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(text: &str) -> Board {
        boards::parse_board("b", text).expect("it is good")
    }

    fn summary(text: &str) -> Summary {
        BoardTable::new(&[board(text)], "other").boards.remove(0)
    }

    const X86: &str = include_str!("../../boards/x86_64-uefi.toml");
    const U_BOOT: &str = include_str!("../../boards/arm64-u-boot.toml");
    const PI: &str = include_str!("../../boards/raspberry-pi-3.toml");

    #[test]
    fn a_limit_is_told_where_the_file_has_no_means_against_it() {
        assert_eq!(summary(X86).limits(), [""; 0]);
        let limits = summary(U_BOOT).limits().join("\n");
        for told in ["power cycle", "old image back", "check the loader"] {
            assert!(limits.contains(told), "{limits}");
        }
        let written = board(U_BOOT).known_limits;
        assert!(
            !written.is_empty() && limits.ends_with(&written.join("\n")),
            "{limits}"
        );
    }

    #[test]
    fn a_board_is_tested_as_the_plan_says() {
        let main = BoardTable::new(&[board(X86)], "b").boards.remove(0);
        let other = summary(X86);
        let left_out = board(X86).qemu.scenarios_left_out.len();
        assert_eq!(main.all, ALL.len() - left_out);
        assert!(other.everyday < main.everyday && main.everyday < main.all);
        let slow = summary(PI);
        assert_eq!((slow.everyday, slow.all), (0, 1));
    }

    #[test]
    fn the_firmware_is_where_the_file_says_and_never_the_kernel() {
        assert_eq!(summary(X86).firmware_packages(), ["ovmf"]);
        assert_eq!(summary(U_BOOT).firmware_packages(), ["u-boot-qemu"]);
        assert_eq!(summary(PI).firmware_packages(), ["u-boot-rpi"]);
    }

    #[test]
    fn columns_are_aligned_and_programs_get_the_same() {
        let table = BoardTable::new(&[board(X86), board(U_BOOT)], "b");
        let text = table.to_string();
        let mut lines = text.lines();
        let at = lines.next().and_then(|line| line.find("watchdog"));
        let first = lines.next().and_then(|line| line.find("i6300esb"));
        assert!(at.is_some() && at == first, "{text}");
        assert_eq!(table.to_json()[0]["hardware_watchdog"], "i6300esb");
        assert_eq!(table.to_json()[1]["hardware_watchdog"], Value::Null);
    }
}
