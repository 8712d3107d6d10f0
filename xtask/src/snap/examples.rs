//! `cargo xtask snap examples`, and `cargo xtask snap` alone.

use anyhow::{Result, bail};
use boards::Board;
use clap::Args;
use image_builder::{Workspace, build_example_snaps};
use snap_format::build::Built;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Report;
use crate::{setup, workspace};

/// Make the example snaps of this repository, for each architecture of the boards
///
/// They are the directories of firmware/example-snaps/snaps, with their programs built as a
/// device's own are. The same checkout gives the same bytes.
#[derive(Debug, Args)]
pub(super) struct Examples {
    /// Only for the architecture of this board
    #[arg(long, conflicts_with = "architecture")]
    board: Option<String>,
    /// Only for this architecture, by Debian's name
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
    /// Where the snaps go [default: target/snaps]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// For programs: one line for each snap
    #[arg(long)]
    json: bool,
}

impl Examples {
    pub(super) fn run(self) -> Result<()> {
        let workspace = Workspace::at(workspace::root());
        let boards = self.boards(&workspace)?;
        let compilers: Vec<_> = boards.iter().flat_map(setup::compilers).collect();
        setup::prepare(workspace.root(), &[&compilers])?;
        let default = workspace.target().join("snaps");
        let directory = self.output.as_deref().unwrap_or(&default);
        // A snap without machine code comes out of each build, with the same bytes.
        let mut made = BTreeMap::new();
        for board in &boards {
            let snaps = build_example_snaps(&workspace, board, directory)?;
            made.extend(snaps.into_iter().map(|built| (built.path.clone(), built)));
        }
        made.values().try_for_each(|built| self.tell(built))
    }

    fn tell(&self, built: &Built) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(&Report::of(built))?);
            return Ok(());
        }
        println!("{}  {} bytes", built.path.display(), built.length_bytes);
        Ok(())
    }

    /// One for each architecture that is asked for.
    fn boards(&self, workspace: &Workspace) -> Result<Vec<Board>> {
        if let Some(id) = &self.board {
            return Ok(vec![workspace.read_board(id)?]);
        }
        let boards = workspace.read_boards()?.into_iter();
        let named = boards.map(|board| (board.architecture.debian_name(), board));
        let mut by_name: BTreeMap<_, _> = named.collect();
        let Some(wanted) = &self.architecture else {
            return Ok(by_name.into_values().collect());
        };
        match by_name.remove(wanted.as_str()) {
            Some(board) => Ok(vec![board]),
            None => {
                let known: Vec<_> = by_name.into_keys().collect();
                bail!(
                    "no board has the architecture {wanted:?}; there are {}",
                    known.join(", ")
                )
            }
        }
    }
}
