//! The idle poll: one conditional request.

use crate::device::Device;
use crate::repository::{FUTURE, Repository, version};
use tuf_client::{Poll, UtcTime, Validator};

fn validator(device: &Device, repository: &Repository) -> Validator {
    let mut client = device.client(repository);
    client.refresh().expect("it is honest");
    repository.asked();
    client
        .validator()
        .cloned()
        .expect("the repository gives one")
}

#[test]
fn an_idle_poll_is_one_request() {
    let mut repository = Repository::new();
    repository.add_target("x", b"x");
    repository.publish();
    let device = Device::new(&repository);
    let validator = validator(&device, &repository);
    let mut client = device.client(&repository);
    assert_eq!(
        client.poll(&validator).expect("it is honest"),
        Poll::Unchanged
    );
    assert_eq!(repository.asked(), ["timestamp.json"]);
    assert_eq!(client.validator(), Some(&validator));
    assert!(client.target_info("x").expect("it is trusted").is_some());
    assert!(
        repository.asked().is_empty(),
        "and then everything is known"
    );
}

#[test]
fn a_poll_refreshes_when_something_is_new() {
    let mut repository = Repository::new();
    let device = Device::new(&repository);
    let validator = validator(&device, &repository);
    repository.next_root(|_| {});
    repository.release();
    assert_eq!(
        device.client(&repository).poll(&validator).expect("honest"),
        Poll::Refreshed
    );
    assert_eq!(
        (device.version("root"), device.version("targets")),
        (Some(2), Some(2))
    );
}

#[test]
fn nobody_is_idle_with_files_that_do_not_count() {
    let mut repository = Repository::new();
    let mut device = Device::new(&repository);
    let validator = validator(&device, &repository);
    for role in ["timestamp", "snapshot", "targets"] {
        device.memory.files.borrow_mut().remove(role);
        assert_eq!(
            device.client(&repository).poll(&validator).expect("honest"),
            Poll::Refreshed
        );
    }
    // Nobody freezes a device by saying that nothing is new.
    device.now = UtcTime(FUTURE.0 - 5);
    repository.timestamp.expires = UtcTime(FUTURE.0 - 9);
    repository.timestamp.version = version(2);
    repository.publish_timestamp();
    let honest_clock = Device::refreshed(&repository);
    device.memory.files.replace(honest_clock.kept());
    assert!(device.client(&repository).poll(&validator).is_err());
}
