//! What lies in `system-boot`: the loader, in the form that the board's firmware reads.

use anyhow::{Context, Result};
use boards::{Board, Firmware};

use crate::esp::make_esp;
use crate::prep::make_prep;

/// The content of the partition of `length_bytes`.
pub(crate) fn make_system_boot(board: &Board, length_bytes: u64, loader: &[u8]) -> Result<Vec<u8>> {
    match board.loader.firmware {
        Firmware::Uefi => {
            let path = board.loader.esp_path.as_deref();
            make_esp(
                length_bytes,
                path.context("the board names no path")?,
                loader,
            )
        }
        Firmware::OpenFirmware => make_prep(length_bytes, loader),
    }
}
