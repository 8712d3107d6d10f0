//! A question for the time and its answer: RFC 4330.
//!
//! An answer counts only with the number in it that the question had, which a stranger does
//! not know, and never when it is before the system was built. Nothing here raises what a
//! device trusts: signed statements do that alone.

use core::fmt;
use std::time::{Duration, SystemTime};

/// Where servers listen.
pub const PORT: u16 = 123;
/// A message without authentication.
pub const MESSAGE_BYTES: usize = 48;
/// From 1900, where the protocol begins, to 1970.
const UNIX_EPOCH_SECS: u64 = 2_208_988_800;
/// How far the protocol counts before it begins again, in 2036.
const ERA_SECS: u64 = 1 << 32;

const VERSION_4: u8 = 4 << 3;
const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const UNSYNCHRONISED: u8 = 3;

/// A question: it has a random number where the sender's time stands, which says nothing
/// about the device and comes back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question(pub u64);

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disbelieved {
    /// It is no message of a server, or does not answer the question.
    NoAnswer,
    /// The server knows no time itself, or wants to be left alone.
    NotSynchronised,
    /// The system did not exist then.
    BeforeBuild,
}

impl fmt::Display for Disbelieved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "it does not answer the question",
            Self::NotSynchronised => "the server knows no time itself",
            Self::BeforeBuild => "its time is before this system was built",
        })
    }
}

impl core::error::Error for Disbelieved {}

impl Question {
    /// The payload of the packet.
    #[must_use]
    pub fn encode(self) -> [u8; MESSAGE_BYTES] {
        let mut message = [0; MESSAGE_BYTES];
        message[0] = VERSION_4 | CLIENT;
        message[40..].copy_from_slice(&self.0.to_be_bytes());
        message
    }

    /// The time in the middle between question and answer, by the server's clock. It was
    /// under way for `travel`; the system was built at `built`.
    ///
    /// # Errors
    /// See [`Disbelieved`].
    pub fn judge(
        self,
        message: &[u8],
        travel: Duration,
        built: SystemTime,
    ) -> Result<SystemTime, Disbelieved> {
        let head: &[u8; MESSAGE_BYTES] = message.first_chunk().ok_or(Disbelieved::NoAnswer)?;
        let field = |position: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[position..position + 8]);
            u64::from_be_bytes(bytes)
        };
        if head[0] & 7 != SERVER || field(24) != self.0 {
            return Err(Disbelieved::NoAnswer);
        }
        let (leap, stratum) = (head[0] >> 6, head[1]);
        let (received, sent) = (field(32), field(40));
        if leap == UNSYNCHRONISED || !(1..=15).contains(&stratum) || received == 0 || sent == 0 {
            return Err(Disbelieved::NotSynchronised);
        }
        // The server's own time in between is small beside the network's.
        let now = time_of(sent, built) + travel / 2;
        if now < built {
            return Err(Disbelieved::BeforeBuild);
        }
        Ok(now)
    }
}

/// Seconds since 1900 and their fraction, in 32 bits each. Of the times that this can mean
/// it is the first that is not in an era before the system was built.
fn time_of(stamp: u64, built: SystemTime) -> SystemTime {
    let built = built
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let built = built.as_secs() + UNIX_EPOCH_SECS;
    let this = built / ERA_SECS * ERA_SECS + (stamp >> 32);
    // A system of 2035 has to understand 2037.
    let behind = this + ERA_SECS / 2 < built;
    let secs = if behind { this + ERA_SECS } else { this };
    let secs = secs.saturating_sub(UNIX_EPOCH_SECS);
    let nanos = ((stamp & 0xffff_ffff) * 1_000_000_000) >> 32;
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs) + Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: Question = Question(0x1234_5678_9abc_def0);

    fn at(secs: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
    }

    fn answer(unix_secs: u64) -> [u8; MESSAGE_BYTES] {
        let stamp = ((unix_secs + UNIX_EPOCH_SECS) << 32) | 0x8000_0000;
        let mut message = [0; MESSAGE_BYTES];
        message[..2].copy_from_slice(&[VERSION_4 | SERVER, 2]);
        message[24..32].copy_from_slice(&QUESTION.0.to_be_bytes());
        message[32..40].copy_from_slice(&stamp.to_be_bytes());
        message[40..].copy_from_slice(&stamp.to_be_bytes());
        message
    }

    fn judged(message: &[u8], built: u64) -> Result<SystemTime, Disbelieved> {
        QUESTION.judge(message, Duration::from_millis(200), at(built))
    }

    #[test]
    fn a_question_says_nothing_but_its_number() {
        let mut expected = [0; MESSAGE_BYTES];
        expected[0] = 0x23;
        expected[40..].copy_from_slice(&QUESTION.0.to_be_bytes());
        assert_eq!(QUESTION.encode(), expected);
    }

    #[test]
    fn half_of_the_travel_is_added_to_the_servers_time() {
        let time = at(1_800_000_000) + Duration::from_millis(600);
        assert_eq!(judged(&answer(1_800_000_000), 1_790_000_000), Ok(time));
    }

    #[test]
    fn time_goes_on_after_2036() {
        for (built, now) in [
            (1_790_000_000, 2_085_978_495),
            (1_790_000_000, 2_085_978_497),
            (2_080_000_000, 2_100_000_000),
            (2_090_000_000, 2_100_000_000),
        ] {
            let time = at(now) + Duration::from_millis(600);
            assert_eq!(judged(&answer(now), built), Ok(time), "{built} {now}");
        }
    }

    #[test]
    fn a_time_before_the_build_is_not_believed() {
        let refused = Err(Disbelieved::BeforeBuild);
        assert_eq!(judged(&answer(1_700_000_000), 1_790_000_000), refused);
        assert_eq!(judged(&answer(1_789_999_998), 1_790_000_000), refused);
    }

    #[test]
    fn what_is_no_answer_is_not_believed() {
        let good = answer(1_800_000_000);
        let with = |position: usize, byte: u8| {
            let mut message = good;
            message[position] = byte;
            message
        };
        let table = [
            (with(0, VERSION_4 | CLIENT), Disbelieved::NoAnswer),
            (with(0, VERSION_4 | 5), Disbelieved::NoAnswer),
            (with(31, 0), Disbelieved::NoAnswer),
            (with(0, 0xe4), Disbelieved::NotSynchronised),
            (with(1, 0), Disbelieved::NotSynchronised),
            (with(1, 16), Disbelieved::NotSynchronised),
        ];
        for (message, error) in table {
            assert_eq!(judged(&message, 1_790_000_000), Err(error));
        }
        assert_eq!(judged(&good[..47], 0), Err(Disbelieved::NoAnswer));
        let mut no_time = good;
        no_time[40..].fill(0);
        assert_eq!(judged(&no_time, 0), Err(Disbelieved::NotSynchronised));
    }
}
