//! A release that does one thing wrong: which one, a word of its command line says.
//!
//! It is an ordinary image with an overlay, as a maker would add one: a health hook and two
//! services. So one root serves many scenarios, and each fault happens in a real system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use image_builder::SystemImage;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: hook and services work.
    None,
    /// There is no program for PID 1: the kernel panics at once.
    NoInit,
    /// The kernel stops for good: it panics, and is told to wait for ever after that.
    KernelHangs,
    /// The hook finds something.
    HookFails,
    /// The hook never ends.
    HookHangs,
    /// The kernel panics while the hook runs.
    Panic,
    /// Somebody types `reboot` while the hook runs.
    Reboot,
    /// The daemon ends whenever it is started.
    ServiceDies,
    /// The oneshot never ends, as one that waits for itself.
    ServiceHangs,
}

impl Fault {
    /// The words for the command line.
    fn words(self) -> &'static str {
        match self {
            Self::None => "fault=none",
            Self::NoInit => "rdinit=/none",
            Self::KernelHangs => "rdinit=/none panic=0",
            Self::HookFails => "fault=hook-fails",
            Self::HookHangs => "fault=hook-hangs",
            Self::Panic => "fault=panic",
            Self::Reboot => "fault=reboot",
            Self::ServiceDies => "fault=service-dies",
            Self::ServiceHangs => "fault=service-hangs",
        }
    }

    /// `system`, which has the overlay, with this fault. The first two need none.
    #[must_use]
    pub fn of(self, system: &SystemImage) -> SystemImage {
        system.with_manifest(|manifest| {
            manifest.command_line.push(' ');
            manifest.command_line.push_str(self.words());
        })
    }
}

/// Finds the word and acts by it; `$1` is who asks.
const PROGRAM: &str = "#!/bin/sh
for word in $(cat /proc/cmdline); do
  case $1/$word in
    hook/fault=hook-fails) echo 'the modem does not answer'; exit 3 ;;
    hook/fault=hook-hangs) exec sleep 100000 ;;
    hook/fault=panic) echo c > /proc/sysrq-trigger ;;
    hook/fault=reboot) reboot; exec sleep 100000 ;;
    daemon/fault=service-dies) echo 'no licence'; exit 7 ;;
    oneshot/fault=service-hangs) exec sleep 100000 ;;
  esac
done
if [ $1 = daemon ]; then echo 'at your service'; exec sleep 100000; fi
";

const PROGRAM_PATH: &str = "usr/lib/twinkeel/faulty";
const HOOK: &str = "#!/bin/sh\nexec /usr/lib/twinkeel/faulty hook\n";
const DAEMON: &str = "command = ['/usr/lib/twinkeel/faulty', 'daemon']\n";
const ONESHOT: &str = "command = ['/usr/lib/twinkeel/faulty', 'oneshot']\nkind = 'oneshot'\n";

/// Writes the overlay to `directory`.
///
/// # Errors
/// The directory cannot be written.
pub fn write_overlay(directory: &Path) -> Result<()> {
    for (path, content, mode) in [
        (PROGRAM_PATH, PROGRAM, 0o755),
        ("usr/lib/twinkeel/health.d/modem", HOOK, 0o755),
        ("usr/lib/twinkeel/services/web.toml", DAEMON, 0o644),
        ("usr/lib/twinkeel/services/once.toml", ONESHOT, 0o644),
    ] {
        let path = directory.join(path);
        let parent = path
            .parent()
            .context("a file of the overlay has no directory")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}
