//! How long a fresh disk takes from power-on to the first login by SSH: ours beside Debian's.
//! Called by `cargo xtask bench first-boot`.
//!
//! Both systems start in the same machine: the board's firmware, processor, memory, disk and
//! network card, emulated. Both have the same user with the same key in a NoCloud seed on
//! their disk, and neither has host keys or a machine id yet. They take turns, so that
//! whatever else the host does hits both.

mod banner;
mod debian;
mod debian_disk;
mod login;
mod ours;
mod report;
mod seed;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use boards::{Architecture, Board};
use image_builder::{Progress, Workspace};

use self::debian::Debian;
use self::login::{FirstLogin, Place};
use self::ours::Ours;
use crate::benchmark::Figures;
use crate::disk::TestDisk;

pub use report::{FirstBootReport, SystemReport};

/// Of both systems' disks: the file systems of both have room to spare.
const DISK_BYTES: u64 = 2 << 30;

/// Whether a fresh disk of each system is compressed, too: minutes of both processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// It is.
    Measured,
    /// It is not.
    LeftOut,
}

/// What becomes a fresh disk, and starts from it.
trait System {
    /// Its name in the table.
    fn name(&self) -> &'static str;

    /// A disk at `image` that has never run, and lets `key` in.
    fn make_disk(&self, image: &Path, key: &str) -> Result<TestDisk>;

    /// What it says of its own boot, asked once by SSH; nothing where it keeps no account.
    fn question(&self) -> Option<&'static str>;
}

/// Starts each system `runs` times, in turns, and each time from a disk that has never run.
///
/// # Errors
/// Something cannot be built or fetched, or nobody can log in to a system.
pub fn measure(
    workspace: &Workspace,
    board: &Board,
    runs: usize,
    sizes: Sizes,
    progress: &mut dyn Progress,
) -> Result<FirstBootReport> {
    ensure!(
        board.architecture == Architecture::X86_64,
        "cannot compare on {}: the Debian beside ours is built for x86_64 with UEFI",
        board.id
    );
    let directory = workspace.target().join("bench-first-boot");
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let ours = Ours::build(workspace, board, &directory, progress)?;
    let debian = Debian::build(workspace, board, &directory, progress)?;
    let systems: [&dyn System; 2] = [&ours, &debian];
    let mut logins = [Vec::new(), Vec::new()];
    for run in 1..=runs {
        for (system, logins) in systems.iter().zip(&mut logins) {
            progress.step(&format!("{}, first boot {run} of {runs}", system.name()));
            let place = Place::fresh(&directory.join(format!("{}-{run}", system.name())))?;
            let question = system.question().filter(|_| run == 1);
            let login = log_in(board, *system, &place, question)
                .with_context(|| format!("cannot log in to {}", system.name()))?;
            progress.step(&format!(
                "logged in after {:.1} s",
                login.login.as_secs_f64()
            ));
            logins.push(login);
        }
    }
    let [ours_logins, debian_logins] = logins;
    Ok(FirstBootReport {
        board: board.id.clone(),
        processor: board.qemu.processor.clone(),
        memory_mib: board.qemu.memory_mib,
        runs,
        systems: [
            reported(&ours, &ours_logins, sizes, &directory)?,
            reported(&debian, &debian_logins, sizes, &directory)?,
        ],
    })
}

fn log_in(
    board: &Board,
    system: &dyn System,
    place: &Place,
    question: Option<&str>,
) -> Result<FirstLogin> {
    let disk = system.make_disk(&place.disk(), place.client.key()?.as_str())?;
    let login = place.start_and_log_in(board, &disk, question);
    // A gigabyte each; the transcripts stay.
    fs::remove_file(disk.image()).context("cannot remove a disk")?;
    login
}

fn reported(
    system: &dyn System,
    logins: &[FirstLogin],
    sizes: Sizes,
    directory: &Path,
) -> Result<SystemReport> {
    let milliseconds = |time: std::time::Duration| time.as_millis().try_into().unwrap_or(u64::MAX);
    let figures = |of: fn(&FirstLogin) -> std::time::Duration| {
        let measured = logins.iter().map(|login| milliseconds(of(login)));
        Figures::of(measured.collect()).context("nothing was measured")
    };
    Ok(SystemReport {
        name: system.name(),
        banner_ms: figures(|login| login.banner)?,
        login_ms: figures(|login| login.login)?,
        compressed_bytes: match sizes {
            Sizes::Measured => Some(compressed_bytes(system, directory)?),
            Sizes::LeftOut => None,
        },
        said: logins.iter().find_map(|login| login.said.clone()),
    })
}

/// Of a whole fresh disk by `zstd -19`, holes included.
fn compressed_bytes(system: &dyn System, directory: &Path) -> Result<u64> {
    let image: PathBuf = directory.join("compressed.img");
    let disk = system.make_disk(&image, "")?;
    let bytes = report::zstd_19_bytes(disk.image());
    fs::remove_file(&image).context("cannot remove a disk")?;
    bytes
}
