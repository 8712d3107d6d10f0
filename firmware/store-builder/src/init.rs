//! A new store.

use crate::StoreError;
use crate::authority::role_keys;
use crate::change::Change;
use crate::files::{Files, place, read};
use crate::keys::StoreKeys;
use crate::layout::Layout;
use crate::lock::StoreLock;
use crate::publisher::delegated_role;
use crate::settings::{Lifetimes, Settings, after};
use crate::store::{Outcome, Store};
use image_format::{PublicKey, Purpose as ImagePurpose};
use image_trust::verify_keyring;
use std::collections::BTreeMap;
use std::path::Path;
use store_format::{PURPOSE, Purpose, SYSTEM_ROLE, system_scope};
use tuf_client::UtcTime;
use tuf_client::keys::{Key, KeyId};
use tuf_client::metadata::{
    Delegations, Extra, RoleKeys, RoleName, Root, RootKind, RootRoles, SpecVersion, Targets,
    TargetsKind, Version,
};

/// The keys of one role of a new store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePlan {
    /// Keys to make, or to take if they are there.
    pub keys: u8,
    /// Keys whose private half is elsewhere.
    pub foreign: Vec<PublicKey>,
    /// How many must sign.
    pub threshold: u32,
}

impl RolePlan {
    /// So many keys, of which so many must sign.
    #[must_use]
    pub fn new(keys: u8, threshold: u32) -> Self {
        RolePlan {
            keys,
            foreign: Vec::new(),
            threshold,
        }
    }
}

/// What a new store is to be.
#[derive(Clone, Debug)]
pub struct StorePlan<'a> {
    /// For the field or for tests.
    pub purpose: Purpose,
    /// The keyring that system images are verified with.
    pub image_keyring: &'a Path,
    /// Off-line.
    pub root: RolePlan,
    /// Off-line: says who signs for the system and for whose snaps.
    pub targets: RolePlan,
    /// Lists releases of the system.
    pub system: RolePlan,
    /// On-line.
    pub snapshot: RolePlan,
    /// On-line.
    pub timestamp: RolePlan,
    /// How long signatures last.
    pub lifetimes: Lifetimes,
}

impl<'a> StorePlan<'a> {
    /// Three root keys of which two must sign; one key for each other role.
    #[must_use]
    pub fn new(purpose: Purpose, image_keyring: &'a Path) -> Self {
        StorePlan {
            purpose,
            image_keyring,
            root: RolePlan::new(3, 2),
            targets: RolePlan::new(1, 1),
            system: RolePlan::new(1, 1),
            snapshot: RolePlan::new(1, 1),
            timestamp: RolePlan::new(1, 1),
            lifetimes: Lifetimes::default(),
        }
    }
}

/// Makes a store. Where keys are elsewhere, its first metadata waits for their signatures.
///
/// # Errors
/// [`StoreError::Exists`]; a key or the keyring cannot be used; a threshold cannot be met.
pub fn create_store(
    directory: &Path,
    plan: &StorePlan<'_>,
    keys: &mut StoreKeys,
    files: &mut dyn Files,
    now: UtcTime,
) -> Result<Outcome, StoreError> {
    let layout = Layout::new(directory);
    if layout.trusted().join("root.json").exists() || layout.pending().exists() {
        return Err(StoreError::Exists(directory.to_owned()));
    }
    keys.require(plan.purpose)?;
    let signed_keyring = read(plan.image_keyring)?;
    let keyring = verify_keyring(&signed_keyring).map_err(StoreError::System)?;
    if plan.purpose == Purpose::Production && keyring.purpose == ImagePurpose::Test {
        return Err(StoreError::TestKeyring(plan.image_keyring.to_owned()));
    }
    let settings = Settings {
        purpose: plan.purpose,
        lifetime_hours: plan.lifetimes,
    };
    let change = first_metadata(plan, &settings, keys, now)?;
    place(files, &layout.keyring(), &signed_keyring)?;
    settings.write(&layout, files)?;
    let lock = StoreLock::take(&layout)?;
    let mut store = Store::unpublished(layout, settings, files, now, lock);
    store.commit(change, keys)
}

fn first_metadata(
    plan: &StorePlan<'_>,
    settings: &Settings,
    keys: &mut StoreKeys,
    now: UtcTime,
) -> Result<Change, StoreError> {
    let lifetimes = settings.lifetime_hours;
    let mut map = BTreeMap::new();
    let mut role = |name: &str, plan: &RolePlan, keys: &mut StoreKeys| {
        make_role(&mut map, &RoleName(name.to_owned()), plan, keys)
    };
    let roles = RootRoles {
        root: role("root", &plan.root, keys)?,
        timestamp: role("timestamp", &plan.timestamp, keys)?,
        snapshot: role("snapshot", &plan.snapshot, keys)?,
        targets: role("targets", &plan.targets, keys)?,
        extra: Extra::new(),
    };
    let purpose = serde_json::to_value(settings.purpose)
        .map_err(|error| StoreError::damaged(Path::new("the root"), error))?;
    let root = Root {
        kind: RootKind::Root,
        spec_version: SpecVersion::current(),
        version: Version::FIRST,
        expires: after(now, lifetimes.root),
        consistent_snapshot: true,
        keys: map,
        roles,
        extra: Extra::from_iter([(PURPOSE.to_owned(), purpose)]),
    };
    let system = RoleName(SYSTEM_ROLE.to_owned());
    let mut delegated_keys = BTreeMap::new();
    let system_keys = make_role(&mut delegated_keys, &system, &plan.system, keys)?;
    let targets = Targets {
        delegations: Some(Delegations {
            keys: delegated_keys,
            roles: vec![delegated_role(&system, system_scope(), system_keys)],
            extra: Extra::new(),
        }),
        ..empty_targets(after(now, lifetimes.targets))
    };
    let mut change = Change::default();
    change.put(&RoleName::root(), &root)?;
    change.put(&RoleName::targets(), &targets)?;
    change.put(&system, &empty_targets(after(now, lifetimes.delegated)))?;
    Ok(change)
}

fn make_role(
    map: &mut BTreeMap<KeyId, Key>,
    role: &RoleName,
    plan: &RolePlan,
    keys: &mut StoreKeys,
) -> Result<RoleKeys, StoreError> {
    let mut public = keys.take_or_make(role, plan.keys)?;
    public.extend(&plan.foreign);
    role_keys(map, role, &public, plan.threshold)
}

/// The first file of a role that lists nothing yet.
pub(crate) fn empty_targets(expires: UtcTime) -> Targets {
    Targets {
        kind: TargetsKind::Targets,
        spec_version: SpecVersion::current(),
        version: Version::FIRST,
        expires,
        targets: BTreeMap::new(),
        delegations: None,
        extra: Extra::new(),
    }
}
