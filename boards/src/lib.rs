//! What a board is: one TOML file each, and the file's existence creates the board.
//!
//! Read by the image builder, the VM harness and xtask, on the host only: a loader gets
//! constants, never TOML. This crate says what stands in the file and refuses what makes
//! no sense; it does not know how anything of it is built or started.

mod architecture;
mod c_tools;
mod error;
mod firmware;
mod geometry;
mod qemu_machine;
mod schema;

use std::fs;
use std::path::Path;

pub use architecture::Architecture;
pub use c_tools::CTools;
pub use error::BoardError;
pub use firmware::{FirmwareArgument, FirmwarePart, PackagedFile};
pub use geometry::Geometry;
pub use qemu_machine::{PowerOff, QemuMachine, SecureBootMachine};
pub use schema::{Board, Firmware, FloorHome, Kernel, Loader, Modules, Userland};

/// The board `id` of the directory `boards`.
///
/// # Errors
/// The board is not there ([`BoardError::Unknown`] lists those that are), or its file
/// cannot be read or says something that no board can be.
pub fn read_board(boards: &Path, id: &str) -> Result<Board, BoardError> {
    let known = read_known_boards(boards)?;
    if !known.iter().any(|name| name == id) {
        return Err(BoardError::Unknown {
            id: id.to_owned(),
            known,
        });
    }
    let path = boards.join(format!("{id}.toml"));
    let text = fs::read_to_string(&path).map_err(|cause| BoardError::Unreadable {
        path: path.clone(),
        cause,
    })?;
    parse_board(id, &text)
}

/// The ids of all boards of the directory `boards`, sorted.
///
/// # Errors
/// The directory cannot be read.
pub fn read_known_boards(boards: &Path) -> Result<Vec<String>, BoardError> {
    let unreadable = |cause| BoardError::Unreadable {
        path: boards.to_owned(),
        cause,
    };
    let mut known = Vec::new();
    for entry in fs::read_dir(boards).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".toml"))
            && id != "Cargo"
        {
            known.push(id.to_owned());
        }
    }
    known.sort();
    Ok(known)
}

/// The board that `text`, the content of `<id>.toml`, describes.
///
/// # Errors
/// The text is no TOML, has unknown or missing keys, or values that no board can have.
pub fn parse_board(id: &str, text: &str) -> Result<Board, BoardError> {
    let mut board: Board = toml::from_str(text).map_err(|cause| BoardError::Malformed {
        id: id.to_owned(),
        cause: Box::new(cause),
    })?;
    board.id = id.to_owned();
    board.check()?;
    Ok(board)
}

#[cfg(test)]
mod tests;
