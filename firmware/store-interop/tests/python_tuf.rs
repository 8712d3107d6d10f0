//! python-tuf, the reference implementation, reads what we publish, and we read what it
//! signs.

#[path = "../../store-builder/tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::time::Instant;
use store_builder::{RealFiles, Rotation};
use store_interop::{Nginx, PythonTuf};
use support::{BOARD, Maker};
use tempfile::TempDir;
use tuf_client::metadata::RoleName;
use tuf_client::{Client, HttpRepository, UtcTime};

const FIRST: &str = "system/x86_64-uefi/twinkeel-1.update";

fn python() -> PythonTuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    match PythonTuf::prepare(target.expect("the target directory")) {
        Ok(python) => python,
        Err(error) => panic!("{error:#}"),
    }
}

#[test]
fn python_tuf_reads_what_we_publish() {
    let begin = Instant::now();
    let maker = Maker::at(UtcTime::of_this_machine());
    maker.add(1).expect("added");
    let nginx = Nginx::serve(&maker.layout().public()).expect("nginx");
    let state = TempDir::new().expect("a directory");
    let first_root = maker.layout().metadata().join("1.root.json");
    fs::copy(first_root, state.path().join("first-root.json")).expect("the first root");
    let python = python();
    let read = || {
        let address = format!("http://{}", nginx.address());
        let state = state.path().to_str().expect("a path");
        let told = python
            .run("read.py", &[&address, state, FIRST])
            .expect("python-tuf");
        serde_json::from_str::<serde_json::Value>(&told).expect("JSON")
    };
    let told = read();
    let path = told["path"].as_str().expect("a path");
    assert_eq!(
        fs::read(path).expect("the target"),
        maker.system_bytes(BOARD, 1)
    );
    assert_eq!(told["custom"]["board"], BOARD);
    assert_eq!((&told["root"], &told["timestamp"]), (&1.into(), &2.into()));
    assert!(told["issued"].is_u64());

    for (root, name) in [(2, "timestamp"), (3, "targets"), (3, "system"), (4, "root")] {
        let revoked = store_builder::parse_key(&maker.path("keys"), &format!("{name}-1"));
        let rotation = Rotation {
            new_keys: 1,
            revoked: vec![revoked.expect("a key")],
            ..Rotation::default()
        };
        maker
            .act(&mut RealFiles, 0, |store, keys| {
                store.rotate(&RoleName(name.to_owned()), &rotation, keys)
            })
            .expect(name);
        assert_eq!(read()["root"], root, "{name}");
    }
    println!("took {:.1} s", begin.elapsed().as_secs_f64());
}

#[test]
fn we_read_what_python_tuf_signs() {
    let begin = Instant::now();
    let now = UtcTime::of_this_machine();
    let maker = Maker::at(now);
    maker.add(1).expect("added");
    let metadata = maker.layout().metadata();
    let keys = maker.path("keys");
    let arguments = [&metadata, &keys].map(|path| path.to_str().expect("a path"));
    let version = python().run("sign.py", &arguments).expect("python-tuf");
    assert_eq!(version, "3");

    let nginx = Nginx::serve(&maker.layout().public()).expect("nginx");
    let base = format!("http://{}", nginx.address());
    let repository = HttpRepository::new(&format!("{base}/metadata"), &format!("{base}/targets"));
    let mut device = maker.device();
    let mut client = Client::new(&mut device, repository, now).expect("a client");
    client.refresh().expect("a refresh");
    let timestamp = client.trusted().timestamp().expect("a timestamp");
    assert_eq!(timestamp.version.get(), 3);
    assert_eq!(timestamp.extra["issued"], now.0);
    let target = client
        .target_info(FIRST)
        .expect("a search")
        .expect("the target");
    let mut bytes = Vec::new();
    client.download(&target, &mut bytes).expect("a download");
    assert_eq!(bytes, maker.system_bytes(BOARD, 1));
    drop(client);
    // And so does the publisher.
    maker.add(2).expect("added");
    println!("took {:.1} s", begin.elapsed().as_secs_f64());
}
