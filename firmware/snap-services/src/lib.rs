//! The services of snaps, supervised.
pub mod calendar;
pub mod service;
