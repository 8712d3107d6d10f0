//! The workflow against a repository in memory: what is accepted, what is refused and why,
//! and that an honest refresh works after each refusal.

mod delegations;
mod device;
mod downloads;
mod freshness;
#[cfg(feature = "http")]
mod http;
mod polls;
mod recovery;
mod repository;
mod roots;
mod shapes;
mod state;
mod thresholds;
