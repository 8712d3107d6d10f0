//! What is refused for the sake of a framework, and in which order things stop and start.

use crate::device::{Ask, Device};
use crate::stories::{
    NONE, broker, install_broker, install_hub, install_web, needed, new_snap, refresh_broker,
    revert_broker,
};
use snap_format::SnapName;
use snap_store::{Asked, Data, NewSnap, Silent, Snaps, StoreError};

fn name(name: &str) -> SnapName {
    name.parse().unwrap()
}

fn refused(device: &Device, ask: Ask<'_>) -> StoreError {
    let before = device.content();
    let told = device.try_(ask).unwrap_err();
    assert_eq!(device.content().tree, before.tree, "{told}");
    assert_eq!(device.content().running, before.running, "{told}");
    told
}

fn take(new: NewSnap, asked: Asked) -> impl Fn(&Device, &mut Snaps<'_>) -> Taken {
    move |_, snaps| snaps.take(&new, asked, &NONE, &mut Silent)
}

type Taken = Result<snap_store::Outcome, StoreError>;

#[test]
fn what_needs_a_framework_waits_for_it() {
    let device = Device::new();
    // The file says so, once it is here.
    let told = refused(&device, &install_web).to_string();
    assert_eq!(
        told,
        "cannot use snap \"web\": it needs the framework \"broker\", which is not installed; \
         'snappy install broker' installs it"
    );
    assert!(*device.fetched_bytes.lock().unwrap() > 0);
    *device.fetched_bytes.lock().unwrap() = 0;
    // Where the store says so, nothing is fetched.
    let mut web = new_snap(name("web"), "201");
    web.frameworks = [broker()].into();
    let told = refused(&device, &take(web, Asked::Install));
    assert!(
        matches!(told, StoreError::FrameworkMissing { .. }),
        "{told}"
    );
    assert_eq!(*device.fetched_bytes.lock().unwrap(), 0);
    // Nor is a file taken that somebody brought.
    let file = |device: &Device, snaps: &mut Snaps<'_>| {
        snaps.take_file(&device.bring("201"), &NONE, &mut Silent)
    };
    let told = refused(&device, &file);
    assert!(
        matches!(told, StoreError::FrameworkMissing { .. }),
        "{told}"
    );
    device.must(&install_broker);
    device.must(&install_web);
}

#[test]
fn a_snap_that_is_no_framework_is_none() {
    let device = Device::new();
    device.must(&take(new_snap(broker(), "103"), Asked::Install));
    let told = refused(&device, &install_web).to_string();
    assert!(
        told.contains("the snap of that name here is none"),
        "{told}"
    );
}

#[test]
fn a_slot_that_is_not_offered_is_named() {
    let device = Device::new();
    device.must(&take(new_snap(broker(), "102"), Asked::Install));
    let told = refused(&device, &take(new_snap(name("web"), "202"), Asked::Install));
    assert_eq!(
        told.to_string(),
        "cannot use snap \"web\": it needs the slot \"old\", which the framework \"broker\" does \
         not offer here; 'snappy update broker' takes a newer one"
    );
}

#[test]
fn what_is_needed_stays() {
    let device = Device::new();
    needed(&device);
    for data in [Data::Keep, Data::Purge] {
        let remove = |_: &Device, snaps: &mut Snaps<'_>| snaps.remove(&broker(), data, &mut Silent);
        let told = refused(&device, &remove);
        assert_eq!(
            told.to_string(),
            "cannot remove \"broker\": needed by web; remove what needs it first"
        );
        assert!(matches!(told, StoreError::FrameworkNeeded { by, .. } if by == [name("web")]));
    }
    // Web needs another slot now, which the next revision does not have.
    device.must(&take(new_snap(name("web"), "202"), Asked::Refresh));
    let told = refused(&device, &refresh_broker).to_string();
    assert_eq!(
        told,
        "cannot use this revision of \"broker\": it does not offer the slot \"old\", which \"web\" \
         needs; 'snappy remove web' gives it up"
    );
    let told = refused(&device, &take(new_snap(broker(), "103"), Asked::Refresh)).to_string();
    assert!(
        told.contains("it is no framework, and \"web\" needs it"),
        "{told}"
    );
    let told = refused(&device, &take(new_snap(broker(), "104"), Asked::Refresh)).to_string();
    assert!(
        told.contains("which needs \"broker\"; one of the two"),
        "{told}"
    );
}

#[test]
fn going_back_is_refused_as_going_on_is() {
    let device = Device::new();
    needed(&device);
    device.must(&refresh_broker);
    // Back to the slot that the other revision had.
    device.must(&revert_broker);
    device.must(&take(new_snap(name("web"), "202"), Asked::Refresh));
    let told = refused(&device, &take(new_snap(broker(), "102"), Asked::Refresh));
    assert!(told.to_string().contains("the slot \"old\""), "{told}");
    // An app goes back to what is there no more.
    let device = Device::new();
    device.must(&install_broker);
    device.must(&take(new_snap(name("web"), "202"), Asked::Install));
    device.must(&take(new_snap(name("web"), "201"), Asked::Refresh));
    device.must(&refresh_broker);
    let back = |_: &Device, snaps: &mut Snaps<'_>| snaps.revert(&name("web"), &mut Silent);
    let told = refused(&device, &back);
    assert!(told.to_string().contains("the slot \"old\""), "{told}");
}

#[test]
fn a_framework_starts_first_and_stops_last() {
    let device = Device::new();
    needed(&device);
    device.must(&install_hub);
    let order = || device.order.lock().unwrap().split_off(0).join(" ");
    order();
    device.must(&refresh_broker);
    // The daemon's start has all of them run on, and then the framework's change comes.
    assert_eq!(
        order(),
        "+broker +web +hub -hub -web -broker +broker +web +hub"
    );
    *device.disliked.lock().unwrap() = Some("101".parse().unwrap());
    device.try_(&revert_broker).unwrap_err();
    assert_eq!(
        order(),
        "+broker +web +hub -hub -web -broker +broker -hub -web -broker +broker +web +hub"
    );
    device.reboot();
    device.start();
    assert_eq!(order(), "+broker +web +hub");
}

/// Whoever does not start with the old revision either must not block all other changes.
#[test]
fn who_never_starts_keeps_no_change_from_its_end() {
    let device = Device::new();
    device.must(&install_broker);
    device.must(&install_web);
    *device.disliked.lock().unwrap() = Some("101".parse().unwrap());
    *device.unhealthy.lock().unwrap() = Some("102".into());
    let told = device.try_(&refresh_broker).unwrap_err();
    assert!(matches!(told, StoreError::Unfinished(_)), "{told}");
    let remove =
        |_: &Device, snaps: &mut Snaps<'_>| snaps.remove(&name("web"), Data::Keep, &mut Silent);
    device.must(&remove);
    *device.disliked.lock().unwrap() = None;
    device.must(&install_hub_of_nothing);
}

fn install_hub_of_nothing(device: &Device, snaps: &mut Snaps<'_>) -> Taken {
    let told = install_hub(device, snaps).unwrap_err();
    assert!(told.to_string().contains("the framework \"web\""), "{told}");
    install_web(device, snaps)
}
