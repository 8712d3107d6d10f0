//! Which scenarios run on which boards.
//!
//! Called by `cargo xtask qemu-test`. One board sees every scenario; the others see those
//! that tell something about the board, unless everything is asked for. What a board's
//! machine has no means for, its file leaves out. A board without a scenario is not in the
//! plan, so that nothing is built for it.

use boards::Board;

use crate::scenarios::{Scenario, Tier};

/// How much of the scenarios runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is run every day.
    Everyday,
    /// Everything, everywhere.
    All,
}

/// A board and what runs on it.
pub struct Planned {
    /// The board.
    pub board: Board,
    /// At least one.
    pub scenarios: Vec<Scenario>,
}

/// Distributes `scenarios` over `boards`; the board `main` sees all that run every day.
/// `main` comes first, the others follow in their order.
#[must_use]
pub fn plan(boards: &[Board], main: &str, scenarios: &[Scenario], extent: Extent) -> Vec<Planned> {
    let (first, others): (Vec<_>, Vec<_>) = boards.iter().partition(|board| board.id == main);
    let planned = first.into_iter().chain(others).map(|board| Planned {
        board: board.clone(),
        scenarios: scenarios
            .iter()
            .copied()
            .filter(|scenario| can_run(board, scenario))
            .filter(|scenario| runs(tier_on(board, scenario, main), board.id == main, extent))
            .collect(),
    });
    planned
        .filter(|planned| !planned.scenarios.is_empty())
        .collect()
}

/// Whether the machine of `board` has the means for `scenario`.
#[must_use]
pub fn can_run(board: &Board, scenario: &Scenario) -> bool {
    let names = |list: &[String]| list.iter().any(|name| name == scenario.name);
    let machine = &board.qemu;
    machine.slow_scenarios.as_deref().is_none_or(names) && !names(&machine.scenarios_left_out)
}

/// A slow machine is spared every day, unless it is the very one that is asked for.
fn tier_on(board: &Board, scenario: &Scenario, main: &str) -> Tier {
    match &board.qemu.slow_scenarios {
        Some(_) if board.id != main => Tier::Full,
        _ => scenario.tier,
    }
}

fn runs(tier: Tier, on_main_board: bool, extent: Extent) -> bool {
    match tier {
        Tier::EveryBoard => true,
        Tier::Everyday => on_main_board || extent == Extent::All,
        Tier::Full => extent == Extent::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::ALL;
    use boards::FloorHome;
    use std::path::Path;

    const X86: &str = include_str!("../../boards/x86_64-uefi.toml");
    const ARM: &str = include_str!("../../boards/arm64-uefi.toml");
    const POWER: &str = include_str!("../../boards/power-pseries.toml");

    fn boards() -> Vec<Board> {
        [("arm", ARM), ("power", POWER), ("x86", X86)]
            .map(|(id, text)| boards::parse_board(id, text).expect("it is good"))
            .into()
    }

    fn outline(extent: Extent, scenarios: &[Scenario]) -> Vec<(String, usize)> {
        plan(&boards(), "x86", scenarios, extent)
            .into_iter()
            .map(|planned| (planned.board.id, planned.scenarios.len()))
            .collect()
    }

    /// Of those tiers, what the board with that text can run.
    fn count(tiers: &[Tier], text: &str) -> usize {
        let board = boards::parse_board("b", text).expect("it is good");
        ALL.iter()
            .filter(|scenario| tiers.contains(&scenario.tier) && can_run(&board, scenario))
            .count()
    }

    #[test]
    fn every_day_the_main_board_sees_all_and_the_others_what_tells() {
        let everyday = count(&[Tier::EveryBoard, Tier::Everyday], X86);
        let telling = [Tier::EveryBoard];
        assert!(0 < count(&telling, ARM) && count(&telling, ARM) < everyday);
        assert!(everyday < ALL.len());
        assert_eq!(
            outline(Extent::Everyday, ALL),
            [
                ("x86".to_owned(), everyday),
                ("arm".to_owned(), count(&telling, ARM)),
                ("power".to_owned(), count(&telling, POWER)),
            ]
        );
    }

    #[test]
    fn everything_is_everything_everywhere_but_what_a_board_leaves_out() {
        let left = |board: Board| ALL.len() - board.qemu.scenarios_left_out.len();
        let [arm, power, x86] = <[Board; 3]>::try_from(boards()).expect("three");
        assert_eq!(
            outline(Extent::All, ALL),
            [
                ("x86".to_owned(), left(x86)),
                ("arm".to_owned(), left(arm)),
                ("power".to_owned(), left(power)),
            ]
        );
    }

    fn boards_of_the_repository() -> Vec<Board> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boards");
        let known = boards::read_known_boards(&directory).expect("they are there");
        known
            .iter()
            .map(|id| boards::read_board(&directory, id).expect("it is good"))
            .collect()
    }

    #[test]
    fn what_a_board_leaves_out_or_runs_alone_is_a_scenario() {
        for board in boards_of_the_repository() {
            let slow = board.qemu.slow_scenarios.iter().flatten();
            for name in board.qemu.scenarios_left_out.iter().chain(slow) {
                assert!(ALL.iter().any(|one| one.name == name), "{name}");
            }
        }
    }

    /// What a board's file says that it has is tried, and what it has not cannot be.
    #[test]
    fn a_board_leaves_out_what_it_has_no_means_for() {
        for board in boards_of_the_repository() {
            for (name, has_means) in [
                ("kernel-hangs", board.loader.hardware_watchdog.is_some()),
                ("secure-boot-signed", board.qemu.secure_boot.is_some()),
                (
                    "floors-disagree",
                    board.loader.floor_homes.contains(&FloorHome::UefiVariable),
                ),
            ] {
                let scenario = ALL.iter().find(|one| one.name == name).expect("it exists");
                assert_eq!(
                    can_run(&board, scenario),
                    has_means,
                    "{name} on {}",
                    board.id
                );
            }
        }
    }

    #[test]
    fn a_slow_board_runs_its_scenarios_when_it_is_asked_for_or_everything_is() {
        let mut boards = boards();
        boards[0].qemu.slow_scenarios = Some(vec!["first-boot".to_owned()]);
        let count = |main, extent| {
            let planned = plan(&boards, main, ALL, extent).into_iter();
            let arm = planned.filter(|planned| planned.board.id == "arm");
            arm.map(|planned| planned.scenarios.len()).sum::<usize>()
        };
        assert_eq!(count("x86", Extent::Everyday), 0);
        assert_eq!(count("x86", Extent::All), 1);
        assert_eq!(count("arm", Extent::Everyday), 1);
    }

    #[test]
    fn a_board_without_scenarios_is_not_in_the_plan() {
        let everyday: Vec<_> = ALL
            .iter()
            .copied()
            .filter(|scenario| scenario.tier == Tier::Everyday)
            .collect();
        assert_eq!(
            outline(Extent::Everyday, &everyday),
            [("x86".to_owned(), everyday.len())]
        );
    }
}
