//! What the loader says: lines on the firmware's console, and the `log` crate's
//! way there.
//!
//! A console that fails must not stop a boot, so all its errors are ignored. Nothing here
//! may be called after the kernel has taken the machine over.

use core::fmt;

use boot_core::console::Lines;
use log::{LevelFilter, Log, Metadata, Record};

use crate::client_interface;

static LOGGER: Logger = Logger;

/// Sends all log lines to the console from now on.
pub(crate) fn start_log() {
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// Prints a line, or several, each with the loader's prefix.
pub(crate) fn print(words: fmt::Arguments<'_>) {
    // `Lines` never fails, and a `Display` that does has no better place to say so.
    let _ = Lines::new(output_text).write_line(words);
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

/// A terminal wants a carriage return before each new line.
fn output_text(text: &str) {
    let Some(console) = client_interface::chosen_instance(c"stdout") else {
        return;
    };
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\r\n"),
            None => (line, ""),
        };
        for part in [line, end] {
            let _ = client_interface::write(console, part.as_bytes());
        }
    }
}
