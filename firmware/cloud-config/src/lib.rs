//! What an owner's cloud-config asks of a device, where it comes from, and doing it.
//!
//! A [`container`] holds documents, a [`CloudConfig`] is what one asks for. Bytes come from
//! whoever could write to a disk or answers for a cloud: everything has a bound, and what
//! cannot be used becomes a [`Complaint`] with line and key, never an end of the boot.
#![forbid(unsafe_code)]

pub mod apply;
mod beneath;
mod complaint;
pub mod container;
mod document;
pub mod instance;
pub mod machine;
mod meta_data;
pub mod network_config;
mod place;
pub mod report;
pub mod source;
pub mod words;

pub use complaint::{Complaint, Reason};
pub use document::{CloudConfig, Command, FileToWrite, Login, LoginName, Password, Placing, User};
pub use meta_data::MetaData;
