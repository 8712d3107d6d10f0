//! `sudo` without a setuid file.
//!
//! The client `sudo` runs as whoever typed it and can do nothing that they cannot. It hands
//! what a command needs to the service `sudod`, over a socket: its standard input, output and
//! error, its directory, the arguments and the environment. The service asks the kernel who
//! is at the other end (`SO_PEERCRED`), looks the user up in the [`accounts`], and says no, or
//! starts the command with those descriptors; then it passes signals on, and how the command
//! ended back.
//!
//! Where all three are a terminal, the client makes a terminal of its own for the command and
//! stands between the two, so that the command has job control and Ctrl-C reaches it and
//! nobody else.
//!
//! [`request`] and [`answer`] are the two messages, [`descriptors`] how files go along.

pub mod answer;
pub mod client;
pub mod descriptors;
pub mod environment;
pub mod request;
pub mod server;

/// Where the service listens.
pub const SOCKET: &str = "/run/twinkeel/sudo.socket";
