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
