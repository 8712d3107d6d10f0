//! Our loader on boards where there is nothing to compare it with.

use anyhow::{Context, Result};
use boards::Board;
use image_builder::{ImageRequest, Progress, Workspace};
use object::{Object, ObjectSegment};
use serde::Serialize;
use std::fmt;

use super::figures::Figures;
use super::report::millions_of;
use super::workplace::Workplace;

/// What a boot costs on one board.
#[derive(Debug, Clone, Serialize)]
pub struct AloneReport {
    /// The board.
    pub board: String,
    /// The processor that QEMU stands in for.
    pub processor: String,
    /// How often it was booted.
    pub runs: usize,
    /// Of the kernel that is started.
    pub kernel_bytes: u64,
    /// Of the initrd that is loaded.
    pub initrd_bytes: u64,
    /// Of the loader's file.
    pub loader_bytes: u64,
    /// Of that, what is code and data in memory.
    pub text_and_data_bytes: u64,
    /// Instructions from the loader's first to the kernel's first.
    pub loader_to_kernel: Figures,
    /// Instructions from the reset to the kernel's first.
    pub reset_to_kernel: Figures,
}

/// Measures our loader on `board`, `runs` boots after one that does not count.
///
/// # Errors
/// Something cannot be built or fetched, or the machine does not get to its kernel.
pub fn measure_alone(
    workspace: &Workspace,
    board: &Board,
    runs: usize,
    progress: &mut dyn Progress,
) -> Result<AloneReport> {
    let workplace = Workplace::prepare(workspace, &ImageRequest::new(board.clone()), progress)?;
    let measured = workplace.measure(&workplace.ours()?, runs, progress)?;
    let (kernel_bytes, initrd_bytes) = workplace.loaded_bytes()?;
    let loader = workplace.loader();
    Ok(AloneReport {
        board: board.id.clone(),
        processor: board.qemu.processor.clone(),
        runs,
        kernel_bytes,
        initrd_bytes,
        loader_bytes: loader.len() as u64,
        text_and_data_bytes: text_and_data_bytes(loader)?,
        loader_to_kernel: measured
            .loader_to_kernel
            .context("the loader was not passed")?,
        reset_to_kernel: measured.reset_to_kernel,
    })
}

fn text_and_data_bytes(loader: &[u8]) -> Result<u64> {
    let file = object::File::parse(loader).context("cannot read the loader's sections")?;
    Ok(file.segments().map(|segment| segment.file_range().1).sum())
}

impl AloneReport {
    /// The head of a table in Markdown whose rows are [`markdown_row`](Self::markdown_row)s.
    pub(super) const MARKDOWN_HEAD: &str = "\
| board | processor | kernel, initrd | loader's file | its text and data | loader entry to kernel entry | reset to kernel entry |
|---|---|--:|--:|--:|--:|--:|
";

    pub(super) fn markdown_row(&self) -> String {
        format!(
            "| {} | `{}` | {} B, {} B | {} B | {} B | {} | {} |\n",
            self.board,
            self.processor,
            self.kernel_bytes,
            self.initrd_bytes,
            self.loader_bytes,
            self.text_and_data_bytes,
            millions_of(self.loader_to_kernel),
            millions_of(self.reset_to_kernel)
        )
    }
}

/// For a person at a terminal.
impl fmt::Display for AloneReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "loader entry to kernel entry: {}\nreset to kernel entry: {}\n\
             loader: {} B, of that text and data: {} B",
            millions_of(self.loader_to_kernel),
            millions_of(self.reset_to_kernel),
            self.loader_bytes,
            self.text_and_data_bytes
        )
    }
}
