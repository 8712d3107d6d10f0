//! The hypervisor's watchdog (PAPR, `H_WATCHDOG`): it guards the loader, and the kernel's
//! start where the kernel has a driver that goes on feeding it. Otherwise it is stopped,
//! for nothing could do so once the kernel runs.

use crate::console;
use crate::hypervisor::WatchdogCall;

/// "Start watchdog", to restart the machine at the end.
const START: u32 = 0x0102;
/// "Stop watchdog".
const STOP: u32 = 0x0200;

/// Of the watchdogs that there are, the one that Linux knows.
const NUMBER: u32 = 1;

/// From power-on to the kernel's entry: three images of 100 MB from a disk that reads
/// 0.5 MB/s.
const LOADING_SECS: u16 = 600;

/// The watchdog, guarding from the loader's start on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watchdog(WatchdogCall);

impl Watchdog {
    /// Guards the loader from now on, where the hypervisor has watchdogs.
    pub(crate) fn take_over() -> Option<Self> {
        let watchdog = Self(WatchdogCall::find()?);
        watchdog.guard_loader();
        Some(watchdog)
    }

    /// The loader has this long, once more.
    pub(crate) fn guard_loader(self) {
        self.arm(LOADING_SECS);
    }

    /// The kernel has `secs` until it is fed; `None` if it never will be.
    pub(crate) fn guard_kernel(self, secs: Option<u16>) {
        match secs {
            Some(secs) => self.arm(secs),
            // What does not run need not be stopped.
            None => {
                let _ = self.0.call(STOP, NUMBER, 0);
            }
        }
    }

    fn arm(self, secs: u16) {
        let milliseconds = u32::from(secs).saturating_mul(1000);
        if let Err(refused) = self.0.call(START, NUMBER, milliseconds) {
            console::print(format_args!(
                "the hypervisor's watchdog does not start: {}",
                refused.status
            ));
        }
    }
}
