//! A new configuration is tried, and the one before comes back unless it works.
//!
//! Nobody can reach a device with a wrong address to correct it. So a configuration counts
//! once somebody at the other end answered under it. If nobody does for a while, the one
//! before is tried, too: where that works, the new one was wrong, and where it does not, the
//! network was, and the two take turns until one of them works.

use std::time::{Duration, Instant};

/// A turn: a port may have to wait for its switch, and for a server.
const TURN: Duration = Duration::from_secs(45);

/// Which of the two holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The new one.
    New,
    /// The one before.
    Before,
}

/// What there is of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Somebody answers.
    Answered,
    /// Nobody did so far.
    Silent,
    /// No port has a cable: nobody could.
    Unplugged,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Open,
    /// The other one's turn has come.
    Turn(Side),
    /// The new one works: it is kept.
    Kept,
    /// The new one does not work where the one before does.
    Refused,
}

/// A trial.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    side: Side,
    ends: Instant,
}

impl Trial {
    /// The new one's turn comes first.
    #[must_use]
    pub fn begin(now: Instant) -> Self {
        Self {
            side: Side::New,
            ends: now + TURN,
        }
    }

    /// Which of the two holds.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// When to look again, whatever happens.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.ends
    }

    /// Looks at what there is.
    pub fn look(&mut self, now: Instant, reach: Reach) -> Outcome {
        match (reach, self.side) {
            (Reach::Answered, Side::New) => Outcome::Kept,
            (Reach::Answered, Side::Before) => Outcome::Refused,
            // The turn begins with the cable.
            (Reach::Unplugged, _) => {
                self.ends = now + TURN;
                Outcome::Open
            }
            (Reach::Silent, _) if now < self.ends => Outcome::Open,
            (Reach::Silent, side) => {
                self.side = match side {
                    Side::New => Side::Before,
                    Side::Before => Side::New,
                };
                self.ends = now + TURN;
                Outcome::Turn(self.side)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_is_kept() {
        let now = Instant::now();
        let mut trial = Trial::begin(now);
        assert_eq!(trial.look(now, Reach::Silent), Outcome::Open);
        let late = now + TURN - Duration::from_secs(1);
        assert_eq!(trial.look(late, Reach::Answered), Outcome::Kept);
    }

    #[test]
    fn what_does_not_work_where_the_one_before_does_is_refused() {
        let now = Instant::now();
        let mut trial = Trial::begin(now);
        let turn = trial.look(now + TURN, Reach::Silent);
        assert_eq!(turn, Outcome::Turn(Side::Before));
        assert_eq!(trial.look(now + TURN, Reach::Silent), Outcome::Open);
        assert_eq!(trial.look(now + TURN, Reach::Answered), Outcome::Refused);
    }

    #[test]
    fn where_neither_works_both_take_turns() {
        let mut now = Instant::now();
        let mut trial = Trial::begin(now);
        for side in [Side::Before, Side::New, Side::Before, Side::New] {
            now += TURN;
            assert_eq!(trial.look(now, Reach::Silent), Outcome::Turn(side));
            assert_eq!(trial.side(), side);
        }
        assert_eq!(trial.look(now, Reach::Answered), Outcome::Kept);
    }

    #[test]
    fn without_a_cable_no_turn_passes() {
        let now = Instant::now();
        let mut trial = Trial::begin(now);
        let day = now + Duration::from_secs(86_400);
        assert_eq!(trial.look(day, Reach::Unplugged), Outcome::Open);
        let plugged = day + TURN - Duration::from_secs(1);
        assert_eq!(trial.look(plugged, Reach::Silent), Outcome::Open);
    }
}
