//! The workflow against a repository in memory: what is accepted, what is refused and why,
//! and that an honest refresh works after each refusal.

mod delegations;
mod device;
mod downloads;
mod freshness;
#[cfg(feature = "http")]
mod http;
mod polls;
#[cfg(feature = "http")]
mod program;
mod recovery;
mod repository;
mod roots;
#[cfg(feature = "http")]
mod server;
mod shapes;
mod state;
mod thresholds;
mod years;
