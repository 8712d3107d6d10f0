//! Bytes -> reply -> lease, and requests -> bytes.

use super::super::lease::Times;
use super::*;
use std::time::Duration;

#[test]
fn everything_that_a_server_can_say_is_understood() {
    let reply = Message::lease(ACKNOWLEDGE, 7, 86400)
        .option(3, &[10, 0, 2, 2, 10, 0, 2, 1])
        .option(6, &[10, 0, 2, 3])
        // Two pads: they have no length.
        .option(0, &[])
        .option(12, b"gateway-7\0")
        .option(15, b"site.example.")
        .option(42, &[10, 0, 2, 4])
        .option(58, &100u32.to_be_bytes())
        .option(59, &200u32.to_be_bytes())
        .option(224, b"of no interest");
    let reply = reply.reply();
    assert_eq!((reply.kind, reply.transaction), (ReplyKind::Acknowledge, 7));
    assert_eq!(reply.hardware, HARDWARE);
    let lease = Lease::of(&reply).unwrap();
    let secs = Duration::from_secs;
    let expected = Lease {
        address: ADDRESS,
        prefix_length: 24,
        server: SERVER,
        routes: vec![Route::new(
            Ipv4Addr::UNSPECIFIED,
            0,
            Ipv4Addr::new(10, 0, 2, 2),
        )],
        name_servers: vec![Ipv4Addr::new(10, 0, 2, 3)],
        time_servers: vec![Ipv4Addr::new(10, 0, 2, 4)],
        domain: Some("site.example".to_owned()),
        host_name: Some("gateway-7".to_owned()),
        times: Some(Times {
            renewal: secs(100),
            rebinding: secs(200),
            expiry: secs(86400),
        }),
    };
    assert_eq!(lease, expected);
    assert_eq!(lease.router(), Some(SERVER));
}

#[test]
fn classless_routes_stand_in_place_of_routers() {
    let reply = Message::lease(OFFER, 7, 600)
        .option(3, &[10, 0, 2, 9])
        .option(121, &[16, 172, 16, 10, 0, 2, 8, 0, 10, 0, 2, 2])
        .option(121, &[25, 192, 168, 1, 255, 0, 0, 0, 0]);
    let lease = Lease::of(&reply.reply()).unwrap();
    let router = |last| Ipv4Addr::new(10, 0, 2, last);
    assert_eq!(
        lease.routes,
        [
            Route::new(Ipv4Addr::new(172, 16, 0, 0), 16, router(8)),
            Route::new(Ipv4Addr::UNSPECIFIED, 0, router(2)),
            Route {
                destination: Ipv4Addr::new(192, 168, 1, 128),
                prefix_length: 25,
                router: None
            },
        ]
    );
    assert_eq!(lease.router(), Some(router(2)));
}

#[test]
fn options_may_stand_in_the_fields_of_names() {
    let mut message = Message::lease(OFFER, 7, 600).option(52, &[3]);
    message.head[44..51].copy_from_slice(&[6, 4, 10, 0, 2, 3, 255]);
    message.head[108..115].copy_from_slice(&[3, 4, 10, 0, 2, 2, 255]);
    let reply = message.reply();
    assert_eq!(reply.name_servers, [Ipv4Addr::new(10, 0, 2, 3)]);
    assert_eq!(reply.routers, [SERVER]);
}

