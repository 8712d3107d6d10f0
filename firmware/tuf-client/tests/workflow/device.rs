//! A device: what it keeps in memory, and the time that it goes by.

use crate::repository::{NOW, Repository};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use tuf_client::metadata::RoleName;
use tuf_client::{Client, Error, Limits, MetadataStore, Rule, UtcTime, initialise};

/// Its files; after `writes_left` of them the power goes.
pub(crate) struct Memory {
    pub(crate) files: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) writes_left: Cell<u32>,
}

impl Memory {
    fn write(&self) -> io::Result<()> {
        match self.writes_left.get().checked_sub(1) {
            Some(left) => {
                self.writes_left.set(left);
                Ok(())
            }
            None => Err(io::Error::other("the power went")),
        }
    }
}

impl MetadataStore for &Memory {
    fn load(&self, role: &RoleName, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        let file = self.files.borrow().get(&role.0).cloned();
        Ok(file.filter(|bytes| bytes.len() as u64 <= max_bytes))
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        self.write()?;
        self.files
            .borrow_mut()
            .insert(role.0.clone(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        self.write()?;
        self.files.borrow_mut().remove(&role.0);
        Ok(())
    }
}

pub(crate) struct Device {
    pub(crate) memory: Memory,
    pub(crate) now: UtcTime,
    pub(crate) limits: Limits,
}

pub(crate) type TestClient<'a> = Client<&'a Memory, &'a Repository>;

impl Device {
    /// Trusts the first root of the repository.
    pub(crate) fn new(repository: &Repository) -> Self {
        let memory = Memory {
            files: RefCell::default(),
            writes_left: Cell::new(u32::MAX),
        };
        let root = repository.file("1.root.json");
        initialise(&mut &memory, &root).expect("the first root is good");
        Device {
            memory,
            now: NOW,
            limits: Limits::default(),
        }
    }

    /// Trusts it and has refreshed once.
    pub(crate) fn refreshed(repository: &Repository) -> Self {
        let device = Device::new(repository);
        device
            .refresh(repository)
            .expect("the repository is honest");
        repository.asked();
        device
    }

    pub(crate) fn client<'a>(&'a self, repository: &'a Repository) -> TestClient<'a> {
        Client::new(&self.memory, repository, self.now)
            .expect("it trusts a root")
            .with_limits(self.limits)
    }

    pub(crate) fn refresh(&self, repository: &Repository) -> Result<(), Error> {
        self.client(repository).refresh()
    }

    /// The role whose file is refused, and why. The device keeps what it had of it, or
    /// nothing, if a key was withdrawn.
    pub(crate) fn refusal(&self, repository: &Repository) -> (String, Rule) {
        let before = self.kept();
        let (role, rule) = refusal(self.refresh(repository));
        let after = self.kept();
        let kept = after.get(&role);
        assert!(
            kept.is_none() || kept == before.get(&role),
            "a refused {role} is kept"
        );
        (role, rule)
    }

    pub(crate) fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        self.memory.files.borrow().clone()
    }

    /// The version of a role's file that it keeps.
    pub(crate) fn version(&self, role: &str) -> Option<u64> {
        let file = self.memory.files.borrow().get(role).cloned()?;
        let value: serde_json::Value = serde_json::from_slice(&file).expect("it is JSON");
        value["signed"]["version"].as_u64()
    }
}

pub(crate) fn refusal<T>(result: Result<T, Error>) -> (String, Rule) {
    match result {
        Err(Error::Refused { role, rule }) => (role.0, rule),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}
