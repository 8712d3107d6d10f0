//! What the loader says: lines on the firmware's console, and the `log` crate's
//! way there.
//!
//! ConOut is every console that the firmware was configured with, serial and
//! graphics alike. A console that fails must not stop a boot, so all its errors
//! are ignored; `uefi`'s own `println!` panics on them. Nothing here may be
//! called after the kernel has taken the machine over.
#![expect(unsafe_code, reason = "calls the firmware's text output")]

use core::fmt::{self, Write};

use log::{LevelFilter, Log, Metadata, Record};

const PREFIX: &str = "twinkeel: ";
const LOWEST_LEVEL: LevelFilter = LevelFilter::Debug;
const CHUNK_UNITS: usize = 128;
const REPLACEMENT: u16 = b'?' as u16;

static LOGGER: Logger = Logger;

/// Sends all log lines to the console from now on.
pub(crate) fn start_log() {
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LOWEST_LEVEL);
    }
}

/// Prints `text`, each of its lines with the loader's prefix.
pub(crate) fn print(text: impl fmt::Display) {
    let mut lines = Lines { at_start: true };
    // `Lines` never fails, and a `Display` that does has no better place to say so.
    let _ = writeln!(lines, "{text}");
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= LOWEST_LEVEL
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            print(record.args());
        }
    }

    fn flush(&self) {}
}

/// Puts the prefix before each line.
struct Lines {
    at_start: bool,
}

impl Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                output_text(PREFIX);
            }
            output_text(line);
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}

/// Hands text to the firmware in NUL-terminated UCS-2 chunks. Some firmware
/// fails on a NUL or on a character outside UCS-2, so neither gets there.
fn output_text(text: &str) {
    let mut chunk = heapless::Vec::<u16, CHUNK_UNITS>::new();
    for character in text.chars() {
        let mut encoded = [0; 2];
        let units: &[u16] = match character {
            '\0' => &[REPLACEMENT],
            '\n' => &[b'\r' as u16, b'\n' as u16],
            character if character.len_utf16() == 1 => character.encode_utf16(&mut encoded),
            _ => &[REPLACEMENT],
        };
        let full = units.len().saturating_add(1) > CHUNK_UNITS.saturating_sub(chunk.len());
        if full {
            output_chunk(&mut chunk);
        }
        // Cannot fail: a full chunk was emptied just now.
        let _ = chunk.extend_from_slice(units);
    }
    output_chunk(&mut chunk);
}

fn output_chunk(chunk: &mut heapless::Vec<u16, CHUNK_UNITS>) {
    if chunk.push(0).is_ok() {
        output(chunk);
    }
    chunk.clear();
}

fn output(nul_terminated: &[u16]) {
    let Some(system_table) = uefi::table::system_table_raw() else {
        return;
    };
    // SAFETY: the entry point stored the pointer that the firmware gave it, and
    // the table stays where it is while boot services run.
    let console = unsafe { system_table.as_ref() }.stdout;
    if console.is_null() {
        return;
    }
    // SAFETY: a non-null ConOut is a live protocol while boot services run;
    // `nul_terminated` ends in a NUL and outlives the call. No reference to the
    // protocol is made, so a panic inside a print may print again.
    let _ = unsafe { ((*console).output_string)(console, nul_terminated.as_ptr().cast()) };
}
