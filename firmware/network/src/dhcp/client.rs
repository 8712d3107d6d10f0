//! The protocol of one port: RFC 2131, section 4.4 and figure 5.
//!
//! [`Client::step`] takes what happened and the time, and returns what is to be done. It
//! sleeps nowhere and knows no socket: the program asks [`Client::due`] when to come back.

use super::HardwareAddress;
use super::lease::{Lease, Times};
use super::reply::{Reply, ReplyKind};
use super::request::{Request, RequestKind};
use core::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Before a question is asked again for the first time; then twice as long each time.
const FIRST_PAUSE_SECS: u64 = 4;
const LONGEST_PAUSE_SECS: u64 = 64;
/// How often an address is asked for that a server offered, before all begins anew.
const TAKE_TRIES: u32 = 4;
/// The same for the address from before: there may be nobody who knows it.
const KEEP_TRIES: u32 = 2;
/// Between questions for more time (RFC 2131, section 4.4.5).
const SHORTEST_RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The client of one port.
#[derive(Clone, Debug)]
pub struct Client {
    hardware: HardwareAddress,
    host_name: Option<String>,
    phase: Phase,
    /// Refusals in a row: a server that offers and refuses must not keep the device busy.
    refusals: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The cable is in.
    Plugged,
    /// It is out.
    Unplugged,
    /// A server said something.
    Heard(Reply),
    /// The time of [`Client::due`] has come.
    Due,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send it.
    Send(Request),
    /// The port has this lease, which may be the one from before with more time.
    Configure {
        /// The lease.
        lease: Lease,
        /// From when its times count.
        since: Instant,
    },
    /// The port has no address any more.
    Deconfigure,
}

#[derive(Clone, Debug)]
enum Phase {
    Unplugged {
        had: Option<Ipv4Addr>,
    },
    Pausing {
        until: Instant,
    },
    Asking {
        kind: RequestKind,
        question: Question,
    },
    Bound {
        lease: Box<Lease>,
        since: Instant,
        question: Option<(RequestKind, Question)>,
    },
}

/// A question and its repetitions.
#[derive(Clone, Copy, Debug)]
struct Question {
    transaction: u32,
    /// When it was asked first.
    first: Instant,
    /// When it was asked last.
    last: Instant,
    tries: u32,
    /// When it is asked again.
    due: Instant,
}

impl Client {
    /// A client whose cable is out. `had` is the address that the port had before, if that
    /// is known; it is asked for first.
    #[must_use]
    pub fn new(
        hardware: HardwareAddress,
        host_name: Option<String>,
        had: Option<Ipv4Addr>,
    ) -> Self {
        Self {
            hardware,
            host_name,
            phase: Phase::Unplugged { had },
            refusals: 0,
        }
    }

