//! The network as far as a device can see it by itself: which interfaces have a carrier,
//! and over which protocols there is a way out.
//!
//! The confirmed system keeps what works as the *baseline*; a trial has to reach it. What
//! did not work before does not count against a trial. Whether the store answers is the
//! daemon's to find out ([`StoreReached`]).

use crate::writable;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use system_update::StoreReached;

/// `ARPHRD_ETHER`, `linux/if_arp.h`.
const ETHERNET: &str = "1";

/// What works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// Interfaces with a carrier, by their hardware addresses: names change with drivers.
    links: BTreeSet<String>,
    /// Protocols with a default route, `inet` and `inet6`.
    routes: BTreeSet<String>,
    /// Whether the store answered in this boot.
    #[serde(default)]
    store: Store,
}

/// The store, by the word of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Store {
    /// It did not, or nobody asked.
    #[default]
    NotReached,
    /// It did.
    Reached,
}

impl Baseline {
    /// What the confirmed system left; nothing, where it left nothing.
    pub(crate) fn read() -> Self {
        let content = fs::read_to_string(path()).map_err(anyhow::Error::from);
        content
            .and_then(|json| Ok(serde_json::from_str(&json)?))
            .unwrap_or_default()
    }

    /// Keeps it, unless it is there already. The file is the old one or the new one,
    /// whenever the power goes away.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn keep(&self) -> anyhow::Result<()> {
        if *self == Self::read() {
            return Ok(());
        }
        let path = path();
        let cannot = || format!("cannot write {}", path.display());
        let new = path.with_extension("new");
        let json = serde_json::to_string(self).with_context(cannot)?;
        let mut file = File::create(&new).with_context(cannot)?;
        file.write_all(json.as_bytes()).with_context(cannot)?;
        file.sync_all().with_context(cannot)?;
        fs::rename(&new, &path).with_context(cannot)?;
        let directory = File::open(writable::SYSTEM).with_context(cannot)?;
        directory.sync_all().with_context(cannot)
    }

    /// What of this baseline does not work, in sentences.
    pub(crate) fn lost(&self, now: &Self) -> Vec<String> {
        let links = self.links.difference(&now.links);
        let links = links.map(|address| format!("the interface {address} has no carrier"));
        let routes = self.routes.difference(&now.routes);
        let routes = routes.map(|protocol| format!("there is no default route for {protocol}"));
        let store = (self.store > now.store).then(|| "the store has not answered".to_owned());
        links.chain(routes).chain(store).collect()
    }
}

fn path() -> PathBuf {
    Path::new(writable::SYSTEM).join("network-baseline.json")
}

/// What works now.
pub(crate) fn now() -> Baseline {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let routes = [
        ("inet", has_default_route_4(&read("/proc/net/route"))),
        ("inet6", has_default_route_6(&read("/proc/net/ipv6_route"))),
    ];
    Baseline {
        links: links(Path::new("/sys/class/net")),
        routes: routes
            .into_iter()
            .filter(|(_, exists)| *exists)
            .map(|(protocol, _)| protocol.to_owned())
            .collect(),
        store: match StoreReached::of(Path::new(writable::SYSTEM)).holds() {
            true => Store::Reached,
            false => Store::NotReached,
        },
    }
}

/// The hardware addresses of the real Ethernet interfaces with a carrier.
fn links(sysfs: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(sysfs).into_iter().flatten().flatten();
    let address = |interface: PathBuf| {
        let read = |name: &str| {
            Some(
                fs::read_to_string(interface.join(name))
                    .ok()?
                    .trim()
                    .to_owned(),
            )
        };
        // A bridge or a tunnel is made by a program, and has no device behind it.
        let real = interface.join("device").exists() && read("type")? == ETHERNET;
        (real && read("carrier")? == "1").then(|| read("address"))?
    };
    entries.filter_map(|entry| address(entry.path())).collect()
}

