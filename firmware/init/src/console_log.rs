//! Where PID 1's messages go: to the console as `twinkeel: ...` lines, and to the
//! kernel's log, where `dmesg` shows them between the kernel's own.
//!
//! Everything else in this program uses the `log` macros. Neither place needs the
//! root or a disk, and a place that cannot be written is silently left out: there
//! is nobody left to tell.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

struct ConsoleLog {
    console: Option<File>,
    kernel_log: Option<File>,
}

/// Starts logging. Needs `/dev` and `/proc`.
pub(crate) fn start() {
    // The kernel would drop our lines beyond a few a second, and would print its
    // own informational ones into the middle of ours: those stay in its log.
    let _ = std::fs::write("/proc/sys/kernel/printk_devkmsg", "on\n");
    let _ = std::fs::write("/proc/sys/kernel/printk", "4");
    let log = ConsoleLog {
        console: open("/dev/console"),
        kernel_log: open("/dev/kmsg"),
    };
    if log::set_boxed_logger(Box::new(log)).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

fn open(path: &str) -> Option<File> {
    let no_controlling_terminal = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    OpenOptions::new()
        .write(true)
        .custom_flags(no_controlling_terminal)
        .open(path)
        .ok()
}

impl Log for ConsoleLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // One write per line, so that lines of different writers do not mix.
        if let Some(mut console) = self
            .console
            .as_ref()
            .filter(|_| record.level() < Level::Debug)
        {
            let _ = console.write_all(console_line(record).as_bytes());
        }
        if let Some(mut kernel_log) = self.kernel_log.as_ref() {
            let _ = kernel_log.write_all(kernel_line(record).as_bytes());
        }
    }

    fn flush(&self) {}
}

fn console_line(record: &Record<'_>) -> String {
    match record.level() {
        Level::Error => format!("twinkeel: error: {}\n", record.args()),
        Level::Warn => format!("twinkeel: warning: {}\n", record.args()),
        Level::Info | Level::Debug | Level::Trace => format!("twinkeel: {}\n", record.args()),
    }
}

/// Always at the kernel's debug level (7, facility 1): with another the kernel
/// would print the line on the console for a second time.
fn kernel_line(record: &Record<'_>) -> String {
    format!("<15>twinkeel: {}\n", record.args())
}
