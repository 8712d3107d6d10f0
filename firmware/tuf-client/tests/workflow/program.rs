//! The program, as outside tools call it.

use crate::repository::Repository;
use crate::server::{reply, serve};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::Receiver;
use tuf_client::UtcTime;

struct Program<'a> {
    directory: &'a Path,
    address: String,
    asked: Receiver<String>,
}

impl Program<'_> {
    /// Its exit status, and what it said; the arguments are split at spaces.
    fn run(&self, arguments: &str) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_tuf-client"))
            .current_dir(self.directory)
            .args(["--metadata-dir", "trusted"])
            .args(arguments.replace("ADDRESS", &self.address).split(' '))
            .output()
            .expect("it runs");
        (
            status.code(),
            String::from_utf8(stderr).expect("it is text"),
        )
    }

    fn asked(&self) -> Vec<String> {
        let path = |request: String| request.split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.try_iter().map(path).collect()
    }
}

/// Today's, for the program goes by the machine's clock.
fn repository() -> Repository {
    let mut repository = Repository::new();
    let expires = UtcTime(UtcTime::of_this_machine().0 + 3600);
    repository.root.expires = expires;
    repository.timestamp.expires = expires;
    repository.snapshot.expires = expires;
    repository.targets.expires = expires;
    repository.add_target("first", b"1");
    repository.add_target("snaps/second", b"2");
    repository.publish_root();
    repository.publish();
    repository
}

const SUCCESS: Option<i32> = Some(0);
const FAILURE: Option<i32> = Some(1);

#[test]
fn it_does_what_it_was_told_and_says_what_it_could_not() {
    let repository = repository();
    let files = repository.files.clone();
    let (address, asked) =
        serve(
            move |path, _, stream| match files.get(path.trim_start_matches('/')) {
                Some(bytes) => reply(stream, "200 OK", "", bytes),
                None => reply(stream, "404 Not Found", "", b""),
            },
        );
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::write(&root, repository.file("1.root.json")).expect("it is written");
    let program = Program {
        directory: directory.path(),
        address: format!("http://{address}"),
        asked,
    };
    let refresh = "--metadata-url ADDRESS/metadata refresh";

    let (status, said) = program.run(refresh);
    assert_eq!(status, FAILURE);
    assert!(said.contains("no root is kept; initialise again"), "{said}");
    assert_eq!(program.run("init root"), (SUCCESS, String::new()));
    assert!(program.asked().is_empty(), "so far nobody was asked");

    assert_eq!(program.run(refresh), (SUCCESS, String::new()));
    let kept = fs::read_dir(directory.path().join("trusted")).expect("it is there");
    let mut kept: Vec<_> = kept.map(|file| file.expect("a file").file_name()).collect();
    kept.sort();
    assert_eq!(
        kept,
        [
            "root.json",
            "snapshot.json",
            "targets.json",
            "timestamp.json"
        ]
    );

    let from =
        "--metadata-url ADDRESS/metadata/ --target-base-url ADDRESS/targets --target-dir out";
    let names = "--target-name first --target-name none --target-name snaps/second";
    let (status, said) = program.run(&format!("{from} {names} download"));
    assert_eq!(status, FAILURE);
    assert!(said.contains(r#"cannot fetch target "none""#), "{said}");
    let out = directory.path().join("out");
    assert_eq!(fs::read(out.join("first")).expect("it is there"), b"1");
    assert!(
        !out.join("snaps%2Fsecond").exists(),
        "it stops at the first failure"
    );

    program.asked();
    let names = "--target-name first --target-name snaps/second";
    assert_eq!(
        program.run(&format!("{from} {names} download")),
        (SUCCESS, String::new())
    );
    assert_eq!(
        fs::read(out.join("snaps%2Fsecond")).expect("it is there"),
        b"2"
    );
    let asked = program.asked();
    assert!(asked.iter().any(|path| path.ends_with(".second")));
    assert!(
        !asked.iter().any(|path| path.ends_with(".first")),
        "it is intact"
    );
}
