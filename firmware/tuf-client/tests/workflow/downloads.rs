//! Targets: what is read, and where it is put.

use crate::device::Device;
use crate::repository::{Repository, sign_value, version};
use serde_json::json;
use std::fs;
use tuf_client::{Error, Rule, TargetRule};

const NAME: &str = "snaps/a b.snap";
const BYTES: &[u8] = b"what was signed";

fn repository() -> Repository {
    let mut repository = Repository::new();
    repository.add_target(NAME, BYTES);
    repository.publish();
    let bytes = repository
        .files
        .iter()
        .find(|(file, _)| file.ends_with("a b.snap"));
    let (file, bytes) = bytes
        .map(|(file, bytes)| (file.clone(), bytes.clone()))
        .expect("it is put");
    repository.files.remove(&file);
    repository.files.insert(file.replace(' ', "%20"), bytes);
    repository
}

fn substitute(repository: &mut Repository, bytes: &[u8]) {
    let (_, file) = repository
        .files
        .iter_mut()
        .find(|(file, _)| file.ends_with("a%20b.snap"))
        .expect("it is put");
    *file = bytes.to_vec();
}

fn download(device: &Device, repository: &Repository) -> Result<Vec<u8>, Error> {
    let mut client = device.client(repository);
    let target = client.target_info(NAME)?.expect("it is listed");
    let mut out = Vec::new();
    let downloaded = client.download(&target, &mut out);
    assert!(
        out.len() <= BYTES.len(),
        "nothing beyond the length is written"
    );
    downloaded.map(|()| out)
}