#[test]
fn whatever_is_malformed_is_refused_by_its_name() {
    let lease = || Message::lease(OFFER, 7, 600);
    let with = |position: usize, byte: u8| {
        let mut message = lease();
        message.head[position] = byte;
        message
    };
    let bare = |options: &[u8]| Message {
        head: lease().head,
        options: options.to_vec(),
    };
    let table = [
        (with(0, 1), Malformed::NotAReply),
        (with(1, 6), Malformed::NotEthernet),
        (with(2, 16), Malformed::NotEthernet),
        (with(239, 0), Malformed::NotDhcp),
        (bare(&[]), Malformed::Missing(53)),
        (bare(&[53, 1, 2]), Malformed::Missing(54)),
        (bare(&[53, 1, 1, 54, 4, 1, 1, 1, 1]), Malformed::Option(53)),
        (bare(&[53, 2, 2, 2]), Malformed::Option(53)),
        (bare(&[53, 1, 2, 54, 3, 1, 1, 1]), Malformed::Option(54)),
        (bare(&[53, 1, 2, 54, 9, 1, 1]), Malformed::CutOption(54)),
        (lease().option(51, &[1]), Malformed::Option(51)),
        (lease().option(58, &[1, 2, 3]), Malformed::Option(58)),
        (lease().option(59, &[]), Malformed::Option(59)),
        (lease().option(1, &[0]), Malformed::Option(1)),
        (lease().option(3, &[]), Malformed::Option(3)),
        (lease().option(3, &[1, 2, 3]), Malformed::Option(3)),
        (lease().option(6, &[1, 2, 3, 4, 5]), Malformed::Option(6)),
        (lease().option(42, &[1]), Malformed::Option(42)),
        (lease().option(52, &[0]), Malformed::Option(52)),
        (lease().option(52, &[4]), Malformed::Option(52)),
        (lease().option(121, &[]), Malformed::Option(121)),
        (
            lease().option(121, &[33, 1, 2, 3, 4, 5, 1, 1, 1, 1]),
            Malformed::Option(121),
        ),
        (
            lease().option(121, &[24, 1, 2, 3, 1, 1, 1]),
            Malformed::Option(121),
        ),
        (lease().option(121, &[24, 1, 2]), Malformed::Option(121)),
    ];
    for (message, error) in table {
        assert_eq!(message.parse(), Err(error), "{:?}", message.options);
    }
    for mask in [[0, 0, 0, 0], [255, 0, 255, 0], [0, 255, 255, 0]] {
        let message = Message::new(OFFER, 7, ADDRESS, SERVER).option(1, &mask);
        assert_eq!(message.parse(), Err(Malformed::Option(1)), "{mask:?}");
    }
    assert_eq!(Reply::parse(&[2; 239]), Err(Malformed::TooShort));
    assert_eq!(Reply::parse(&[2; 1501]), Err(Malformed::TooLong));
}

#[test]
fn a_name_that_could_say_more_than_a_name_is_left_out() {
    for name in [
        "",
        "a b",
        "a\nnameserver 6.6.6.6",
        "-a",
        "a..b",
        "\u{1b}[2J",
        &"a".repeat(64),
    ] {
        let reply = Message::lease(OFFER, 7, 600)
            .option(12, name.as_bytes())
            .option(15, name.as_bytes())
            .reply();
        assert_eq!((reply.host_name, reply.domain), (None, None), "{name:?}");
    }
}

#[test]
fn an_address_that_no_host_can_have_is_no_lease() {
    for (address, mask) in [
        ([0, 0, 0, 0], [255, 255, 255, 0]),
        ([0, 1, 2, 3], [255, 255, 255, 0]),
        ([127, 0, 0, 5], [255, 0, 0, 0]),
        ([224, 0, 0, 1], [255, 255, 255, 0]),
        ([255, 255, 255, 255], [255, 255, 255, 255]),
        ([10, 0, 2, 0], [255, 255, 255, 0]),
        ([10, 0, 2, 255], [255, 255, 255, 0]),
    ] {
        let reply = Message::new(OFFER, 7, address.into(), SERVER)
            .option(1, &mask)
            .option(51, &600u32.to_be_bytes())
            .reply();
        let refused = Unusable::Address(address.into());
        assert_eq!(Lease::of(&reply), Err(refused));
    }
    for (address, mask) in [
        ([10, 0, 2, 0], [255, 255, 255, 254]),
        ([10, 0, 2, 255], [255, 255, 255, 255]),
    ] {
        let reply = Message::new(OFFER, 7, address.into(), SERVER)
            .option(1, &mask)
            .option(51, &600u32.to_be_bytes())
            .reply();
        assert!(Lease::of(&reply).is_ok(), "{address:?}");
    }
}

