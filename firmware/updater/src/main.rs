//! `snappyd`: the daemon of a device.

fn main() {}
