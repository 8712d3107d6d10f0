//! `cargo xtask boards`.

use anyhow::Result;
use clap::Args;
use image_builder::Workspace;
use qemu::board_table::BoardTable;

use crate::workspace;

/// List the boards: what each is, what is tried on it, and what it cannot do
///
/// A board is a file of `boards/`; docs/adding-a-board.md says how to add one.
#[derive(Debug, Args)]
pub(crate) struct BoardsCommand {
    /// For programs
    #[arg(long)]
    json: bool,
}

impl BoardsCommand {
    /// Prints the table.
    pub(crate) fn run(self) -> Result<()> {
        let boards = Workspace::at(workspace::root()).read_boards()?;
        let table = BoardTable::new(&boards, workspace::DEFAULT_BOARD);
        if self.json {
            println!("{:#}", table.to_json());
        } else {
            print!("{table}");
        }
        Ok(())
    }
}
