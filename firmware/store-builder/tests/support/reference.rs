//! python-tuf, the reference implementation, in an environment of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: [&str; 2] = ["tuf==7.0.1", "securesystemslib[crypto]==1.6.0"];

/// Runs a program of `tests/python_tuf` and returns what it prints.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/python_tuf")
        .join(program);
    let output = Command::new(environment().join("bin/python"))
        .arg(path)
        .args(arguments)
        .output()
        .expect("python");
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `target/setup/python-tuf`, made by the first test that needs it; others wait.
fn environment() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let setup = target.expect("the target directory").join("setup");
    fs::create_dir_all(&setup).expect("a directory");
    let lock = File::create(setup.join("python-tuf.lock")).expect("a lock");
    lock.lock().expect("a lock");
    let environment = setup.join("python-tuf");
    let mark = environment.join("installed");
    let wanted = REQUIREMENTS.join("\n");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return environment;
    }
    let _ = fs::remove_dir_all(&environment);
    let venv = ["-m", "venv", environment.to_str().expect("a path")];
    call(
        "python3",
        &venv,
        "cannot make an environment: install python3-venv, or run `cargo xtask setup`",
    );
    let pip = environment.join("bin/pip");
    let install = [
        &["install", "--quiet", "--disable-pip-version-check"],
        &REQUIREMENTS[..],
    ];
    call(
        pip.to_str().expect("a path"),
        &install.concat(),
        "cannot install python-tuf: this test compares with the reference implementation and \
         needs Python's package index once",
    );
    fs::write(mark, wanted).expect("the mark");
    environment
}

fn call(program: &str, arguments: &[&str], otherwise: &str) {
    let output = Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{otherwise}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{otherwise}\n{program}: {error}"),
    }
}
