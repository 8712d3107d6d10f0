//! What the loader says: lines on the firmware's console, and the `log` crate's
//! way there.
//!
//! ConOut is every console that the firmware was configured with, serial and
//! graphics alike. A console that fails must not stop a boot, so all its errors
//! are ignored; `uefi`'s own `println!` panics on them. Nothing here may be
//! called after the kernel has taken the machine over.
#![expect(unsafe_code, reason = "calls the firmware's text output")]

use core::fmt;

use boot_core::console::Lines;
use log::{LevelFilter, Log, Metadata, Record};

const CHUNK_UNITS: usize = 128;
const REPLACEMENT: u16 = b'?' as u16;

static LOGGER: Logger = Logger;

/// Sends all log lines to the console from now on.
pub(crate) fn start_log() {
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Prints a line, or several, each with the loader's prefix.
pub(crate) fn print(words: fmt::Arguments<'_>) {
    let mut chunk = Chunk(heapless::Vec::new());
    // `Lines` never fails, and a `Display` that does has no better place to say so.
    let _ = Lines::new(|text| chunk.put_text(text)).write_line(words);
    chunk.output();
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        print(*record.args());
    }

    fn flush(&self) {}
}

/// Text on its way to the firmware, NUL-terminated UCS-2: in as few pieces as can be, for a
/// console on a screen takes its time for each.
struct Chunk(heapless::Vec<u16, CHUNK_UNITS>);

impl Chunk {
    fn put_text(&mut self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.put('\r');
            }
            self.put(character);
        }
    }

    fn put(&mut self, character: char) {
        // Some firmware fails on a NUL or on a character outside UCS-2, so neither gets there.
        let unit = match u16::try_from(u32::from(character)) {
            Ok(0) | Err(_) => REPLACEMENT,
            Ok(unit) => unit,
        };
        // The last place is the NUL's.
        if self.0.len().saturating_add(1) >= CHUNK_UNITS {
            self.output();
        }
        // Cannot fail: a full chunk was emptied just now.
        let _ = self.0.push(unit);
    }

    fn output(&mut self) {
        if self.0.push(0).is_ok() {
            output(&self.0);
        }
        self.0.clear();
    }
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
