//! Servers that fail are not asked all the time.

use crate::device::{Device, HOUR, Reboot};
use crate::maker::Maker;
use crate::server::BadServer;

const INTERVAL: u64 = 4 * 3600;

fn requests_of_two_days(answer: &'static str) -> u32 {
    let maker = Maker::new();
    let server = BadServer::that_answers(answer);
    let settings = format!(
        "store = ['{}']\npoll-interval-secs = {INTERVAL}\n",
        server.address()
    );
    let device = Device::new(&maker, &settings);
    assert_eq!(device.turn_for(48 * HOUR), Reboot::NotAsked);
    assert_eq!(device.told(), "the last poll failed");
    server.asked()
}

/// A refresh asks for the next root first: for each of them it is a request more.
const PER_POLL: std::ops::RangeInclusive<u32> = 11..=28;

#[test]
fn a_no_is_a_no_until_the_next_regular_poll() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let asked = requests_of_two_days(answer);
        assert!(PER_POLL.contains(&asked), "{asked} requests for {answer:?}");
    }
}

#[test]
fn a_server_that_is_ill_is_asked_less_and_less() {
    for answer in [
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        // It hangs up, in the middle or at once.
        "HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{",
        "",
        "it speaks no HTTP",
    ] {
        let asked = requests_of_two_days(answer);
        // Eight within the first four hours, and then at the regular polls.
        assert!(
            (15..=24).contains(&asked),
            "{asked} requests for {answer:?}"
        );
    }
}

#[test]
fn a_server_says_when_it_wants_to_be_asked_again() {
    let asked = requests_of_two_days(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 43200\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(asked, 4);
}

#[test]
fn a_mirror_answers_where_the_first_address_does_not() {
    let maker = Maker::new();
    maker.publish(2);
    let bad = BadServer::that_answers("");
    let server = maker.serve();
    let settings = format!(
        "store = ['{}', '{}']\nreboot = 'now'\n",
        bad.address(),
        server.address()
    );
    let device = Device::new(&maker, &settings);
    assert_eq!(device.turn_for(HOUR), Reboot::Asked);
    assert_eq!(bad.asked(), 1);
}
