//! The search for a target through the roles that are trusted with its name
//! (section 5.6.7): each role before those it delegates to, and those in their order.

use crate::client::Client;
use crate::error::{Error, Rule};
use crate::fetch::Fetch;
use crate::metadata::Hashes;
use crate::metadata::{RoleName, Scope, Targets};
use crate::pattern::matches;
use crate::store::MetadataStore;
use crate::target::{TargetFile, TargetName};
use crate::verify::Verified;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A role that is still to be asked, and who trusts it.
struct ToAsk {
    role: RoleName,
    delegator: Rc<Verified<Targets>>,
}

/// The first role that lists the target decides. A role that cannot be verified ends the
/// search, for whoever holds its file back would otherwise choose who answers next.
pub(crate) fn search<S: MetadataStore, F: Fetch>(
    client: &mut Client<S, F>,
    name: &TargetName,
) -> Result<Option<TargetFile>, Error> {
    let top = RoleName::targets();
    let Some(targets) = client.trusted().targets() else {
        return Err(Error::refused(&top)(Rule::TooEarly));
    };
    let mut answering = (top.clone(), Rc::new(targets.clone()));
    let mut asked = BTreeSet::from([top]);
    // The next one to ask stands last.
    let mut to_ask: Vec<ToAsk> = Vec::new();
    loop {
        let (role, targets) = answering;
        if let Some(target) = targets.targets.get(name.as_str()) {
            return Ok(Some(TargetFile::new(name, &role, target)));
        }
        delegate(&targets, name.as_str(), &mut to_ask);
        let next = loop {
            match to_ask.pop() {
                None => return Ok(None),
                Some(next) if asked.contains(&next.role) => {}
                Some(next) => break next,
            }
        };
        if asked.len() >= client.limits().roles {
            return Err(Error::refused(&next.role)(Rule::TooManyRoles {
                asked: asked.len(),
            }));
        }
        asked.insert(next.role.clone());
        let targets = client.delegated(&next.delegator, &next.role)?;
        answering = (next.role, Rc::new(targets));
    }
}

/// What the role `role` lists, as far as [`search`] would ask it: names of its scope that
/// neither the top role nor a delegated one before it answers for. `None` when the top role
/// does not delegate to it.
pub(crate) fn list<S: MetadataStore, F: Fetch>(
    client: &mut Client<S, F>,
    role: &RoleName,
) -> Result<Option<Vec<TargetFile>>, Error> {
    let top = RoleName::targets();
    let Some(targets) = client.trusted().targets().cloned() else {
        return Err(Error::refused(&top)(Rule::TooEarly));
    };
    let roles = targets.delegations.iter().flat_map(|all| &all.roles);
    let Some(position) = roles.clone().position(|each| each.name == *role) else {
        return Ok(None);
    };
    let listed = client.delegated(&targets, role)?;
    let before = roles.clone().take(position);
    let delegated = roles.clone().nth(position);
    let answers = |name: &str| {
        delegated.is_some_and(|own| covers(&own.scope, name))
            && !targets.targets.contains_key(name)
            && !before.clone().any(|other| covers(&other.scope, name))
    };
    let own = listed.targets.iter().filter(|(name, _)| answers(name));
    // A name that leads out of its directory is nobody's.
    let named = own.filter_map(|(name, target)| Some((TargetName::new(name).ok()?, target)));
    Ok(Some(
        named
            .map(|(name, target)| TargetFile::new(&name, role, target))
            .collect(),
    ))
}

/// Puts the roles that are trusted with `name` before everyone else. A terminating one is
/// the last that is asked, but for its own.
fn delegate(targets: &Rc<Verified<Targets>>, name: &str, to_ask: &mut Vec<ToAsk>) {
    let Some(delegations) = &targets.delegations else {
        return;
    };
    let mut next = Vec::new();
    for delegated in delegations
        .roles
        .iter()
        .filter(|role| covers(&role.scope, name))
    {
        next.push(ToAsk {
            role: delegated.name.clone(),
            delegator: Rc::clone(targets),
        });
        if delegated.terminating {
            to_ask.clear();
            break;
        }
    }
    to_ask.extend(next.into_iter().rev());
}

fn covers(scope: &Scope, name: &str) -> bool {
    match scope {
        Scope::Paths(patterns) => patterns.iter().any(|pattern| matches(pattern, name)),
        Scope::HashPrefixes(prefixes) => {
            let hashes = Hashes::of(name.as_bytes());
            let hash = hashes.sha256().unwrap_or_default();
            prefixes
                .iter()
                .any(|prefix| hash.starts_with(prefix.as_str()))
        }
    }
}