    /// When [`Event::Due`] is due; `None`: not before something else happens.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Unplugged { .. } => None,
            Phase::Pausing { until } => Some(*until),
            Phase::Asking { question, .. } => Some(question.due),
            Phase::Bound {
                question: Some((_, question)),
                ..
            } => Some(question.due),
            Phase::Bound { lease, since, .. } => lease.times.map(|times| *since + times.renewal),
        }
    }

    /// What to do about `event`. `random` gives numbers that others cannot guess.
    pub fn step(
        &mut self,
        event: Event,
        now: Instant,
        random: &mut dyn FnMut() -> u32,
    ) -> Vec<Action> {
        match event {
            Event::Plugged => self.plugged(now, random),
            Event::Unplugged => self.unplugged(),
            Event::Heard(reply) => self.heard(&reply, now, random),
            Event::Due => match self.due() {
                Some(due) if due <= now => self.timed_out(now, random),
                _ => Vec::new(),
            },
        }
    }

    fn plugged(&mut self, now: Instant, random: &mut dyn FnMut() -> u32) -> Vec<Action> {
        match self.phase {
            Phase::Unplugged { had: Some(address) } => {
                self.ask(RequestKind::Keep { address }, now, random)
            }
            Phase::Unplugged { had: None } => self.ask(RequestKind::Discover, now, random),
            _ => Vec::new(),
        }
    }

    /// The cable may come back in another network: what is configured is no good until a
    /// server has said so again.
    fn unplugged(&mut self) -> Vec<Action> {
        let (had, actions) = match &self.phase {
            Phase::Bound { lease, .. } => (Some(lease.address), vec![Action::Deconfigure]),
            Phase::Unplugged { had } => (*had, Vec::new()),
            Phase::Asking {
                kind: RequestKind::Keep { address },
                ..
            } => (Some(*address), Vec::new()),
            _ => (None, Vec::new()),
        };
        self.phase = Phase::Unplugged { had };
        actions
    }

    fn heard(
        &mut self,
        reply: &Reply,
        now: Instant,
        random: &mut dyn FnMut() -> u32,
    ) -> Vec<Action> {
        let (kind, question) = match &self.phase {
            Phase::Asking { kind, question } => (*kind, *question),
            Phase::Bound {
                question: Some((kind, question)),
                ..
            } => (*kind, *question),
            _ => return Vec::new(),
        };
        if (reply.transaction, reply.hardware) != (question.transaction, self.hardware) {
            return Vec::new();
        }
        // From the one who was asked, where one was.
        let (address, asked) = match kind {
            RequestKind::Discover => (None, None),
            RequestKind::Take { address, server } | RequestKind::Renew { address, server } => {
                (Some(address), Some(server))
            }
            RequestKind::Keep { address } | RequestKind::Rebind { address } => {
                (Some(address), None)
            }
        };
        if asked.is_some_and(|server| server != reply.server) {
            return Vec::new();
        }
        match (address, reply.kind) {
            (Some(_), ReplyKind::Refuse) => self.refused(now),
            (None, ReplyKind::Offer) if Lease::of(reply).is_ok() => {
                let kind = RequestKind::Take {
                    address: reply.address,
                    server: reply.server,
                };
                self.ask(kind, now, random)
            }
            (Some(address), ReplyKind::Acknowledge) if address == reply.address => {
                Lease::of(reply).map_or(Vec::new(), |lease| self.bind(lease, question.last))
            }
            _ => Vec::new(),
        }
    }

    fn bind(&mut self, lease: Lease, since: Instant) -> Vec<Action> {
        self.refusals = 0;
        self.phase = Phase::Bound {
            lease: Box::new(lease.clone()),
            since,
            question: None,
        };
        vec![Action::Configure { lease, since }]
    }

    fn refused(&mut self, now: Instant) -> Vec<Action> {
        let actions = match self.phase {
            Phase::Bound { .. } => vec![Action::Deconfigure],
            _ => Vec::new(),
        };
        let pause = match self.refusals {
            0 => Duration::ZERO,
            refusals => pause(refusals - 1),
        };
        self.refusals = self.refusals.saturating_add(1);
        self.phase = Phase::Pausing { until: now + pause };
        actions
    }

    fn timed_out(&mut self, now: Instant, random: &mut dyn FnMut() -> u32) -> Vec<Action> {
        let (lease, since) = match &mut self.phase {
            Phase::Asking { kind, question } => {
                let tries = match kind {
                    RequestKind::Keep { .. } => KEEP_TRIES,
                    RequestKind::Take { .. } => TAKE_TRIES,
                    _ => u32::MAX,
                };
                if question.tries >= tries {
                    return self.ask(RequestKind::Discover, now, random);
                }
                question.repeat(now, random());
                let (kind, question) = (*kind, *question);
                return vec![self.send(kind, &question, now)];
            }
            Phase::Bound { lease, since, .. } => (lease.clone(), *since),
            Phase::Pausing { .. } => return self.ask(RequestKind::Discover, now, random),
            Phase::Unplugged { .. } => return Vec::new(),
        };
        let Some(times) = lease.times else {
            return Vec::new();
        };
        if now >= since + times.expiry {
            let mut actions = vec![Action::Deconfigure];
            actions.extend(self.ask(RequestKind::Discover, now, random));
            return actions;
        }
        self.ask_for_time(lease, since, times, now, random())
    }

    /// Of the lease's server until every server is to be asked.
    fn ask_for_time(
        &mut self,
        lease: Box<Lease>,
        since: Instant,
        times: Times,
        now: Instant,
        transaction: u32,
    ) -> Vec<Action> {
        let (address, server) = (lease.address, lease.server);
        let (kind, end) = match since + times.rebinding {
            rebinding if now < rebinding => (RequestKind::Renew { address, server }, rebinding),
            _ => (RequestKind::Rebind { address }, since + times.expiry),
        };
        let pause = (end.duration_since(now) / 2).max(SHORTEST_RENEWAL_PAUSE);
        let question = Question {
            transaction,
            first: since + times.renewal,
            last: now,
            tries: 1,
            due: (now + pause).min(end),
        };
        let action = self.send(kind, &question, now);
        self.phase = Phase::Bound {
            lease,
            since,
            question: Some((kind, question)),
        };
        vec![action]
    }

    fn ask(
        &mut self,
        kind: RequestKind,
        now: Instant,
        random: &mut dyn FnMut() -> u32,
    ) -> Vec<Action> {
        let mut question = Question {
            transaction: random(),
            first: now,
            last: now,
            tries: 0,
            due: now,
        };
        question.repeat(now, random());
        let action = self.send(kind, &question, now);
        self.phase = Phase::Asking { kind, question };
        vec![action]
    }

    fn send(&self, kind: RequestKind, question: &Question, now: Instant) -> Action {
        let secs = now.saturating_duration_since(question.first).as_secs();
        Action::Send(Request {
            kind,
            transaction: question.transaction,
            hardware: self.hardware,
            host_name: self.host_name.clone(),
            secs: u16::try_from(secs).unwrap_or(u16::MAX),
        })
    }
}

impl Question {
    /// It is asked now; a second more or less keeps devices that started together apart.
    fn repeat(&mut self, now: Instant, random: u32) {
        let jitter = Duration::from_millis(u64::from(random % 2001));
        self.last = now;
        self.due = now + pause(self.tries) - Duration::from_secs(1) + jitter;
        self.tries = self.tries.saturating_add(1);
    }
}

fn pause(times_before: u32) -> Duration {
    let secs = FIRST_PAUSE_SECS << times_before.min(LONGEST_PAUSE_SECS.ilog2());
    Duration::from_secs(secs.min(LONGEST_PAUSE_SECS))
}
