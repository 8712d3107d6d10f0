//! Keys of RSA: users have them, and the device has none.

use super::{Device, run, text};
use accounts::{Account, AuthorizedKey, Logins, UserName};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Makes a key pair, and returns where.
fn key(device: &Device, name: &str) -> PathBuf {
    let path = device.directory.path().join(name);
    run(Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "3072", "-N", "", "-C", name, "-f"])
        .arg(&path));
    path
}

#[test]
fn an_rsa_key_lets_its_user_in_but_not_by_sha_1() {
    let device = Device::start(Logins::Keys);
    let name = UserName::parse("ubuntu").unwrap();
    let file = device.places.owner_accounts().join("ubuntu.toml");
    let mut account = Account::parse(name, &fs::read_to_string(file).unwrap()).unwrap();
    let public = key(&device, "rsa").with_extension("pub");
    let line = fs::read_to_string(public).unwrap();
    account.authorized_keys = vec![AuthorizedKey::parse(&line).unwrap()];
    device.places.write_account(&account).unwrap();
    key(&device, "other-rsa");

    let log_in = |key: &str, algorithms: &str| {
        let algorithms = format!("PubkeyAcceptedAlgorithms={algorithms}");
        let options = ["-o", "BatchMode=yes", "-o", &algorithms, "ubuntu@127.0.0.1"];
        let output = device.client(key, &options).arg("echo in").output();
        let output = output.unwrap();
        match output.status.code() {
            Some(0) => text(&output.stdout),
            _ => text(&output.stderr),
        }
    };
    // What a client chooses by itself, and each by name.
    for algorithms in ["+ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512"] {
        assert_eq!(log_in("rsa", algorithms), "in\n", "{algorithms}");
    }
    for (key, algorithms) in [
        ("rsa", "ssh-rsa"),
        ("other-rsa", "rsa-sha2-512"),
        ("key", "+ssh-ed25519"),
    ] {
        let said = log_in(key, algorithms);
        assert!(
            said.contains("Permission denied (publickey)"),
            "{key}, {algorithms}: {said}"
        );
    }
}

#[test]
fn a_host_key_of_rsa_is_put_aside() {
    let mut device = Device::start(Logins::Keys);
    device.service.kill().unwrap();
    device.service.wait().unwrap();
    let own = device.places.host_keys().join("host_ed25519");
    let rsa = key(&device, "host-rsa");
    fs::copy(&rsa, &own).unwrap();
    let mut service = Command::new(env!("CARGO_BIN_EXE_sshd"));
    device.service = service
        .env("SSHD_ROOT", device.directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    super::wait_for(&mut device.service, "a host key is made");
    let aside = own.with_extension("damaged");
    assert_eq!(fs::read(aside).unwrap(), fs::read(rsa).unwrap());
    let made = fs::read_to_string(own.with_extension("pub")).unwrap();
    assert!(made.starts_with("ssh-ed25519 "), "{made}");
}
