//! Looks busy, as computers in films do: four widgets share the terminal until Ctrl-C.
//!
//! Each widget is a process, and draws one picture for each line that it is sent; it ends
//! with whoever sends them. So the pace is set in one place: one picture a second. Nothing is
//! written but the terminal.

mod pane;
mod widget;

use pane::Pane;
use rustix::termios::tcgetwinsize;
use std::io::{self, Write};
use std::time::Duration;
use std::{env, thread};
use widget::{Size, Widget};

/// From one picture to the next.
const PACE: Duration = Duration::from_secs(1);
/// Of a terminal that does not tell: a serial line.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => show(terminal()),
        [name, columns, rows] => match (Widget::of_name(name), columns.parse(), rows.parse()) {
            (Some(widget), Ok(columns), Ok(rows)) => widget::run(widget, Size { columns, rows }),
            _ => Err(usage()),
        },
        _ => Err(usage()),
    }
}

fn usage() -> io::Error {
    io::Error::other("cannot understand the arguments: type `hollywood` alone")
}

fn terminal() -> Size {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            columns: size.ws_col.into(),
            rows: size.ws_row.into(),
        },
        _ => USUAL,
    }
}

/// Two panes above two others, with a line between, and the cursor below them.
fn show(terminal: Size) -> io::Result<()> {
    let size = Size {
        columns: (terminal.columns.saturating_sub(3) / 2).max(1),
        rows: (terminal.rows.saturating_sub(2) / 2).max(1),
    };
    let panes: io::Result<Vec<_>> = Widget::ALL
        .into_iter()
        .map(|widget| Pane::start(widget, size))
        .collect();
    let mut panes = panes?;
    let mut terminal = io::stdout().lock();
    terminal.write_all(b"\x1b[2J")?;
    let between = "-".repeat(size.columns * 2 + 3);
    loop {
        let mut picture = String::from("\x1b[H");
        for (index, pair) in panes.chunks_mut(2).enumerate() {
            if index > 0 {
                picture.push_str(&between);
                picture.push_str("\x1b[K\r\n");
            }
            let [left, right] = pair else { continue };
            for (left, right) in left.draw()?.iter().zip(right.draw()?) {
                picture.push_str(&format!("{left} | {right}\x1b[K\r\n"));
            }
        }
        terminal.write_all(picture.as_bytes())?;
        terminal.flush()?;
        thread::sleep(PACE);
    }
}