#[test]
fn the_times_of_a_lease_are_in_order_whatever_the_server_says() {
    let times = |lease: u32, given: Option<(u32, u32)>| {
        let mut message = Message::lease(ACKNOWLEDGE, 7, lease);
        if let Some((renewal, rebinding)) = given {
            message = message
                .option(58, &renewal.to_be_bytes())
                .option(59, &rebinding.to_be_bytes());
        }
        let times = Lease::of(&message.reply())?.times;
        Ok(times.map(|times| {
            let times = [times.renewal, times.rebinding, times.expiry];
            times.map(|time| time.as_secs())
        }))
    };
    assert_eq!(times(0, None), Err(Unusable::TooShort(0)));
    assert_eq!(times(9, None), Err(Unusable::TooShort(9)));
    assert_eq!(times(u32::MAX, Some((1, 2))), Ok(None));
    assert_eq!(times(800, None), Ok(Some([400, 700, 800])));
    assert_eq!(times(800, Some((5, 9))), Ok(Some([5, 9, 800])));
    for wrong in [(0, 9), (9, 9), (9, 5), (5, 800), (5, u32::MAX)] {
        assert_eq!(
            times(800, Some(wrong)),
            Ok(Some([400, 700, 800])),
            "{wrong:?}"
        );
    }
    let longest = u32::MAX - 1;
    assert!(matches!(times(longest, None), Ok(Some(_))));
    let none = Message::new(OFFER, 7, ADDRESS, SERVER).reply();
    assert_eq!(Lease::of(&none), Err(Unusable::NoTime));
}

#[test]
fn a_network_without_a_mask_has_that_of_its_class() {
    for (address, prefix_length) in [
        ([10, 0, 2, 15], 8),
        ([172, 16, 0, 9], 16),
        ([192, 168, 1, 9], 24),
    ] {
        let reply = Message::new(OFFER, 7, address.into(), SERVER)
            .option(51, &600u32.to_be_bytes())
            .reply();
        assert_eq!(Lease::of(&reply).unwrap().prefix_length, prefix_length);
    }
}

#[test]
fn requests_have_the_documented_bytes() {
    let request = Request {
        kind: RequestKind::Take {
            address: ADDRESS,
            server: SERVER,
        },
        transaction: 0x0102_0304,
        hardware: HARDWARE,
        host_name: Some("gw".to_owned()),
        secs: 9,
    };
    let bytes = request.encode();
    assert_eq!(bytes.len(), 300);
    assert_eq!(bytes[..12], [1, 1, 6, 0, 1, 2, 3, 4, 0, 9, 0x80, 0]);
    assert!(bytes[12..28].iter().all(|byte| *byte == 0));
    assert_eq!(bytes[28..34], HARDWARE.0);
    assert_eq!(bytes[236..240], [99, 130, 83, 99]);
    let options = [
        &[53, 1, 3, 61, 7, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56][..],
        &[50, 4, 10, 0, 2, 15, 54, 4, 10, 0, 2, 2, 57, 2, 5, 0xc0],
        &[
            55, 10, 1, 121, 3, 6, 12, 15, 42, 51, 58, 59, 12, 2, b'g', b'w', 255,
        ],
    ]
    .concat();
    assert_eq!(bytes[240..240 + options.len()], options);
    assert!(bytes[240 + options.len()..].iter().all(|byte| *byte == 0));
    assert_eq!(request.destination(), Ipv4Addr::BROADCAST);
}

#[test]
fn a_renewal_names_the_client_in_the_head_and_goes_to_the_server() {
    let request = Request {
        kind: RequestKind::Renew {
            address: ADDRESS,
            server: SERVER,
        },
        transaction: 1,
        hardware: HARDWARE,
        host_name: None,
        secs: 0,
    };
    let bytes = request.encode();
    assert_eq!(bytes[10..16], [0, 0, 10, 0, 2, 15]);
    assert!(!bytes[240..].windows(2).any(|pair| pair == [54, 4]));
    assert_eq!(request.destination(), SERVER);
}
