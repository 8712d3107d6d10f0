//! What the programs that always run keep in memory on a device that does nothing.

use std::path::Path;

use anyhow::{Context, Result};
use boards::Board;
use image_builder::{Progress, Workspace};
use image_format::Slot;

use crate::bench::Bench;
use crate::command_line::Accelerator;
use crate::guest::Guest;
use crate::world::World;

/// The programs, and how a shell of the device finds them.
const PROGRAMS: [(&str, &str); 2] = [("init", "1"), ("snappyd", "$(pidof snappyd)")];

/// The resident set of each, and of that what it has alone, in KiB.
///
/// # Errors
/// No device boots, or it does not say.
pub fn idle_memory(
    workspace: &Workspace,
    board: Board,
    directory: &Path,
    progress: &mut dyn Progress,
) -> Result<Vec<(String, u64, u64)>> {
    let world = World::prepare(workspace, board, directory, progress)?;
    progress.step("booting");
    let bench = Bench::new(&world, "idle-memory", Accelerator::Emulation)?;
    let disk = bench.disk()?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let measured = PROGRAMS
        .into_iter()
        .map(|(name, process)| read(&mut guest, name, process))
        .collect();
    guest.power_off()?;
    measured
}

fn read(guest: &mut Guest, name: &str, process: &str) -> Result<(String, u64, u64)> {
    let text = guest.run(&format!("cat /proc/{process}/smaps_rollup"))?;
    let (resident, private) =
        parse(&text).with_context(|| format!("cannot read the memory of {name}: {text}"))?;
    Ok((name.to_owned(), resident, private))
}

/// The lines `Rss:`, and `Private_Clean:` with `Private_Dirty:`.
fn parse(text: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
        rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let private = field("Private_Clean:")? + field("Private_Dirty:")?;
    Some((field("Rss:")?, private))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_is_resident_and_what_is_private_is_read() {
        let text = "00400000-7ffc ---p 00000000 00:00 0 [rollup]\nRss:   1234 kB\n\
                    Private_Clean:  10 kB\nPrivate_Dirty:  20 kB\n";
        assert_eq!(parse(text), Some((1234, 30)));
        assert_eq!(parse("Rss: 1 kB\n"), None);
    }
}
