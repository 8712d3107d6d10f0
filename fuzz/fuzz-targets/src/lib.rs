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
mod chunk_file;
mod cloud_config;
mod command_line;
mod delegation;
mod device_path;
mod dhcp_reply;
mod envelope;
mod failed_release;
mod flight_entry;
mod floors;
mod framed;
mod gpt;
mod handover;
mod http_request;
mod init;
mod kernel_elf;
mod kernel_image;
mod keyring;
mod manifest;
mod panic_dump;
mod patch;
mod piece_list;
mod signatures;
mod signer;
mod snap_configuration;
mod snap_timer;
mod snap_yaml;
mod sparse_disk;
mod squashfs;
mod sudo_request;
mod tuf_json;
mod tuf_metadata;
mod uevent;

/// One parser, and what must hold for whatever it is given.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What is parsed; the name of its file and of its directory in `fuzz/corpus`.
    pub name: &'static str,
    /// In a few words, for people.
    pub about: &'static str,
    /// The longest input worth trying: what is parsed has a longest form, and a little more
    /// shows what comes behind it.
    pub max_bytes: usize,
    /// Panics when something does not hold.
    pub run: fn(&[u8]) -> Answer,
    /// What the fuzzer begins with: input that is accepted, or that is refused for a
    /// reason deep inside and has a name that begins with `refused-`.
    pub seeds: fn() -> Vec<Seed>,
}

/// More than any record of ours has.
const DEFAULT_BYTES: usize = 4096;

/// What the parser said, so that a test can tell seeds that still lead somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The input was taken, in at least one of the ways to give it.
    Accepted,
    /// It was refused in every way.
    Refused,
}

impl Answer {
    /// Of input that is given in two ways.
    fn or(self, other: Self) -> Self {
        match self {
            Self::Accepted => Self::Accepted,
            Self::Refused => other,
        }
    }
}

/// A name of a file and what is in it.
pub type Seed = (&'static str, Vec<u8>);

/// All, in the order in which a boot meets them.
pub const ALL: &[Target] = &[
    device_path::TARGET,
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
    kernel_elf::TARGET,
    command_line::TARGET,
    handover::TARGET,
    uevent::TARGET,
    panic_dump::TARGET,
    tuf_json::TARGET,
    tuf_metadata::TARGET,
    dhcp_reply::TARGET,
    chunk_file::TARGET,
    piece_list::TARGET,
    squashfs::TARGET,
    snap_yaml::TARGET,
    snap_timer::TARGET,
    snap_configuration::TARGET,
    cloud_config::TARGET,
    patch::TARGET,
    http_request::TARGET,
    sudo_request::TARGET,
];

/// The target of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}
