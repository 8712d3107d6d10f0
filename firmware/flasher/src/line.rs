//! A line that flashes a thousand disks: a row of a CSV file for each, and a log beside it.
//!
//! The first column is the row's key. The log `FILE.csv.flashed` gets a line when a row is
//! begun and one when it ends, each on the disk before anything else happens, so that no loss
//! of power gives one row to two devices. What counts is a key's last line:
//!
//! | last line | the row |
//! |---|---|
//! | none, `failed` | is free: no disk has it |
//! | `done` | is taken |
//! | `begun` | is in work elsewhere, or was cut off: only a person knows |
//!
//! Several stations of one machine may work on one table.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use image_format::disk::Guid;

use crate::error::{FlashError, LineError};

/// Behind what there is of a line that a loss of power cut off: it counts for nothing.
const CUT_OFF: &str = "\tcut off";

/// Which row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The first that is free.
    Next,
    /// The one of that key.
    Row(String),
}

/// What becomes of a row that is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is refused.
    Refuse,
    /// It is flashed again: the person knows that its disk is gone.
    FlashAgain,
}

/// A table and its log.
#[derive(Debug)]
pub struct Line {
    rows: Vec<Row>,
    log: PathBuf,
}

#[derive(Debug, Clone)]
struct Row {
    key: String,
    columns: BTreeMap<String, String>,
}

/// A row that is being flashed. Dropped without an end, it stays begun.
#[derive(Debug)]
#[must_use]
pub struct Claim<'a> {
    line: &'a Line,
    row: Row,
    guid: Guid,
    device: PathBuf,
}

/// How a flash ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The device has the row.
    Done,
    /// The disk does not boot: the row is free.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Begun,
    Done,
    Failed,
}

impl State {
    const ALL: [Self; 3] = [Self::Begun, Self::Done, Self::Failed];

    fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Line {
    /// Reads the table.
    ///
    /// # Errors
    /// [`LineError::Table`] or [`LineError::Twice`].
    pub fn open(table: &Path) -> Result<Self, FlashError> {
        let mut log = table.as_os_str().to_owned();
        log.push(".flashed");
        let file = File::open(table).map_err(FlashError::io("open", table))?;
        Ok(Self {
            rows: parse_rows(file)?,
            log: log.into(),
        })
    }

    /// The log beside the table.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Takes a row for the disk of that GUID in `device`, and writes that down.
    ///
    /// # Errors
    /// [`LineError`], when there is no such row or it is not free.
    pub fn claim(
        &self,
        choice: &Choice,
        taken: Taken,
        guid: Guid,
        device: &Path,
    ) -> Result<Claim<'_>, FlashError> {
        let mut log = self.lock()?;
        let states = self.read(&mut log)?;
        let row = match choice {
            Choice::Row(key) => self.named(key, taken, &states)?,
            Choice::Next => self.next(&states)?,
        };
        let claim = Claim {
            line: self,
            row: row.clone(),
            guid,
            device: device.to_owned(),
        };
        claim.write(&mut log, State::Begun)?;
        Ok(claim)
    }

    fn named(
        &self,
        key: &str,
        taken: Taken,
        states: &BTreeMap<String, State>,
    ) -> Result<&Row, LineError> {
        let row = self.rows.iter().find(|row| row.key == key);
        let row = row.ok_or_else(|| LineError::NoRow(key.to_owned()))?;
        match (states.get(key), taken) {
            (None | Some(State::Failed), _) | (_, Taken::FlashAgain) => Ok(row),
            (Some(State::Done), Taken::Refuse) => Err(LineError::Done(key.to_owned())),
            (Some(State::Begun), Taken::Refuse) => Err(LineError::Begun(key.to_owned())),
        }
    }

    fn next(&self, states: &BTreeMap<String, State>) -> Result<&Row, LineError> {
        let state = |row: &Row| states.get(&row.key).copied();
        let free = |row: &&Row| matches!(state(row), None | Some(State::Failed));
        self.rows.iter().find(free).ok_or_else(|| {
            let begun = self
                .rows
                .iter()
                .filter(|row| state(row) == Some(State::Begun));
            LineError::NothingLeft {
                begun: begun.map(|row| row.key.clone()).collect(),
            }
        })
    }

    fn lock(&self) -> Result<File, FlashError> {
        let log = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.log)
            .map_err(FlashError::io("open", &self.log))?;
        log.lock().map_err(FlashError::io("lock", &self.log))?;
        Ok(log)
    }

    /// The last state of every key. A last line without its end was never on the disk as a
    /// whole: what it was to announce did not happen.
    fn read(&self, log: &mut File) -> Result<BTreeMap<String, State>, FlashError> {
        let mut text = String::new();
        log.read_to_string(&mut text)
            .map_err(FlashError::io("read", &self.log))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut states = BTreeMap::new();
        for line in whole.lines().filter(|line| !line.ends_with(CUT_OFF)) {
            let (state, key) = parse_entry(line).ok_or_else(|| LineError::Log(line.to_owned()))?;
            states.insert(key.to_owned(), state);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            // The next line begins a new one.
            writeln!(log, "{CUT_OFF}").map_err(FlashError::io("write to", &self.log))?;
        }
        Ok(states)
    }
}

/// Time, state, disk, device, key.
fn parse_entry(line: &str) -> Option<(State, &str)> {
    let mut fields = line.splitn(5, '\t');
    fields.next()?.parse::<u64>().ok()?;
    let word = fields.next()?;
    let state = State::ALL.into_iter().find(|state| state.word() == word)?;
    Some((state, fields.nth(2)?))
}

fn parse_rows(table: File) -> Result<Vec<Row>, LineError> {
    let unreadable = |error: csv::Error| LineError::Table(error.to_string());
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(table);
    let names = reader.headers().map_err(unreadable)?.clone();
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let key = record.get(0).unwrap_or_default().to_owned();
        if record.iter().any(|value| value.contains(char::is_control)) || key.is_empty() {
            return Err(LineError::Table(format!(
                "the row {key:?} has no key, or a value of more than one line"
            )));
        }
        if rows.iter().any(|row| row.key == key) {
            return Err(LineError::Twice(key));
        }
        let columns = names.iter().zip(&record);
        rows.push(Row {
            columns: columns
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            key,
        });
    }
    Ok(rows)
}

impl Claim<'_> {
    /// The row's first column.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.row.key
    }

    /// The row, by the names of its columns.
    #[must_use]
    pub fn columns(&self) -> &BTreeMap<String, String> {
        &self.row.columns
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// The log cannot be written: the row stays begun.
    pub fn end(self, end: End) -> Result<(), FlashError> {
        let mut log = self.line.lock()?;
        let state = match end {
            End::Done => State::Done,
            End::Failed => State::Failed,
        };
        self.write(&mut log, state)
    }

    fn write(&self, log: &mut File, state: State) -> Result<(), FlashError> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let line = format!(
            "{}\t{}\t{}\t{}\t{}\n",
            time.unwrap_or_default().as_secs(),
            state.word(),
            self.guid,
            self.device.display(),
            self.row.key
        );
        let path = &self.line.log;
        log.write_all(line.as_bytes())
            .and_then(|()| log.sync_all())
            .and_then(|()| sync_directory(path))
            .map_err(FlashError::io("write to", path))
    }
}

/// A new log has a name that outlasts a loss of power, too.
fn sync_directory(file: &Path) -> std::io::Result<()> {
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests;
