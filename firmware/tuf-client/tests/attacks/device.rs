//! A device that is attacked, and what it may not do.

use crate::case::{Case, Refusal, Step};
use crate::server::{Files, Server};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use tuf_client::metadata::Version;
use tuf_client::{Client, DirectoryStore, Error, Rule, TargetRule, initialise};

/// A device's directory of trusted metadata, and one of targets beside it.
pub(crate) struct Device {
    place: TempDir,
}

impl Device {
    pub(crate) fn new(case: &Case) -> Self {
        let device = Device { place: place() };
        initialise(&mut device.store(), &case.root).unwrap();
        device
    }

    pub(crate) fn copy(&self) -> Self {
        let copy = Device { place: place() };
        fs::create_dir(copy.place.path().join("trusted")).unwrap();
        for (name, bytes) in self.trusted() {
            fs::write(copy.place.path().join("trusted").join(name), bytes).unwrap();
        }
        copy
    }

    fn store(&self) -> DirectoryStore {
        DirectoryStore::new(self.place.path().join("trusted"))
    }

    fn trusted(&self) -> Files {
        read_directory(&self.place.path().join("trusted"))
    }

    /// What the client did otherwise than the case says.
    pub(crate) fn play(&self, case: &Case, step: &Step) -> Option<String> {
        let before = self.trusted();
        let mut server = case.server(step);
        let found = self.answer(step, &mut server).err();
        let strays = self.strays(&server);
        let changed = step.refused.as_ref();
        let changed = changed.and_then(|refusal| self.changed(refusal, &before, &server));
        let wrong = found.or(strays).or(changed)?;
        Some(format!("{}/{}: {wrong}", case.name, step.name))
    }

    fn answer(&self, step: &Step, server: &mut Server) -> Result<(), String> {
        let mut client = match Client::new(self.store(), server, step.now) {
            Ok(client) => client,
            Err(error) => return Err(format!("no client: {error}")),
        };
        let refreshed = client.refresh();
        if let Some(refusal) = &step.refused {
            return refusal.check(refreshed);
        }
        refreshed.map_err(|error| error.to_string())?;
        if let Some(expected) = step.trusted {
            let trusted = client.trusted();
            let version = |version: Option<Version>| version.map_or(0, Version::get);
            let found = [
                version(Some(trusted.root().version)),
                version(trusted.timestamp().map(|timestamp| timestamp.version)),
                version(trusted.snapshot().map(|snapshot| snapshot.version)),
                version(trusted.targets().map(|targets| targets.version)),
            ];
            if found != expected.in_order() {
                return Err(format!("trusts versions {found:?}, not {expected:?}"));
            }
        }
        for (name, expected) in &step.targets {
            let found = match self.read_target(&mut client, name) {
                Ok(()) => "read",
                Err(error) => broken_rule(&error).1,
            };
            if found != expected {
                return Err(format!("{name:?}: {found}, not {expected}"));
            }
        }
        Ok(())
    }

    fn read_target(
        &self,
        client: &mut Client<DirectoryStore, &mut Server>,
        name: &str,
    ) -> Result<(), Error> {
        let not_found = || Error::Target {
            name: name.to_owned(),
            rule: TargetRule::NotFound,
        };
        let target = client.target_info(name)?.ok_or_else(not_found)?;
        let path = client.download_into(&target, &self.place.path().join("targets"))?;
        let bytes = fs::read(&path).unwrap();
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(Some(hash.as_str()), target.hashes().sha256(), "{name}");
        // The next step fetches it again.
        fs::remove_file(path).unwrap();
        Ok(())
    }

    /// Requests and files that lead elsewhere.
    fn strays(&self, server: &Server) -> Option<String> {
        let leads_elsewhere =
            |path: &&String| path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if let Some(path) = server.asked.iter().find(leads_elsewhere) {
            return Some(format!("asked for {path:?}"));
        }
        let mut places: Vec<_> = fs::read_dir(self.place.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        places.retain(|name| !["targets", "trusted"].contains(&name.as_str()));
        places.extend(read_directory(&self.place.path().join("targets")).into_keys());
        places.first().map(|name| format!("left {name:?} behind"))
    }

    /// A role that is refused, and those after it, stay as they were. Those before it may have
    /// moved on to what the server has now, and the root also where it has expired.
    fn changed(&self, refusal: &Refusal, before: &Files, server: &Server) -> Option<String> {
        let after = self.trusted();
        let place = |file: &str| {
            [
                "root.json",
                "timestamp.json",
                "snapshot.json",
                "targets.json",
            ]
            .iter()
            .position(|name| *name == file)
            .unwrap_or(4)
        };
        let refused = match (refusal.role.as_str(), refusal.rule.as_str()) {
            ("root", "expired") => 1,
            (role, _) => place(&format!("{role}.json")),
        };
        let changed = |file: &&String| {
            let (old, new) = (before.get(*file), after.get(*file));
            let moved_on = place(file) < refused && server.files.values().any(|f| Some(f) == new);
            old != new && !moved_on
        };
        let mut files = before.keys().chain(after.keys());
        files.find(changed).map(|file| format!("{file} changed"))
    }
}

/// In memory where the machine has that: the store flushes everything that it keeps.
fn place() -> TempDir {
    TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .unwrap()
}

impl Refusal {
    fn check(&self, refreshed: Result<(), Error>) -> Result<(), String> {
        let Refusal { role, rule } = self;
        let error = refreshed
            .err()
            .ok_or(format!("accepted, not refused: {role} {rule}"))?;
        let found = broken_rule(&error);
        if found == (role, rule) {
            Ok(())
        } else {
            Err(format!("not {role} {rule}: {error}"))
        }
    }
}

fn read_directory(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(directory) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// The role and the rule, as cases name them.
fn broken_rule(error: &Error) -> (&str, &'static str) {
    match error {
        Error::Refused { role, rule } => (&role.0, name_of_rule(rule)),
        Error::Target { name, rule } => (name, name_of_target_rule(rule)),
        Error::Fetch { file, .. } => {
            let file = file.trim_end_matches(".json");
            (
                file.rsplit_once('.').map_or(file, |(_version, role)| role),
                "fetch",
            )
        }
        Error::NoTrustedRoot(_) => ("root", "no-trusted-root"),
        Error::Storage { act, .. } => (act, "storage"),
    }
}

fn name_of_rule(rule: &Rule) -> &'static str {
    match rule {
        Rule::Malformed(_) => "malformed",
        Rule::Threshold { .. } => "threshold",
        Rule::Version { .. } => "version",
        Rule::Rollback { .. } => "rollback",
        Rule::Removed { .. } => "removed",
        Rule::Expired { .. } => "expired",
        Rule::TooLong { .. } => "too-long",
        Rule::Length { .. } => "length",
        Rule::Hash => "hash",
        Rule::UnknownHashes => "unknown-hashes",
        Rule::NotInSnapshot => "not-in-snapshot",
        Rule::TooEarly => "too-early",
        Rule::LastVersion => "last-version",
        Rule::TooManyRoots { .. } => "too-many-roots",
        Rule::TooManyRoles { .. } => "too-many-roles",
    }
}

fn name_of_target_rule(rule: &TargetRule) -> &'static str {
    match rule {
        TargetRule::Name => "name",
        TargetRule::NotFound => "not-found",
        TargetRule::Length { .. } => "length",
        TargetRule::Hash => "hash",
        TargetRule::UnknownHashes => "unknown-hashes",
    }
}
