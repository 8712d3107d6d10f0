//! `snappyd`: the daemon of a device. PID 1 starts it as a service of the image.

use updater::{Engine, Places, ThisMachine};

fn main() {
    Engine::new(ThisMachine, Places::default()).run()
}
