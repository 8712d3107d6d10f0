//! A store among others: a real web server, python-tuf and tough. Its tests say that they
//! understand each other, `cargo xtask bench store` what each of them costs.
//!
//! Nothing here is part of the product, or of what a publisher runs.

mod benchmark;
mod certificate;
mod clients;
mod load;
mod nginx;
mod python_tuf;
mod sample;
mod wire;

pub use benchmark::{Programs, StoreReport, measure};
pub use certificate::Certificate;
pub use load::LoadReport;
pub use nginx::Nginx;
pub use python_tuf::PythonTuf;
pub use wire::{Traffic, Wire};
