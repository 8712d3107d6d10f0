//! The programs of the example snaps, and what they share: a web server with one page.
//!
//! Each directory of `snaps/` becomes a snap by `cargo xtask snap`; a program that its
//! `snap.yaml` names and that does not lie there is a program of this crate. They run
//! confined, as any snap's do, and have nothing of the rest of this repository.
#![forbid(unsafe_code)]

pub mod web;
