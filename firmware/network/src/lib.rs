//! What the program `network` decides: how to get a lease and how long it lasts, what the
//! kernel is told, and which time to believe.
//!
//! Everything here takes bytes, events and the time, and returns what to do. Sockets, files
//! and the clock are the program's. `snappy network` reads the reports.
#![forbid(unsafe_code)]

pub mod configuration;
pub mod dhcp;
pub mod netlink;
pub mod report;
pub mod sntp;
pub mod trial;
