//! Which release is current: the client of The Update Framework (TUF), specification 1.0.
//!
//! A repository is a directory of static files that anyone may copy and anyone may serve.
//! What a client believes is decided by signatures: of keys that can be replaced when they
//! are stolen, under versions that only count up, until a moment that the signer chose. This
//! is the workflow, by the sections of the specification:
//!
//! 1. **A fixed moment** (5.1). The caller of [`Client::new`] gives the time, and all
//!    expiry is held against it. A device gives its [`watermark`], for a clock may be dead.
//! 2. **The trusted root** (5.2) comes out of the [`MetadataStore`]. [`initialise`] put it
//!    there, and nothing but a root that it agrees to ever replaces it.
//! 3. **The chain of roots** (5.3). [`Client::refresh`] asks for version N+1 until there is
//!    none. Each must have exactly that version and be signed by enough keys of the root
//!    before it and of itself; each is kept as soon as it is verified, so that a device that
//!    is many years behind may be switched off underway. Only the last one's expiry counts.
//!    If a key of timestamp or snapshot was withdrawn, what is kept of the two is dropped:
//!    so a repository recovers whose thief signed the highest version there is.
//! 4. **The timestamp** (5.4) is the only file that changes under its name. It is small and
//!    soon expires, so nobody can freeze a device for long. Neither its version nor that of
//!    the snapshot it names may go back. [`Client::poll`] asks for it conditionally.
//! 5. **The snapshot** (5.5) has the version, and the length and the hash if they are
//!    told, that the timestamp says. No role that it lists goes back or disappears: nobody
//!    can mix files of two days.
//! 6. **Targets** (5.6). The same for `targets.json`, and for the roles that it delegates
//!    names to: they are searched before their siblings, in their order, up to a
//!    terminating one, each once, and not more than [`Limits::roles`].
//! 7. **The target** (5.7) is read piece by piece; its length and hash decide. It takes the
//!    place of an older one when it is whole.
//!
//! What makes it hold:
//!
//! - A threshold counts distinct *keys*: not signatures, and not key ids.
//! - A document has one reading: [`json`] refuses the rest before anyone believes anything.
//! - Types: only `verify` makes a [`Verified`], and [`Trusted`] decides without I/O.
//! - Nothing that was refused is kept. What is kept and does not verify any more is fetched
//!   again; only without a root there is no way on.
//! - Unknown members are covered by signatures and decide nothing. Keys of unknown schemes
//!   verify nothing and do no harm.
//!
//! ```
//! use tuf_client::{Client, DirectoryStore, Error, Fetch, UtcTime};
//!
//! /// Whether the store has something of that name.
//! fn look(fetch: impl Fetch, watermark: UtcTime, name: &str) -> Result<bool, Error> {
//!     let store = DirectoryStore::new("/writable/store");
//!     let mut client = Client::new(store, fetch, watermark)?;
//!     client.refresh()?;
//!     Ok(client.target_info(name)?.is_some())
//! }
//! ```
//!
//! Without its features the crate has ed25519 and no network: a device brings its own
//! [`Fetch`]. `ecdsa-rsa` adds the schemes of other makers, `http` a client for the tool.
//!
//! The judge from outside is [tuf-conformance](https://github.com/theupdateframework/tuf-conformance),
//! in a checkout of which `pytest tuf_conformance --entrypoint .../tuf-client` runs all of it.

mod client;
mod delegations;
mod error;
mod fetch;
mod hex;
#[cfg(feature = "http")]
mod http;
pub mod json;
pub mod keys;
mod limits;
pub mod metadata;
mod names;
mod pattern;
mod store;
mod target;
mod time;
mod trusted;
mod verify;
mod watermark;

pub use client::{Client, Poll, initialise};
pub use error::{Error, Rule, TargetRule};
pub use fetch::{Fetch, FetchError, Place, Reply, Request, Validator};
#[cfg(feature = "http")]
pub use http::HttpRepository;
pub use limits::Limits;
pub use names::encode_component;
pub use store::{DirectoryStore, MetadataStore};
pub use target::TargetFile;
pub use time::{NoUtcTime, UtcTime};
pub use trusted::{Offer, OnlineKeys, Trusted};
pub use verify::Verified;
pub use watermark::{ISSUED, issued, watermark};
