//! Makes partitioned, signed, reproducible disk images.
//!
//! Used on the host, by `cargo xtask` and the VM harness. From a [`Board`](boards::Board)
//! and an [`ImageRequest`] it builds the loader and the userland with cargo, fetches the
//! kernel and a few static programs from Debian, makes initrd, root and hash tree, signs
//! the manifest and lays everything out on a disk. It never changes this machine's
//! configuration, and nothing of this machine reaches the image: no path, time, name,
//! owner, mode or random number.
//!
//! # The slot
//!
//! | at | what |
//! |---|---|
//! | 0 | envelope, 64 KiB ([`image_format::envelope`]) |
//! | 1 MiB | kernel, as Debian signed it |
//! | next 1 MiB | initrd: zstd newc archive with PID 1 and the modules that lead to the root |
//! | next 1 MiB | root: erofs without compression, written by ourselves |
//! | behind it | hash tree: dm-verity, SHA-256, 4096-byte blocks, no superblock |
//!
//! The `rescue` partition has the same form without root and hash tree; its initrd also has
//! a shell and `snappy`.
//!
//! All files in initrd and root belong to root and were changed at the beginning of 1980.

mod authorities;
mod build;
mod build_time;
mod busybox;
mod cache;
mod chunk_file;
mod debian;
mod device_build;
mod disk_image;
mod erofs;
mod error;
mod esp;
mod example_snaps;
mod firmware;
mod formats;
mod host_tool;
mod identity;
mod initrd;
mod login;
mod modules;
mod output;
mod packed;
mod partitions;
mod pe32;
mod prep;
mod progress;
mod ready_parts;
mod replaced_paths;
mod report;
mod request;
mod rescue;
mod root;
pub mod secure_boot;
mod short_table;
pub mod signing;
mod sizes;
mod store_trust;
mod sums;
mod system_boot;
mod system_image;
mod tree;
mod verity;
mod workspace;
mod writable;
mod writable_files;

pub use build::{build_image, build_system_image};
pub use build_time::{BuildTime, find_build_time};
pub use chunk_file::{chunk_file_of, make_chunk_file, write_chunk_file};
pub use debian::{Distribution, Locking, Suites, fetch_distribution, fetch_package, sources_list};
pub use device_build::{build_device_program, build_firmware_program, build_loader, loader_flags};
pub use error::ImageError;
pub use example_snaps::build_example_snaps;
pub use firmware::{FirmwareFile, fetch_firmware_files};
pub use formats::Format;
pub use identity::partition_guid;
pub use packed::Packer;
pub use partitions::{DiskLayout, Place};
pub use progress::{Printed, Progress, Silent};
pub use ready_parts::{ReadyParts, pack_system_image};
pub use report::{Component, ImageReport};
pub use request::{ImageRequest, Patience, RescueSources};
pub use sizes::{Size, Sizes};
pub use store_trust::{StoreTrust, StoreTrustError};
pub use sums::{Sums, write_sums};
pub use system_image::{ManifestFields, SystemImage, write_envelope};
pub use workspace::Workspace;
pub use writable_files::{WritableFile, add_files};
