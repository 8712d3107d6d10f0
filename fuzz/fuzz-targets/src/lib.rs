//! What the fuzzer feeds: one target for each parser of bytes that nobody vouches for.
//!
//! A target takes any bytes and panics when something does not hold that must hold for all
//! of them. What that is stands at the top of its file. `cargo xtask fuzz` looks for such
//! bytes; the tests of this crate feed the committed seeds of `fuzz/corpus`, cut off at
//! every length and with every bit flipped, without a fuzzer.
//!
//! Behind a checksum or signature a fuzzer finds nothing. So targets frame and sign what
//! they are given, with keys that no device trusts. Bytes that are random from end to end
//! are tried, too.
#![forbid(unsafe_code)]

mod boot_state;
mod delegation;
mod envelope;
mod failed_release;
mod flight_entry;
mod floors;
mod framed;
mod gpt;
mod handover;
#[path = "../../../firmware/init/src/command_line.rs"]
#[expect(
    dead_code,
    reason = "PID 1 is a program, not a library: this is its parser, and more"
)]
mod init_command_line;
mod kernel_image;
mod keyring;
mod manifest;
mod signatures;
mod signer;
mod sparse_disk;

/// One parser, and what must hold for whatever it is given.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What is parsed; the name of its file and of its directory in `fuzz/corpus`.
    pub name: &'static str,
    /// In a few words, for people.
    pub about: &'static str,
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
    /// What the fuzzer begins with: mostly input that is accepted.
    pub seeds: fn() -> Vec<Seed>,
}

/// A name of a file and what is in it.
pub type Seed = (&'static str, Vec<u8>);

/// All, in the order in which a boot meets them.
pub const ALL: &[Target] = &[
    gpt::TARGET,
    boot_state::TARGET,
    floors::TARGET,
    flight_entry::TARGET,
    failed_release::TARGET,
    keyring::TARGET,
    envelope::TARGET,
    signatures::TARGET,
    delegation::TARGET,
    manifest::TARGET,
    kernel_image::TARGET,
    handover::TARGET,
];

/// The target of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}
