//! The end of a boot that cannot go on: recorded, shown, and followed by a reboot.
//!
//! PID 1 never exits. Whatever ends it, by an error or by a panic, goes through
//! here: the cause goes to the flight record when the disk is known, and the reboot
//! lets the loader count the attempt and take the other slot. Nothing here needs
//! the root.

use crate::kernel_log;
use crate::uevent::DamagedBlock;
use image_format::{Event, Slot, flight::text};
use rustix::system::RebootCommand;
use std::path::PathBuf;
use std::sync::OnceLock;
use system_update::{ActError, BootDisk, Refused, Running, refuse};

/// Why the system does not come up, or cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A step did not succeed.
    Step {
        /// What was being done: "find the disk".
        step: &'static str,
        /// What went wrong, as a sentence of its own.
        reason: anyhow::Error,
    },
    /// A block of the root does not match its hash tree.
    RootDamaged(DamagedBlock),
}

/// For `map_err`: the error happened during that step.
pub(crate) fn during<E: Into<anyhow::Error>>(step: &'static str) -> impl FnOnce(E) -> Failure {
    move |error| Failure::Step {
        step,
        reason: error.into(),
    }
}

/// Where causes are recorded.
struct Witness {
    disk: PathBuf,
    running: Running,
}

static WITNESS: OnceLock<Witness> = OnceLock::new();

/// From here on causes can be recorded.
pub(crate) fn remember(disk: PathBuf, running: Running) {
    // It is called once; a second disk would not be ours.
    let _ = WITNESS.set(Witness { disk, running });
}

/// Records the failure and reboots.
pub(crate) fn give_up(failure: &Failure) -> ! {
    match failure {
        Failure::Step { step, reason } => {
            log::error!("{reason:#}");
            record_failure(step, &format!("{reason:#}"));
        }
        Failure::RootDamaged(block) => {
            if let Err(error) = refuse_root(*block) {
                log::error!("{error:#}");
            }
        }
    }
    reboot()
}

/// Records that the system did not come up, as far as that is possible.
fn record_failure(step: &str, reason: &str) {
    record_end(|slot| Event::InitFailed {
        slot,
        step: text(step),
        reason: text(reason),
    });
}

/// A step took longer than it may: recorded, and followed by a reboot. The thread that is
/// late goes on meanwhile; if it holds what is needed here, the watchdog is not fed.
pub(crate) fn time_out(step: &'static str, limit_secs: u32) -> ! {
    log::error!("the step {step:?} is not done within {limit_secs} s");
    record_end(|slot| Event::TimedOut {
        slot,
        step: text(step),
        secs: limit_secs,
    });
    reboot()
}

/// Records how this boot ends, and what the console said last.
fn record_end(event: impl FnOnce(Slot) -> Event) {
    let Some(witness) = WITNESS.get() else {
        log::warn!("the cause is not on record: the disk is not known yet");
        return;
    };
    let event = event(witness.running.slot);
    let lines = kernel_log::last_lines();
    let recorded =
        witness.act(|disk, running| system_update::record_end(disk, running, event, lines));
    if let Err(error) = recorded {
        log::warn!("the cause is not on record: {error:#}");
    }
}

/// Records a damaged block and refuses the slot, so that the next boot takes the
/// other one.
pub(crate) fn refuse_root(block: DamagedBlock) -> anyhow::Result<Refused> {
    let number = block.number();
    let part = match block {
        DamagedBlock::Data(_) => "its data",
        DamagedBlock::Tree(_) => "its hash tree",
    };
    let witness = WITNESS
        .get()
        .ok_or_else(|| anyhow::anyhow!("the disk is not known yet"))?;
    let slot = witness.running.slot;
    log::error!("the root of {slot} is damaged: block {number}, in {part}");
    let event = Event::RootCorrupt {
        slot,
        block: number,
    };
    witness.act(|disk, running| refuse(disk, running, event))
}

impl Witness {
    fn act<T>(
        &self,
        act: impl FnOnce(&mut BootDisk, &Running) -> Result<T, ActError>,
    ) -> anyhow::Result<T> {
        let mut disk = BootDisk::open_urgently(&self.disk)?;
        Ok(act(&mut disk, &self.running)?)
    }
}

/// A panic is a failure like any other. The hook does not return, so that PID 1
/// neither unwinds nor exits.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let reason = panic.to_string();
        log::error!("{reason}");
        record_failure("go on", &reason);
        reboot()
    }));
}

/// Resets the machine. What is not written yet is written as far as possible.
pub(crate) fn reboot() -> ! {
    log::info!("rebooting");
    rustix::fs::sync();
    loop {
        // The kernel refuses only what is not PID 1's to ask.
        let _ = rustix::system::reboot(RebootCommand::Restart);
        std::thread::park();
    }
}
