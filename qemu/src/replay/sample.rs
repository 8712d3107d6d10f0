//! Some of the states, started in a machine: what the host judged of them holds.

use std::fs;

use anyhow::{Context, Result, bail};
use image_format::Source;

use super::account::Account;
use super::problem::Told;
use super::recording::{Recording, replay_onto};
use super::replayed_disk::ReplayedDisk;
use super::state::{Cut, State, epochs};
use super::write_log::{Request, SECTOR_BYTES, parse_log};
use crate::bench::Bench;

/// A state to start, and what is to come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// Which one.
    pub state: Told,
    /// As the host judged.
    pub source: Source,
}

/// Chooses `number` states of those that differ for the loader, spread over the whole log;
/// first those in the midst of a write.
#[must_use]
pub fn choose(account: &Account, number: usize) -> Vec<Chosen> {
    let bootable = account.distinct.iter().filter_map(|(state, verdict)| {
        let (state, source) = (*state, verdict.source()?);
        Some(Chosen { state, source })
    });
    let (whole, torn): (Vec<_>, Vec<_>) = bootable.partition(|one| one.state.cut == Cut::After);
    let mut chosen = spread(&torn, number);
    chosen.extend(spread(&whole, number - chosen.len()));
    chosen
}

/// `number` of `all`, or all, at equal distances.
fn spread(all: &[Chosen], number: usize) -> Vec<Chosen> {
    let number = number.min(all.len());
    (0..number)
        .map(|index| all[(2 * index + 1) * all.len() / (2 * number)])
        .collect()
}

/// Makes the state a disk, starts a machine with it, and asks the system that comes up which
/// one it is. The firmware's variables are those of the last machine on this bench.
///
/// # Errors
/// Another one comes up, or none.
pub fn boot(bench: &Bench<'_>, recording: &Recording, chosen: &Chosen) -> Result<()> {
    let log = recording.read_log()?;
    let requests = parse_log(&log)?;
    let before = ReplayedDisk::open(recording.before.image())?;
    let state = find(before, &requests, chosen.state)?;
    let image = bench.directory().join("state.img");
    let disk = recording.before.copy_to(&image)?;
    // `writable` as far as it had come, and the rest as it was left.
    let places = state.disk.places();
    let up_to = requests[..=state.request].iter();
    replay_onto(&disk, up_to.filter(|one| places.only_writable(one)))?;
    for (sector, bytes) in state.disk.changed() {
        disk.write_at(sector * SECTOR_BYTES as u64, &bytes[..])?;
    }
    let expected = bench.expected(chosen.source)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(chosen.source)?;
    guest
        .prove(expected)
        .with_context(|| format!("{}", chosen.state))?;
    guest.pull_the_plug()?;
    fs::remove_file(disk.image()).context("cannot remove the disk of a state")
}

fn find(before: ReplayedDisk, log: &[Request<'_>], wanted: Told) -> Result<State> {
    let mut disk = before;
    for epoch in epochs(log) {
        if epoch.first + epoch.requests.len() > wanted.request {
            let mut states = epoch.states(&disk)?.into_iter();
            return states
                .find(|state| Told::of(state) == wanted)
                .context("the log has no such state");
        }
        disk = epoch.whole(&disk)?;
    }
    bail!("the log has no such request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::loader::Verdict;
    use crate::replay::state::Edge;
    use image_format::Slot;

    fn account(cuts: &[Cut]) -> Account {
        let mut account = Account::default();
        for (request, cut) in cuts.iter().enumerate() {
            let state = Told { request, cut: *cut };
            let verdict = Verdict::Starts(Slot::A.into());
            account.distinct.push((state, verdict));
        }
        account
    }

    fn chosen(cuts: &[Cut], number: usize) -> Vec<usize> {
        let chosen = choose(&account(cuts), number);
        chosen.iter().map(|one| one.state.request).collect()
    }

    #[test]
    fn torn_writes_come_first_and_are_spread() {
        let torn = Cut::Inside {
            sectors: 1,
            next: Edge::Old,
        };
        let mut cuts = vec![torn; 9];
        cuts.insert(0, Cut::After);
        assert!(chosen(&cuts, 0).is_empty());
        assert_eq!(chosen(&cuts, 1), [5]);
        assert_eq!(chosen(&cuts, 3), [2, 5, 8]);
        assert_eq!(chosen(&cuts, 100), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    }

    #[test]
    fn what_does_not_boot_is_not_started() {
        let mut account = account(&[Cut::After]);
        account.distinct[0].1 = Verdict::Strays;
        assert!(choose(&account, 3).is_empty());
    }
}
