//! A part of the terminal, and the process that draws in it.

use crate::widget::{Size, Widget};
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// A widget's process. It ends when this is dropped: nobody sends it a line any more.
pub(crate) struct Pane {
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
    size: Size,
}

impl Pane {
    /// Starts this very program again, as that widget.
    pub(crate) fn start(widget: Widget, size: Size) -> io::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args([
                widget.name(),
                &size.columns.to_string(),
                &size.rows.to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(ask), Some(answer)) => Ok(Self {
                ask,
                answer: BufReader::new(answer),
                size,
            }),
            _ => Err(io::Error::other("cannot talk to a widget")),
        }
    }

    /// The next picture, a line for each row.
    pub(crate) fn draw(&mut self) -> io::Result<Vec<String>> {
        self.ask.write_all(b"\n")?;
        let rows = 0..self.size.rows;
        rows.map(|_| {
            let mut line = String::new();
            match self.answer.read_line(&mut line)? {
                0 => Err(io::Error::other("a widget has ended")),
                _ => Ok(line.trim_end_matches('\n').to_owned()),
            }
        })
        .collect()
    }
}
