//! What a poll tells the store: the query string of its request for the timestamp.
//!
//! The board, the channel, the version that runs, and what became of the last update, so that
//! a maker who counts lines of a web server's log knows how a release does. Nothing in it
//! says which device it is, unless the owner wants that.

use image_format::{Event, FlightEntry, Verdict};

/// The longest cause, in bytes before they are encoded.
const CAUSE_BYTES: usize = 80;

/// What a poll tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// The board.
    pub board: &'a str,
    /// The channel that it follows.
    pub channel: &'a str,
    /// The version that runs.
    pub version: u64,
    /// What became of the last update, if the flight record knows of one.
    pub last: Option<LastUpdate>,
    /// machine-id(5), where the owner has it told.
    pub machine_id: Option<&'a str>,
}

/// What became of the last update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUpdate {
    /// Its outcome.
    pub result: Outcome,
    /// Of the release, where the record has it.
    pub version: Option<u64>,
    /// Why, if it went wrong.
    pub cause: Option<String>,
}

/// How an update ended. The words are for programs: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is written, and its trial has no outcome yet.
    Staged,
    /// It could not be written.
    NotInstalled,
    /// It works.
    Confirmed,
    /// Its trial failed, by its fault.
    Failed,
    /// Its trial ended without a verdict.
    Inconclusive,
    /// Somebody went back from it.
    RolledBack,
}

impl Outcome {
    /// As it is told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::NotInstalled => "not-installed",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Inconclusive => "inconclusive",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// The newest thing that the flight record, oldest entry first, has to say of an update.
#[must_use]
pub fn last_update(flight: &[FlightEntry]) -> Option<LastUpdate> {
    let (place, last) = flight
        .iter()
        .enumerate()
        .rev()
        .find_map(|(place, entry)| Some((place, outcome(&entry.event)?)))?;
    let before = flight.get(..place).unwrap_or_default();
    let version = last.version.or_else(|| version_before(before));
    Some(LastUpdate { version, ..last })
}

fn outcome(event: &Event) -> Option<LastUpdate> {
    let without_cause = |result, version: Option<u64>| LastUpdate {
        result,
        version,
        cause: None,
    };
    Some(match event {
        Event::Staged { version, .. } => without_cause(Outcome::Staged, Some(version.0)),
        Event::Confirmed { version, .. } => without_cause(Outcome::Confirmed, Some(version.0)),
        Event::RollbackRequested { .. } => without_cause(Outcome::RolledBack, None),
        Event::StagingFailed { reason, .. } => LastUpdate {
            result: Outcome::NotInstalled,
            version: None,
            cause: Some(reason.as_str().to_owned()),
        },
        Event::TrialJudged {
            verdict, reason, ..
        } => LastUpdate {
            result: match verdict {
                Verdict::Failed => Outcome::Failed,
                Verdict::Inconclusive => Outcome::Inconclusive,
            },
            version: None,
            cause: Some(reason.as_str().to_owned()),
        },
        _ => return None,
    })
}

/// The version that was installed last before something that does not name its own.
fn version_before(flight: &[FlightEntry]) -> Option<u64> {
    flight.iter().rev().find_map(|entry| match &entry.event {
        Event::StagingBegun { version, .. }
        | Event::Staged { version, .. }
        | Event::Confirmed { version, .. } => Some(version.0),
        _ => None,
    })
}

impl Report<'_> {
    /// The query string, without its question mark.
    #[must_use]
    pub fn query(&self) -> String {
        let mut pairs = vec![
            ("board", self.board.to_owned()),
            ("channel", self.channel.to_owned()),
            ("version", self.version.to_string()),
        ];
        if let Some(last) = &self.last {
            pairs.push(("result", last.result.name().to_owned()));
            pairs.extend(last.version.map(|version| ("of", version.to_string())));
            let cause = last.cause.as_deref().map(|cause| cut(cause).to_owned());
            pairs.extend(cause.map(|cause| ("cause", cause)));
        }
        pairs.extend(self.machine_id.map(|id| ("machine", id.to_owned())));
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| format!("{key}={}", encode(&value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(CAUSE_BYTES)]
}

/// Percent-encoding: everything but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::flight::text;
    use image_format::{BootNumber, Digest, Slot, Version};

    const HASH: Digest = Digest([7; 32]);

    fn flight(events: Vec<Event>) -> Vec<FlightEntry> {
        let numbered = (0..).zip(events);
        numbered
            .map(|(sequence, event)| FlightEntry {
                sequence,
                boot_number: BootNumber(sequence),
                event,
            })
            .collect()
    }

    fn staged(version: u64) -> Event {
        Event::Staged {
            slot: Slot::B,
            version: Version(version),
            manifest_hash: HASH,
        }
    }

    fn judged(verdict: Verdict) -> Event {
        Event::TrialJudged {
            slot: Slot::B,
            manifest_hash: HASH,
            verdict,
            reason: text("it failed the health check \"modem\""),
        }
    }

    fn query(events: Vec<Event>) -> String {
        let report = Report {
            board: "x86_64-uefi",
            channel: "stable",
            version: 3,
            last: last_update(&flight(events)),
            machine_id: None,
        };
        report.query()
    }

    #[test]
    fn each_end_of_an_update_is_told() {
        let confirmed = Event::Confirmed {
            slot: Slot::B,
            version: Version(4),
            manifest_hash: HASH,
        };
        let rolled_back = Event::RollbackRequested {
            from: Slot::B,
            to: Slot::A,
        };
        let not_installed = Event::StagingFailed {
            slot: Slot::B,
            reason: text("the disk is full & slow"),
        };
        let cause = "cause=it%20failed%20the%20health%20check%20%22modem%22";
        let table = [
            (vec![], String::new()),
            (vec![Event::RescueRuns], String::new()),
            (vec![staged(4)], "&result=staged&of=4".to_owned()),
            (
                vec![staged(4), judged(Verdict::Failed), Event::RescueRuns],
                format!("&result=failed&of=4&{cause}"),
            ),
            (
                vec![staged(4), judged(Verdict::Inconclusive)],
                format!("&result=inconclusive&of=4&{cause}"),
            ),
            (
                vec![staged(4), confirmed.clone()],
                "&result=confirmed&of=4".to_owned(),
            ),
            (
                vec![confirmed, rolled_back],
                "&result=rolled-back&of=4".to_owned(),
            ),
            (
                vec![not_installed],
                "&result=not-installed&cause=the%20disk%20is%20full%20%26%20slow".to_owned(),
            ),
        ];
        for (events, told) in table {
            let expected = format!("board=x86_64-uefi&channel=stable&version=3{told}");
            assert_eq!(query(events), expected);
        }
    }

    #[test]
    fn the_machine_is_named_only_where_the_owner_wants_it_and_a_cause_has_an_end() {
        let report = Report {
            board: "b",
            channel: "c",
            version: 1,
            last: Some(LastUpdate {
                result: Outcome::Failed,
                version: None,
                cause: Some("\u{e4}".repeat(100)),
            }),
            machine_id: Some("0123"),
        };
        let cause = "%C3%A4".repeat(40);
        let expected =
            format!("board=b&channel=c&version=1&result=failed&cause={cause}&machine=0123");
        assert_eq!(report.query(), expected);
    }
}