fn rule<T: std::fmt::Debug>(result: Result<T, Error>) -> TargetRule {
    match result {
        Err(Error::Target { rule, .. }) => rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_target_has_the_length_and_the_hash_that_were_signed() {
    let mut repository = repository();
    let device = Device::refreshed(&repository);
    assert_eq!(download(&device, &repository).expect("it is honest"), BYTES);
    let signed_bytes = BYTES.len() as u64;
    for bytes in [&BYTES[1..], b"", &BYTES.repeat(100_000)] {
        substitute(&mut repository, bytes);
        assert_eq!(
            rule(download(&device, &repository)),
            TargetRule::Length { signed_bytes }
        );
    }
    substitute(&mut repository, b"what was Signed");
    assert_eq!(rule(download(&device, &repository)), TargetRule::Hash);
    substitute(&mut repository, BYTES);
    download(&device, &repository).expect("an honest one works");
}

#[test]
fn a_directory_has_whole_targets_only() {
    let mut repository = repository();
    let device = Device::refreshed(&repository);
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("out");
    let place = |repository: &Repository| {
        let mut client = device.client(repository);
        let target = client.target_info(NAME).expect("honest").expect("listed");
        client.download_into(&target, &out)
    };
    let path = place(&repository).expect("it is honest");
    assert_eq!(path, out.join("snaps%2Fa%20b.snap"));
    assert_eq!(fs::read(&path).expect("it is there"), BYTES);

    repository.asked();
    place(&repository).expect("it is intact");
    assert!(
        !repository.asked().iter().any(|file| file.ends_with("snap")),
        "no second time"
    );

    fs::write(&path, b"old").expect("it is written");
    substitute(&mut repository, b"what was Signed");
    assert_eq!(rule(place(&repository)), TargetRule::Hash);
    assert_eq!(fs::read(&path).expect("the old one stays"), b"old");
    let names: Vec<_> = fs::read_dir(&out).expect("it is there").collect();
    assert_eq!(names.len(), 1, "no draft is left");

    // Whoever can put a link there writes nowhere else.
    let elsewhere = directory.path().join("elsewhere");
    fs::write(&elsewhere, b"mine").expect("it is written");
    fs::remove_file(&path).expect("it is there");
    std::os::unix::fs::symlink(&elsewhere, &path).expect("a link");
    std::os::unix::fs::symlink(&elsewhere, out.join(".draft+")).expect("a link");
    substitute(&mut repository, BYTES);
    place(&repository).expect("it is honest");
    assert_eq!(fs::read(&elsewhere).expect("it is there"), b"mine");
    assert_eq!(fs::read(&path).expect("it is there"), BYTES);
}

#[test]
fn a_name_leads_nowhere_else() {
    for name in [
        "",
        ".",
        "..",
        "../x",
        "a/../x",
        "/etc/passwd",
        "a//b",
        "a/",
        r"..\x",
        "a/.",
    ] {
        let mut repository = Repository::new();
        repository.add_target(name, BYTES);
        repository.publish();
        let device = Device::refreshed(&repository);
        let found = device.client(&repository).target_info(name);
        assert_eq!(rule(found), TargetRule::Name, "{name}");
    }
    assert!(
        Device::refreshed(&repository())
            .client(&repository())
            .target_info("...")
            .is_ok()
    );
}

#[test]
fn addresses_have_no_question_mark_and_no_line_break() {
    for (name, end) in [
        ("a?b#c", ".a%3Fb%23c"),
        ("a%20b", ".a%20b"),
        ("é\n", ".%C3%A9%0A"),
        ("...", "...."),
    ] {
        let mut repository = Repository::new();
        repository.add_target(name, BYTES);
        repository.publish();
        let device = Device::refreshed(&repository);
        let mut client = device.client(&repository);
        let target = client.target_info(name).expect("honest").expect("listed");
        repository.asked();
        let _ = client.download(&target, &mut Vec::new());
        let asked = repository.asked();
        assert!(asked[0].ends_with(end), "{asked:?}");
    }
}

#[test]
fn without_consistent_snapshots_a_target_has_its_own_name() {
    let mut repository = Repository::new();
    repository.next_root(|root| root.consistent_snapshot = false);
    repository.add_target("a/b", BYTES);
    repository.publish();
    let device = Device::refreshed(&repository);
    let mut client = device.client(&repository);
    let target = client.target_info("a/b").expect("honest").expect("listed");
    client
        .download(&target, &mut Vec::new())
        .expect("it is honest");
    assert_eq!(repository.asked().last().map(String::as_str), Some("a/b"));
}

#[test]
fn a_hash_has_one_form() {
    let mut repository = repository();
    let device = Device::refreshed(&repository);
    repository.release();
    let honest = serde_json::to_value(&repository.targets).expect("it is JSON");
    let hash = honest["targets"][NAME]["hashes"]["sha256"]
        .as_str()
        .expect("it is told")
        .to_owned();
    for hashes in [
        json!({}),
        json!({ "sha256": "" }),
        json!({ "sha256": format!(" {hash}") }),
        json!({ "sha256": &hash[..62] }),
        json!({ "sha256": hash.to_uppercase() }),
        json!({ "sha256": hash, "sha512": hash }),
        json!({ "sha256": [hash] }),
        json!(hash),
        json!(null),
    ] {
        let mut bent = honest.clone();
        bent["targets"][NAME]["hashes"] = hashes.clone();
        repository.put("2.targets.json", sign_value(bent, &[4]));
        let (role, rule) = device.refusal(&repository);
        assert_eq!(role, "targets");
        assert!(matches!(rule, Rule::Malformed(_)), "{hashes}: {rule}");
    }
    for hashes in [
        json!({ "md5": hash }),
        json!({ "SHA256": hash }),
        json!({ " sha256": hash }),
    ] {
        let mut bent = honest.clone();
        bent["version"] = json!(2);
        bent["targets"][NAME]["hashes"] = hashes;
        repository.put("2.targets.json", sign_value(bent, &[4]));
        let device = Device::new(&repository);
        assert_eq!(
            rule(download(&device, &repository)),
            TargetRule::UnknownHashes
        );
    }
    repository.put("2.targets.json", sign_value(honest, &[4]));
    download(&device, &repository).expect("an honest refresh works");
}

#[test]
fn what_the_publisher_says_comes_with_the_target() {
    let mut repository = repository();
    let custom = json!({ "board": "x86_64-uefi", "wave": [1, 5] });
    let target = repository
        .targets
        .targets
        .get_mut(NAME)
        .expect("it is listed");
    target.custom = Some(custom.clone());
    repository.targets.version = version(2);
    repository.publish();
    let device = Device::refreshed(&repository);
    let found = device
        .client(&repository)
        .target_info(NAME)
        .expect("honest")
        .expect("listed");
    assert_eq!(found.custom(), Some(&custom));
    assert_eq!(
        (found.name(), found.length_bytes()),
        (NAME, BYTES.len() as u64)
    );
}
