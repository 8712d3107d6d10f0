//! The client against servers that are good, slow, gone, or mean no good.

use super::*;
use std::time::{Duration, Instant};

/// A client in a time of its own.
struct World {
    client: Client,
    begin: Instant,
    now: Instant,
    random: u32,
}

impl World {
    fn new(had: Option<Ipv4Addr>) -> Self {
        let now = Instant::now();
        Self {
            client: Client::new(HARDWARE, Some("gw".to_owned()), had),
            begin: now,
            now,
            random: 1000,
        }
    }

    fn step(&mut self, event: Event) -> Vec<Action> {
        let random = &mut self.random;
        // Odd ones: no jitter is 1000, so each differs a little.
        let mut next = || {
            *random += 1;
            *random
        };
        self.client.step(event, self.now, &mut next)
    }

    /// What it sends, which is one request.
    fn sent(&mut self, event: Event) -> Request {
        match &self.step(event)[..] {
            [Action::Send(request)] => request.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn hear(&mut self, message: &Message) -> Vec<Action> {
        self.step(Event::Heard(message.reply()))
    }

    /// Goes to the time when something is due, and says what is done then.
    fn wait(&mut self) -> Vec<Action> {
        self.now = self.client.due().unwrap();
        self.step(Event::Due)
    }

    fn wait_sent(&mut self) -> Request {
        match &self.wait()[..] {
            [Action::Send(request)] => request.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn secs(&self) -> u64 {
        self.now.duration_since(self.begin).as_secs()
    }

    /// A client with a lease of so many seconds.
    fn bound(secs: u32) -> Self {
        let mut world = Self::new(None);
        let discover = world.sent(Event::Plugged);
        let offer = Message::lease(OFFER, discover.transaction, secs);
        let Action::Send(take) = world.hear(&offer).remove(0) else {
            panic!("nothing is taken");
        };
        let given = Message::lease(ACKNOWLEDGE, take.transaction, secs);
        assert_eq!(world.hear(&given), [configured(&given, world.now)]);
        world
    }
}

fn configured(given: &Message, since: Instant) -> Action {
    Action::Configure {
        lease: Lease::of(&given.reply()).unwrap(),
        since,
    }
}

#[test]
fn a_lease_is_found_taken_and_renewed() {
    let mut world = World::new(None);
    assert_eq!(world.client.due(), None);
    let discover = world.sent(Event::Plugged);
    assert_eq!(discover.kind, RequestKind::Discover);
    assert_eq!(discover.host_name.as_deref(), Some("gw"));
    let take = world.sent(Event::Heard(
        Message::lease(OFFER, discover.transaction, 800).reply(),
    ));
    let kind = RequestKind::Take {
        address: ADDRESS,
        server: SERVER,
    };
    assert_eq!(take.kind, kind);
    let given = Message::lease(ACKNOWLEDGE, take.transaction, 800);
    assert_eq!(world.hear(&given), [configured(&given, world.now)]);

    let renew = world.wait_sent();
    assert_eq!(world.secs(), 400);
    let kind = RequestKind::Renew {
        address: ADDRESS,
        server: SERVER,
    };
    assert_eq!(renew.kind, kind);
    assert_ne!(renew.transaction, take.transaction);
    let given = Message::lease(ACKNOWLEDGE, renew.transaction, 800);
    assert_eq!(world.hear(&given), [configured(&given, world.now)]);
    world.wait_sent();
    assert_eq!(world.secs(), 800);
}

#[test]
fn without_an_answer_every_server_is_asked_then_the_address_is_given_up() {
    let mut world = World::bound(3200);
    let mut asked = Vec::new();
    let last = loop {
        let actions = world.wait();
        match &actions[..] {
            [Action::Send(request)] => asked.push((world.secs(), request.destination())),
            _ => break actions,
        }
    };
    let everybody = Ipv4Addr::BROADCAST;
    // Half of what is left each time, and a minute at least: RFC 2131, section 4.4.5.
    let expected = [
        (1600, SERVER),
        (2200, SERVER),
        (2500, SERVER),
        (2650, SERVER),
        (2725, SERVER),
        (2785, SERVER),
        (2800, everybody),
        (3000, everybody),
        (3100, everybody),
        (3160, everybody),
    ];
    assert_eq!(asked, expected);
    assert_eq!(world.secs(), 3200);
    assert_eq!(last[0], Action::Deconfigure);
    assert!(matches!(&last[1..], [Action::Send(request)] if request.kind == RequestKind::Discover));
}

#[test]
fn another_server_may_give_more_time_when_every_server_is_asked() {
    let other = Ipv4Addr::new(10, 0, 2, 77);
    let answer = |transaction| {
        Message::new(ACKNOWLEDGE, transaction, ADDRESS, other).option(51, &800u32.to_be_bytes())
    };
    let mut world = World::bound(800);
    let renew = world.wait_sent();
    assert_eq!(world.hear(&answer(renew.transaction)), []);
    let rebind = loop {
        let request = world.wait_sent();
        if matches!(request.kind, RequestKind::Rebind { .. }) {
            break request;
        }
    };
    assert_eq!(world.secs(), 700);
    let given = answer(rebind.transaction);
    assert_eq!(world.hear(&given), [configured(&given, world.now)]);
    let renew = world.wait_sent();
    assert_eq!(renew.destination(), other);
}

#[test]
fn a_lease_for_ever_is_never_renewed() {
    let world = World::bound(u32::MAX);
    assert_eq!(world.client.due(), None);
}

#[test]
fn the_longest_lease_that_ends_is_no_overflow() {
    let mut world = World::bound(u32::MAX - 1);
    world.wait_sent();
    assert_eq!(world.secs(), u64::from((u32::MAX - 1) / 2));
}

#[test]
fn questions_are_repeated_after_pauses_that_grow_to_a_minute() {
    let mut world = World::new(None);
    let first = world.sent(Event::Plugged);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let before = world.now;
        let again = world.wait_sent();
        assert_eq!(again.transaction, first.transaction);
        pauses.push((world.now - before).as_secs_f32().round());
    }
    assert_eq!(pauses, [4.0, 8.0, 16.0, 32.0, 64.0, 64.0]);
}

#[test]
fn two_devices_that_start_together_do_not_stay_together() {
    let due = |random: u32| {
        let mut client = Client::new(HARDWARE, None, None);
        let now = Instant::now();
        client.step(Event::Plugged, now, &mut || random);
        client.due().unwrap() - now
    };
    assert_eq!(due(0), Duration::from_secs(3));
    assert_eq!(due(2000), Duration::from_secs(5));
    assert_eq!(
        due(u32::MAX),
        Duration::from_millis(3000 + u64::from(u32::MAX % 2001))
    );
}

#[test]
fn a_slow_servers_answer_to_the_first_question_still_counts() {
    let mut world = World::new(None);
    let discover = world.sent(Event::Plugged);
    world.wait_sent();
    world.wait_sent();
    let offer = Message::lease(OFFER, discover.transaction, 600);
    let take = world.sent(Event::Heard(offer.reply()));
    assert!(matches!(take.kind, RequestKind::Take { .. }));
}

#[test]
fn a_server_that_offers_and_falls_silent_is_left() {
    let mut world = World::new(None);
    let discover = world.sent(Event::Plugged);
    let offer = Message::lease(OFFER, discover.transaction, 600);
    world.sent(Event::Heard(offer.reply()));
    let kinds: Vec<_> = (0..4).map(|_| world.wait_sent().kind).collect();
    assert!(matches!(kinds[..3], [RequestKind::Take { .. }, ..]));
    assert_eq!(kinds[3], RequestKind::Discover);
}

#[test]
fn of_two_servers_the_first_is_taken_and_the_other_has_no_say() {
    let other = Ipv4Addr::new(10, 0, 2, 77);
    let mut world = World::new(None);
    let discover = world.sent(Event::Plugged);
    let take = world.sent(Event::Heard(
        Message::lease(OFFER, discover.transaction, 600).reply(),
    ));
    let late = Message::new(OFFER, discover.transaction, ADDRESS, other);
    assert_eq!(world.hear(&late), []);
    for kind in [OFFER, ACKNOWLEDGE, REFUSE] {
        let wrong =
            Message::new(kind, take.transaction, ADDRESS, other).option(51, &600u32.to_be_bytes());
        assert_eq!(world.hear(&wrong), [], "{kind}");
    }
    let given = Message::lease(ACKNOWLEDGE, take.transaction, 600);
    assert_eq!(world.hear(&given), [configured(&given, world.now)]);
}

#[test]
fn what_does_not_answer_the_question_is_no_answer() {
    let mut world = World::new(None);
    let discover = world.sent(Event::Plugged);
    let good = Message::lease(OFFER, discover.transaction, 600);
    let strangers = Message::lease(OFFER, discover.transaction ^ 1, 600);
    let mut others = good.clone();
    others.head[28] ^= 2;
    let unasked = Message::lease(ACKNOWLEDGE, discover.transaction, 600);
    let refusal = Message::lease(REFUSE, discover.transaction, 600);
    let useless = Message::lease(OFFER, discover.transaction, 0);
    for message in [strangers, others, unasked, refusal, useless] {
        assert_eq!(world.hear(&message), [], "{:?}", message.reply());
    }
    let take = world.sent(Event::Heard(good.reply()));
    let swapped = Message::new(
        ACKNOWLEDGE,
        take.transaction,
        Ipv4Addr::new(10, 0, 2, 99),
        SERVER,
    )
    .option(51, &600u32.to_be_bytes());
    assert_eq!(world.hear(&swapped), []);
}

#[test]
fn nobody_is_heard_while_nothing_is_asked() {
    let mut world = World::bound(800);
    for kind in [OFFER, ACKNOWLEDGE, REFUSE] {
        assert_eq!(world.hear(&Message::lease(kind, 1001, 800)), []);
    }
    let mut world = World::new(None);
    assert_eq!(world.hear(&Message::lease(OFFER, 0, 800)), []);
}

#[test]
fn a_refused_renewal_takes_the_address_away() {
    let mut world = World::bound(800);
    let renew = world.wait_sent();
    let refusal = Message::lease(REFUSE, renew.transaction, 800);
    assert_eq!(world.hear(&refusal), [Action::Deconfigure]);
    let before = world.now;
    assert_eq!(world.wait_sent().kind, RequestKind::Discover);
    assert_eq!(world.now, before);
}

#[test]
fn a_server_that_offers_and_refuses_for_ever_is_asked_ever_more_rarely() {
    let mut world = World::new(None);
    let mut discover = world.sent(Event::Plugged);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let offer = Message::lease(OFFER, discover.transaction, 600);
        let take = world.sent(Event::Heard(offer.reply()));
        let before = world.now;
        assert_eq!(
            world.hear(&Message::lease(REFUSE, take.transaction, 600)),
            []
        );
        discover = world.wait_sent();
        pauses.push((world.now - before).as_secs());
    }
    assert_eq!(pauses, [0, 4, 8, 16, 32, 64, 64, 64]);
}

#[test]
fn the_address_from_before_is_asked_for_first() {
    let mut world = World::new(Some(ADDRESS));
    let keep = world.sent(Event::Plugged);
    assert_eq!(keep.kind, RequestKind::Keep { address: ADDRESS });
    let given = Message::lease(ACKNOWLEDGE, keep.transaction, 600);
    assert_eq!(world.hear(&given), [configured(&given, world.now)]);

    let mut world = World::new(Some(ADDRESS));
    let keep = world.sent(Event::Plugged);
    world.hear(&Message::lease(REFUSE, keep.transaction, 600));
    assert_eq!(world.wait_sent().kind, RequestKind::Discover);

    let mut world = World::new(Some(ADDRESS));
    world.sent(Event::Plugged);
    assert!(matches!(world.wait_sent().kind, RequestKind::Keep { .. }));
    assert_eq!(world.wait_sent().kind, RequestKind::Discover);
}

#[test]
fn without_a_cable_there_is_no_address_and_no_question() {
    let mut world = World::bound(800);
    assert_eq!(world.step(Event::Unplugged), [Action::Deconfigure]);
    assert_eq!(world.client.due(), None);
    assert_eq!(world.step(Event::Unplugged), []);
    let keep = world.sent(Event::Plugged);
    assert_eq!(keep.kind, RequestKind::Keep { address: ADDRESS });
    assert_eq!(world.step(Event::Unplugged), []);
    let keep = world.sent(Event::Plugged);
    assert_eq!(keep.kind, RequestKind::Keep { address: ADDRESS });
    assert_eq!(world.step(Event::Plugged), []);
}

#[test]
fn nothing_is_done_before_it_is_due() {
    let mut world = World::bound(800);
    assert_eq!(world.step(Event::Due), []);
    world.now += Duration::from_secs(399);
    assert_eq!(world.step(Event::Due), []);
}
