//! What is drawn: rows of text, made of the picture's number and nothing else.

use std::io::{self, BufRead, Write};

/// Of a pane, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// What a pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Widget {
    /// Memory that is read.
    Dump,
    /// Bars that rise and fall.
    Load,
    /// Doors that open.
    Log,
    /// Digits that fall.
    Rain,
}

impl Widget {
    pub(crate) const ALL: [Self; 4] = [Self::Dump, Self::Load, Self::Log, Self::Rain];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Load => "load",
            Self::Log => "log",
            Self::Rain => "rain",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|widget| widget.name() == name)
    }

    /// The row of a picture; what is too long is cut.
    fn row(self, picture: u64, row: u64, columns: usize) -> String {
        // Rows move up as pictures come.
        let line = picture + row;
        match self {
            Self::Dump => {
                let words = (0..columns as u64 / 9).map(|word| noise(line, word) as u32);
                let words = words.map(|word| format!(" {word:08x}"));
                format!("{:08x}{}", line * 64, words.collect::<String>())
            }
            Self::Load => {
                let length = noise(picture, row) as usize % columns;
                format!("{row:>2} {}", "#".repeat(length))
            }
            Self::Log => {
                const DOORS: [&str; 6] = [
                    "mainframe",
                    "satellite",
                    "vault",
                    "elevator",
                    "reactor",
                    "espresso machine",
                ];
                const ENDS: [&str; 3] = ["granted", "granted", "DENIED, trying harder"];
                let pick = noise(line, 1) as usize;
                let (door, end) = (DOORS[pick % DOORS.len()], ENDS[pick / 7 % ENDS.len()]);
                format!("{line:>5} access to the {door}: {end}")
            }
            Self::Rain => {
                let drop = |column: u64| match noise(column, 0) % 7 {
                    0 => char::from(b'0' + (noise(picture + 1000 - row, column) % 10) as u8),
                    _ => ' ',
                };
                (0..columns as u64).map(drop).collect()
            }
        }
    }
}

/// Draws a picture for each line that comes, until none comes any more.
pub(crate) fn run(widget: Widget, size: Size) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (picture, line) in (0..).zip(io::stdin().lock().lines()) {
        line?;
        out.write_all(draw(widget, picture, size).as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// As many lines as rows, each as long as there are columns.
fn draw(widget: Widget, picture: u64, size: Size) -> String {
    let rows = 0..size.rows as u64;
    let rows = rows.map(|row| {
        let text = widget.row(picture, row, size.columns);
        format!("{text:<0$.0$}\n", size.columns)
    });
    rows.collect()
}

/// Numbers without a pattern that an eye would see.
fn noise(line: u64, column: u64) -> u64 {
    let mut number = line
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(column.wrapping_mul(0xd1b5_4a32_d192_ed03));
    number ^= number >> 31;
    number = number.wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_widget_fills_its_pane_and_moves() {
        for widget in Widget::ALL {
            for (columns, rows) in [(1, 1), (38, 11), (200, 60)] {
                let size = Size { columns, rows };
                let picture = draw(widget, 7, size);
                assert_eq!(picture.lines().count(), rows, "{widget:?}");
                let full = |line: &str| line.chars().count() == columns;
                assert!(picture.lines().all(full), "{widget:?}:\n{picture}");
            }
            let size = Size {
                columns: 38,
                rows: 11,
            };
            assert_ne!(draw(widget, 7, size), draw(widget, 8, size), "{widget:?}");
        }
    }
}
