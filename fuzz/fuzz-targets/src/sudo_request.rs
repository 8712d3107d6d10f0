//! What a client asks `sudod` to run: any bytes.
//!
//! A request has one form: what is understood is written as it was read. It names a program,
//! and nothing in it has a NUL, which would end a word early in `execve`.

use crate::{Answer, Seed, Target};
use std::os::unix::ffi::OsStrExt;
use sudo::request::{BadRequest, Request, Start, Terminal};

pub(crate) const TARGET: Target = Target {
    name: "sudo_request",
    about: "a command that somebody wants to be run as root",
    max_bytes: 4096,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let request = match Request::parse(input) {
        Ok(request) => request,
        Err(BadRequest) => return Answer::Refused,
    };
    assert_eq!(request.to_bytes(), input);
    assert!(!request.command.is_empty());
    let pairs = request
        .environment
        .iter()
        .flat_map(|(name, value)| [name, value]);
    for word in request.command.iter().chain(pairs) {
        assert!(!word.as_bytes().contains(&0));
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    let request = Request {
        user: "root".to_owned(),
        start: Start::Here,
        terminal: Terminal::Borrowed,
        command: ["snappy", "update"].map(Into::into).to_vec(),
        environment: vec![("TERM".into(), "vt220".into())],
    };
    let nothing = Request {
        command: Vec::new(),
        ..request.clone()
    };
    let shell = Request {
        user: "ubuntu".to_owned(),
        start: Start::AtHome,
        terminal: Terminal::Own,
        command: vec!["/bin/sh".into()],
        environment: Vec::new(),
    };
    vec![
        ("update", request.to_bytes()),
        ("shell", shell.to_bytes()),
        ("refused-nothing-to-run", nothing.to_bytes()),
    ]
}