/// `/proc/net/route`: interface, destination, gateway, flags, ..., mask in eighth place.
fn has_default_route_4(table: &str) -> bool {
    table.lines().skip(1).any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(1) == Some(&"00000000") && fields.get(7) == Some(&"00000000")
    })
}

/// `/proc/net/ipv6_route`: destination and its prefix length first, next hop in fifth
/// place. The kernel's own entries without a next hop are no way out.
fn has_default_route_6(table: &str) -> bool {
    let zero = "0".repeat(32);
    table.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.first() == Some(&zero.as_str())
            && fields.get(1) == Some(&"00")
            && fields.get(4).is_some_and(|next_hop| *next_hop != zero)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(links: &[&str], routes: &[&str]) -> Baseline {
        let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Baseline {
            links: set(links),
            routes: set(routes),
            store: Store::NotReached,
        }
    }

    #[test]
    fn a_store_that_answered_before_has_to_answer() {
        let reached = Baseline {
            store: Store::Reached,
            ..baseline(&[], &[])
        };
        assert_eq!(reached.lost(&reached), Vec::<String>::new());
        let now = Baseline::default();
        assert_eq!(reached.lost(&now), ["the store has not answered"]);
        assert_eq!(now.lost(&reached), Vec::<String>::new());
        // A baseline that an older system left knows of no store.
        let older: Baseline = serde_json::from_str(r#"{"links":[],"routes":[]}"#).unwrap();
        assert_eq!(older, now);
    }

    #[test]
    fn what_worked_before_has_to_work_and_what_did_not_need_not() {
        let before = baseline(&["52:54:00:12:34:56"], &["inet6"]);
        assert_eq!(before.lost(&before), Vec::<String>::new());
        let more = baseline(
            &["52:54:00:12:34:56", "02:00:00:00:00:01"],
            &["inet", "inet6"],
        );
        assert_eq!(before.lost(&more), Vec::<String>::new());
        assert_eq!(
            before.lost(&Baseline::default()),
            [
                "the interface 52:54:00:12:34:56 has no carrier",
                "there is no default route for inet6",
            ]
        );
        assert_eq!(Baseline::default().lost(&before), Vec::<String>::new());
    }

    #[test]
    fn default_routes_are_found_in_the_kernels_tables() {
        let header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n";
        let local = "eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n";
        let default = "eth0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\n";
        assert!(!has_default_route_4(&format!("{header}{local}")));
        assert!(has_default_route_4(&format!("{header}{local}{default}")));
        let (zero, router) = ("0".repeat(32), format!("fe80{}2", "0".repeat(27)));
        let line = |hop: &str| format!("{zero} 00 {zero} 00 {hop} 00000400 1 0 00450003 eth0\n");
        assert!(!has_default_route_6(&line(&zero)));
        assert!(has_default_route_6(&line(&router)));
        assert!(!has_default_route_6(""));
    }

    #[test]
    fn only_real_interfaces_with_a_carrier_are_links() {
        let sysfs = tempfile::tempdir().unwrap();
        let add = |name: &str, files: &[(&str, &str)]| {
            let interface = sysfs.path().join(name);
            fs::create_dir(&interface).unwrap();
            for (file, content) in files {
                fs::write(interface.join(file), format!("{content}\n")).unwrap();
            }
        };
        let wired = [
            ("device", ""),
            ("type", "1"),
            ("carrier", "1"),
            ("address", "a"),
        ];
        add("eth0", &wired);
        add(
            "eth1",
            &[
                ("device", ""),
                ("type", "1"),
                ("carrier", "0"),
                ("address", "b"),
            ],
        );
        add("br0", &[("type", "1"), ("carrier", "1"), ("address", "c")]);
        add("lo", &[("type", "772"), ("carrier", "1"), ("address", "d")]);
        assert_eq!(links(sysfs.path()), BTreeSet::from(["a".to_owned()]));
    }
}
