//! The kernel's watchdog device: once open it resets the machine unless it is fed.
//!
//! The first one counts, `/dev/watchdog0`: the image loads drivers of hardware first and
//! the kernel's own `softdog` behind them. Linux, `Documentation/watchdog/watchdog-api.rst`.

use crate::ioctls;
use std::fs::File;
use std::io::Write;

const DEVICE: &str = "/dev/watchdog0";
/// Written before the device is closed, it stops the watchdog for good.
const MAGIC_CLOSE: &[u8] = b"V";

/// The open device.
pub(crate) struct Watchdog(File);

impl Watchdog {
    /// Opens it, which starts it, to wait for `secs`.
    pub(crate) fn open(secs: u32) -> Option<Self> {
        let device = match File::options().write(true).open(DEVICE) {
            Ok(device) => device,
            Err(error) => {
                log::warn!("no watchdog guards this system: cannot open {DEVICE}: {error}");
                return None;
            }
        };
        if let Err(error) = ioctls::watchdog_set_timeout(&device, secs) {
            log::warn!("the watchdog keeps its own time: {error}");
        }
        Some(Self(device))
    }

    /// Feeds it.
    pub(crate) fn feed(&mut self) {
        // A watchdog that cannot be fed resets the machine, which is its answer.
        let _ = self.0.write_all(b".");
    }

    /// Stops it, for a machine that is to stand still.
    pub(crate) fn stop(mut self) {
        let _ = self.0.write_all(MAGIC_CLOSE);
    }
}
