//! Placeholder.

pub mod signing;
