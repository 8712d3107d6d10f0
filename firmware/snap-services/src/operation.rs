//! Services that are started or stopped one behind the other, and who waits for that.

use crate::protocol::Answer;
use crate::service::{Event, Now, State};
use crate::unit::{Key, Surroundings, Unit};
use snap_format::SnapName;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::Sender;
use std::time::{Instant, SystemTime};

/// Services to be started or stopped one behind the other.
pub(crate) struct Operation {
    pub(crate) snap: SnapName,
    /// Snaps whose operations that were asked for earlier come first.
    pub(crate) behind: BTreeSet<SnapName>,
    direction: Direction,
    rest: VecDeque<Key>,
    /// The first of the rest was told.
    begun: bool,
    failures: Vec<String>,
    answer: Option<Sender<Answer>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl Direction {
    fn event(self) -> Event {
        match self {
            Self::Up => Event::Start,
            Self::Down => Event::Stop,
        }
    }
}

impl Operation {
    pub(crate) fn new(
        snap: SnapName,
        direction: Direction,
        rest: VecDeque<Key>,
        answer: Option<Sender<Answer>>,
    ) -> Self {
        Self {
            snap,
            behind: BTreeSet::new(),
            direction,
            rest,
            begun: false,
            failures: Vec::new(),
            answer,
        }
    }

    /// Whether one of these has to come first.
    pub(crate) fn waits_for(&self, busy: &BTreeSet<SnapName>) -> bool {
        busy.contains(&self.snap) || !self.behind.is_disjoint(busy)
    }

    /// Returns whether it has ended.
    pub(crate) fn advance(
        &mut self,
        units: &mut BTreeMap<Key, Unit>,
        around: &Surroundings<'_>,
    ) -> bool {
        while let Some(key) = self.rest.front() {
            if let Some(unit) = units.get_mut(key) {
                if !self.begun {
                    self.begun = true;
                    unit.handle(around, self.direction.event(), now());
                }
                let is_there = match self.direction {
                    Direction::Up => unit.service().is_settled(),
                    Direction::Down => unit.is_off(),
                };
                if !is_there {
                    return false;
                }
                if self.direction == Direction::Up
                    && let Some(reason) = failure_of_start(unit)
                {
                    self.failures.push(format!("cannot start {key}: {reason}"));
                }
            }
            self.rest.pop_front();
            self.begun = false;
        }
        let answer = match self.failures.is_empty() {
            true => Answer::Done,
            false => Answer::Error(self.failures.join("; ")),
        };
        if let Some(waiting) = self.answer.take() {
            let _ = waiting.send(answer);
        }
        true
    }
}

/// A start that did not come to where it was to come to.
fn failure_of_start(unit: &Unit) -> Option<String> {
    match unit.service().state() {
        State::Waiting(_) => Some(unit.failure().unwrap_or_else(|| {
            "it ended, and is started again after a pause; its log tells more".to_owned()
        })),
        _ => unit.failure(),
    }
}

/// This moment, by both clocks.
pub(crate) fn now() -> Now {
    Now {
        instant: Instant::now(),
        wall: SystemTime::now(),
    }
}
