//! Snaps when nobody asks: the polls of the system are theirs, and so are its windows, its hold
//! and its pace. What is due is refreshed by the thread that does all with snaps.

use crate::api::architecture;
use crate::autopilot::Loop;
use crate::device::{Failure, FailureKind};
use crate::engine::Engine;
use crate::machine::Machine;
use crate::settings::{Autopilot, Settings};
use crate::slots::Slots;
use crate::snaps::{SnapDesk, SnapSituation, due, is_of_store};
use crate::store::{Listing, Lists};
use image_format::SlotStatus;
use snap_format::SnapName;
use snap_store::{NewSnap, State};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use tuf_client::UtcTime;

/// Of so many polls one tries what failed again and again.
const LONGEST_PAUSE: u32 = 4;

/// What a poll found of snaps, and what could not be taken before.
#[derive(Default)]
pub(crate) struct SnapTurn {
    due: Vec<NewSnap>,
    retries: BTreeMap<SnapName, Retry>,
}

/// A revision that could not be taken, by no fault of its own.
struct Retry {
    revision: NonZeroU32,
    failures: u32,
    polls_left: u32,
}

impl SnapTurn {
    /// At a poll that may take it: whether this one does.
    fn is_its_turn(&mut self, new: &NewSnap) -> bool {
        match self.retries.get_mut(&new.name) {
            Some(retry) if retry.revision == new.revision && retry.polls_left > 0 => {
                retry.polls_left -= 1;
                false
            }
            _ => true,
        }
    }

    /// It is tried at the next poll, then at the second, and then at each fourth.
    fn failed(&mut self, new: &NewSnap) {
        let before = self.retries.remove(&new.name);
        let before = before.filter(|retry| retry.revision == new.revision);
        let failures = before.map_or(1, |retry| retry.failures.saturating_add(1));
        let doubled = 1 << failures.saturating_sub(1).min(LONGEST_PAUSE);
        let retry = Retry {
            revision: new.revision,
            failures,
            polls_left: LONGEST_PAUSE.min(doubled) - 1,
        };
        self.retries.insert(new.name.clone(), retry);
    }
}

impl<M: Machine> Engine<M> {
    /// Goes on for ever.
    pub fn run(&self, snaps: &SnapDesk) -> ! {
        loop {
            let time = self.turn_with(snaps);
            self.rest(time);
        }
    }

    /// Does what is due of the system and of the snaps, and returns how long nothing is.
    pub fn turn_with(&self, snaps: &SnapDesk) -> Duration {
        let (time, due) = {
            let mut own = self.changing();
            let time = self.turn_of(&mut own, &snaps.state());
            (time, std::mem::take(&mut own.snaps.due))
        };
        // Whoever asks something of the system meanwhile is told.
        for new in due {
            if !self.may_refresh() {
                break;
            }
            let state = format!("refreshes the snap {}", new.name);
            let before = std::mem::replace(&mut self.told().state, state);
            let refreshed = snaps.refresh_unattended(new.clone());
            let mut own = self.changing();
            self.told().state = before;
            match refreshed {
                Ok(()) => {
                    own.snaps.retries.remove(&new.name);
                }
                Err(failure) => {
                    eprintln!("cannot refresh the snap {}: {failure}", new.name);
                    own.snaps.failed(&new);
                }
            }
        }
        time
    }

    /// Before each: a window may be over meanwhile.
    fn may_refresh(&self) -> bool {
        let settings = self.settings.read().settings;
        let slots = self.slots();
        slots.is_ok_and(|slots| self.keeps_from(&settings, &slots).is_none())
    }

    /// A poll that found no release to take notes which snaps are due, and says so.
    pub(crate) fn note_snaps(
        &self,
        own: &mut Loop,
        settings: &Settings,
        slots: &Slots,
        here: &State,
        listing: &Listing,
    ) -> Option<String> {
        let situation = self.snap_situation(settings, slots, listing.now);
        let mut found = due(&listing.snaps, here, architecture(), &situation);
        if found.is_empty() {
            return None;
        }
        let names: Vec<_> = found.iter().map(|new| new.name.as_str()).collect();
        let told = format!("newer snaps are there: {}", names.join(", "));
        if slots.staged().is_some() {
            return Some(format!("{told}; they wait for the reboot"));
        }
        if let Some(why) = self.keeps_from(settings, slots) {
            own.wait_for_window(settings, self.moment(slots));
            return Some(format!("{told}; {why}"));
        }
        found.retain(|new| own.snaps.is_its_turn(new));
        own.snaps.due = found;
        Some(told)
    }

    pub(crate) fn snap_situation(
        &self,
        settings: &Settings,
        slots: &Slots,
        now: UtcTime,
    ) -> SnapSituation {
        SnapSituation {
            settings: settings.clone(),
            machine_id: self.machine.machine_id(),
            now_secs: u64::try_from(now.0).unwrap_or_default(),
            moment_secs: self.moment(slots),
        }
    }

    /// Runs `act` if no release is on trial or on its way, and lets none come meanwhile.
    pub(crate) fn act_at_rest(&self, act: &mut dyn FnMut()) -> Result<(), Failure> {
        let _rest = self.at_rest();
        let slots = self.slots()?;
        let is_at_rest = slots.status() == Some(SlotStatus::Confirmed)
            && slots.staged().is_none()
            && !slots.is_going_back();
        if !is_at_rest {
            return Err(Failure::new(
                FailureKind::Unconfirmed,
                "cannot refresh by itself: the system has yet to be confirmed, or waits for a \
                 reboot",
            ));
        }
        act();
        Ok(())
    }
}

/// What a poll asks for: publishers' lists cost as much as the system's.
pub(crate) fn lists(settings: &Settings, here: &State) -> Lists {
    let is_any = here.installed().any(|(_, snap)| is_of_store(snap));
    match settings.snap_autopilot == Autopilot::On && is_any {
        true => Lists::SystemAndSnaps,
        false => Lists::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::Digest;
    use snap_store::Origin;
    use std::collections::BTreeSet;

    fn new(revision: u32) -> NewSnap {
        NewSnap {
            name: "hello".parse().unwrap(),
            revision: revision.try_into().unwrap(),
            version: String::new(),
            length_bytes: 0,
            sha256: Digest::ZERO,
            root_hash: None,
            frameworks: BTreeSet::new(),
            grants: BTreeSet::new(),
            origin: Origin::Unauthenticated,
            channel: None,
            address: String::new(),
        }
    }

    #[test]
    fn what_fails_again_and_again_is_tried_at_fewer_polls_and_a_newer_one_at_once() {
        let mut turn = SnapTurn::default();
        let mut tried = String::new();
        for _ in 0..16 {
            tried.push(match turn.is_its_turn(&new(2)) {
                true => {
                    turn.failed(&new(2));
                    'x'
                }
                false => '-',
            });
        }
        assert_eq!(tried, "xx-x---x---x---x");
        assert!(turn.is_its_turn(&new(3)));
    }
}
