//! Changes that are cut short at every call that they make: by an exit, a panic, a reboot, a
//! full disk, a disk that fails. Whatever happens, the device ends with what it had before,
//! or with all of what was asked.

mod configured;
mod device;
mod faulty;
mod frameworks;
mod grants;
mod line;
mod repair;
mod reset;
mod snap_files;
mod stories;
mod sweep;
mod told;
