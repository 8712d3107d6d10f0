//! Networks as people write them, and wrong ones.

use super::parse;
use network::configuration::Addressing;
use network::dhcp::HardwareAddress;

const GOOD: &str = "\
version: 2
ethernets:
  eth0:
    dhcp4: true
    nameservers: {addresses: [10.0.0.5], search: [site.example]}
  up:
    match: {macaddress: '02:00:00:00:00:01'}
    addresses: [10.0.0.9/24, 10.0.1.9/24]
    gateway4: 10.0.0.1
    routes: [{to: 10.9.0.0/16, via: 10.0.0.2}]
    mtu: 1400
    dhcp6: false
  rest:
    match: {name: 'en*'}
    dhcp4: yes
";

#[test]
fn ports_are_known_by_name_or_hardware_address() {
    let (configuration, complaints) = parse(GOOD.as_bytes());
    assert_eq!(complaints, []);
    let ports = configuration.unwrap().ports;
    assert_eq!(ports.len(), 3);
    assert_eq!(ports[0].name.as_deref(), Some("eth0"));
    assert_eq!(ports[0].addressing, Addressing::Dhcp);
    assert_eq!(ports[0].name_servers[0].to_string(), "10.0.0.5");
    assert_eq!(ports[0].domain.as_deref(), Some("site.example"));
    assert_eq!(ports[1].name, None);
    assert_eq!(ports[1].hardware, Some(HardwareAddress([2, 0, 0, 0, 0, 1])));
    let lease = ports[1].fixed().unwrap();
    assert_eq!(lease.address.to_string(), "10.0.0.9");
    assert_eq!(lease.router().unwrap().to_string(), "10.0.0.1");
    assert_eq!(
        (lease.routes.len(), ports[1].more_addresses().len()),
        (2, 1)
    );
    assert_eq!(ports[1].mtu, Some(1400));
    assert_eq!(ports[2].name.as_deref(), Some("en*"));
    // As a file of netplan's has it.
    let wrapped = format!("network:\n{}", GOOD.replace('\n', "\n ").trim_end());
    let wrapped = wrapped.replacen("network:\n", "network:\n ", 1);
    let (again, complaints) = parse(wrapped.as_bytes());
    assert_eq!(complaints, [], "{wrapped}");
    assert_eq!(again.unwrap().ports, ports);
}

#[test]
fn what_is_wrong_is_named_and_nothing_of_it_used() {
    for (text, said) in [
        (
            "version: 1\nconfig: []",
            "cannot use \"1\"; give version: 2",
        ),
        ("ethernets: {}", "cannot use \"none\"; give version: 2"),
        (
            "version: 2\nethernets: {a: {addresses: [10.0.0.9]}}",
            "line 2, ethernets.a.addresses[0]",
        ),
        (
            "version: 2\nethernets: {a: {addresses: ['fd00::1/64']}}",
            "an address of IPv4",
        ),
        (
            "version: 2\nethernets: {a: {addresses: [127.0.0.1/8]}}",
            "an address of IPv4",
        ),
        (
            "version: 2\nethernets: {a: {gateway4: 0.0.0.0}}",
            "a.gateway4: cannot use",
        ),
        (
            "version: 2\nethernets: {a: {dhcp4: true, addresses: [10.0.0.9/8]}}",
            "beside dhcp4",
        ),
        ("version: 2\nethernets: {a: {mtu: 60}}", "bytes from 576"),
        (
            "version: 2\nethernets: {a: {match: {}}}",
            "name or macaddress is missing",
        ),
        (
            "version: 2\nethernets: {a: {match: {driver: x}}}",
            "known by its name",
        ),
        (
            "version: 2\nethernets: {a: {match: {macaddress: x}}}",
            "six hexadecimal",
        ),
        (
            "version: 2\nethernets: {a: {match: {name: 'e[0-9]'}}}",
            "the name of a port",
        ),
        (
            "version: 2\nethernets: {a: {routes: [{to: x, via: 10.0.0.1}]}}",
            "a network of IPv4",
        ),
        (
            "version: 2\nethernets: {a: {routes: [{to: default}]}}",
            "to or via is missing",
        ),
        (
            "version: 2\nethernets: {a: {nameservers: {addresses: [x]}}}",
            "addresses[0]",
        ),
        ("version: 2\nethernets: [", "this is no YAML"),
    ] {
        let (configuration, complaints) = parse(text.as_bytes());
        let all: Vec<_> = complaints.iter().map(ToString::to_string).collect();
        let all = all.join("; ");
        assert!(all.contains(said), "{text}: {all}");
        assert_eq!(configuration, None, "{text}");
    }
}

#[test]
fn what_a_device_does_without_is_a_warning() {
    let text = "version: 2\nrenderer: networkd\nwifis: {}\nethernets: {a: {dhcp4: true, dhcp6: true, \
                set-name: b, colour: red}}";
    let (configuration, complaints) = parse(text.as_bytes());
    assert_eq!(complaints.len(), 5, "{complaints:?}");
    assert_eq!(configuration.unwrap().ports.len(), 1);
    assert_eq!(parse(b"version: 2\n"), (None, vec![]));
}
