//! The whole suite over the kernel of this machine: a first word on the confinement, before
//! a device boots. What this kernel does not have is named by the suite, in its output.

use std::process::Command;

/// Fewer would mean that something of the machine or the suite is broken.
const AT_LEAST: usize = 70;

#[test]
fn every_attempt_is_refused_inside_and_succeeds_outside() {
    // Who this is: the owner of its own directory.
    let owner = std::fs::metadata("/proc/self").expect("there is a /proc");
    if std::os::unix::fs::MetadataExt::uid(&owner) != 0 {
        eprintln!("not run: namespaces take root");
        return;
    }
    let stage = format!("/run/escape-suite-{}", std::process::id());
    let output = Command::new(env!("CARGO_BIN_EXE_escape-suite"))
        .args(["run", &stage])
        .output()
        .expect("the suite is built");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    let last = said.lines().last().unwrap_or_default();
    let (made, refused) = last
        .strip_prefix("attempts=")
        .and_then(|rest| rest.split_once(" refused="))
        .expect("the last line counts");
    assert_eq!(made, refused);
    assert!(
        made.parse::<usize>().expect("a number") >= AT_LEAST,
        "{last}"
    );
    let works = said
        .lines()
        .filter(|line| line.starts_with("works "))
        .count();
    assert_eq!(works, 8, "what every snap can do");
}
