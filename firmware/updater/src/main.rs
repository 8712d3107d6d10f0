//! `snappyd`: the daemon of a device. PID 1 starts it as a service of the image.

use confinement::SnapUsers;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use updater::api::{Api, Peer};
use updater::changes::{self, Changes, Watched};
use updater::device::Device;
use updater::snaps::{SnapDesk, SnapListing, SnapParts};
use updater::socket::{self, Patience, Socket};
use updater::wishes::Wishes;
use updater::{Engine, Places, ThisMachine};

fn main() {
    let changes = Arc::new(Changes::open(changes::PATH.into()));
    let machine = Watched::new(ThisMachine, Arc::clone(&changes));
    let engine = Arc::new(Engine::new(machine, Places::default()));
    let device = Arc::clone(&engine) as Arc<dyn Device>;
    let listing = Arc::clone(&engine) as Arc<dyn SnapListing>;
    let snaps = SnapDesk::open(SnapParts::default(), Arc::clone(&changes), listing);
    let wishes = Wishes::new(Arc::clone(&engine), snaps.clone());
    thread::spawn(move || wishes.run());
    snaps.look_after_snaps();
    let api = Api::new(device, changes, Peer::ROOT).with_snaps(snaps.clone());
    let users = SnapUsers::new(snap_run::Device::at("/").users());
    listen(socket::OF_SNAPS, api.clone().for_snaps(users));
    listen(socket::PATH, api);
    engine.run(&snaps)
}

/// Without it nobody can ask, and the device still updates itself.
fn listen(path: &'static str, api: Api) {
    match Socket::bind(Path::new(path)) {
        Ok(socket) => {
            thread::spawn(move || socket.serve(&api, Patience::OF_A_DAEMON));
        }
        Err(error) => eprintln!("cannot listen at {path}: {error}"),
    }
}
