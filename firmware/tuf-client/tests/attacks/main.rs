//! Plays every folder below this one with the library; `README.md` says what is in them.

mod case;
mod device;
mod every_bit;
mod every_folder;
mod server;
