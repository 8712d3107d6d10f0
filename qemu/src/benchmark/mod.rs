//! What a boot costs in guest CPU: our loader, systemd-boot and QEMU's direct load, side by
//! side. Called by `cargo xtask bench boot`.
//!
//! The unit is the instruction that the guest executes. A plugin of QEMU counts them, and
//! says where the count stands when the guest comes by the first instruction of the loader
//! and of the kernel, which it knows by their machine code. So firmware, loaders and kernel
//! are those that run elsewhere, unchanged, and what the guest waits for without executing
//! anything costs nothing. A busy host hardly matters: its clock only decides how many
//! interrupts of the timer and rounds of polling there are.
//!
//! No instruction takes as long as another, and an instruction of x86 that repeats itself
//! counts once: these figures compare programs on one processor, and tell no seconds.

mod alone;
mod counter;
mod document;
mod entry_code;
mod figures;
mod loader_size;
mod memory;
mod report;
mod subject;
mod throughput;
mod workplace;

use anyhow::{Context, Result, ensure};
use boards::{Architecture, Board};
use image_builder::{ImageRequest, Progress, Workspace};

use self::subject::ESP_MIB;
use self::workplace::Workplace;

pub use alone::{AloneReport, measure_alone};
pub use document::document;
pub use figures::Figures;
pub use loader_size::{loader_goal_bytes, loader_limit_bytes};
pub use memory::idle_memory;
pub use report::{BootReport, Measured};
pub use throughput::{HostThroughput, Throughput};

/// Measures on `board`, each way `runs` times after one boot that does not count: firmware
/// and loader write variables at their first one.
///
/// # Errors
/// Something cannot be built or fetched, or a machine does not get to its kernel.
pub fn measure(
    workspace: &Workspace,
    board: &Board,
    runs: usize,
    progress: &mut dyn Progress,
) -> Result<BootReport> {
    ensure!(
        has_other_ways(board),
        "cannot compare on {}: the other ways to boot are for UEFI in flash, with 64 bits",
        board.id
    );
    let mut request = ImageRequest::new(board.clone());
    request.board.geometry.system_boot_mib = ESP_MIB;
    let workplace = Workplace::prepare(workspace, &request, progress)?;
    let mut ways = Vec::new();
    for subject in workplace.subjects(workspace, progress)? {
        ways.push(workplace.measure(&subject, runs, progress)?);
    }
    progress.step("measuring SHA-256");
    let (kernel_bytes, initrd_bytes) = workplace.loaded_bytes()?;
    let hash_once = workplace.hash_once(workspace, kernel_bytes + initrd_bytes)?;
    let ways = <[Measured; 3]>::try_from(ways)
        .ok()
        .context("there are three ways")?;
    Ok(BootReport {
        board: board.id.clone(),
        processor: board.qemu.processor.clone(),
        runs,
        kernel_bytes,
        initrd_bytes,
        ways,
        hash_once,
        throughput: HostThroughput::measure(workspace, board, workplace.disk().image())?,
        loader_goal_bytes: loader_goal_bytes(board.architecture),
    })
}

/// Whether all three ways exist on that board; on others ours can only be measured alone.
#[must_use]
pub fn has_other_ways(board: &Board) -> bool {
    let architecture = board.architecture;
    matches!(architecture, Architecture::X86_64 | Architecture::Aarch64) && board.qemu.has_flash()
}
