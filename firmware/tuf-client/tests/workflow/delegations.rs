//! Whom a search asks, in which order, and whom it believes.

use crate::device::{Device, refusal};
use crate::repository::{
    FUTURE, PAST, Repository, Telling, empty_targets, sign, sign_value, target, version,
};
use serde_json::json;
use tuf_client::metadata::{Hashes, RoleName, Scope};
use tuf_client::{Error, Rule, TargetFile};

/// The roles that were asked for `name` beyond the top level, and what was found.
fn search(repository: &Repository, name: &str) -> (Vec<String>, Result<Option<TargetFile>, Error>) {
    let device = Device::refreshed(repository);
    let found = device.client(repository).target_info(name);
    let asked = repository.asked().into_iter().skip(2);
    let roles = asked.map(|file| {
        file.trim_start_matches("1.")
            .trim_end_matches(".json")
            .to_owned()
    });
    (roles.collect(), found)
}

fn order(repository: &Repository, name: &str) -> Vec<String> {
    let (asked, found) = search(repository, name);
    assert_eq!(found.expect("all of them are honest"), None);
    asked
}

fn tree(edges: &[(&str, &str)]) -> Repository {
    let mut repository = Repository::new();
    for (number, (delegator, role)) in (20..).zip(edges) {
        repository.delegate(delegator, role, &["*"], number);
    }
    repository
}

fn last_is_terminating(repository: &mut Repository, delegator: &str, index: usize) {
    repository.delegations(delegator).roles[index].terminating = true;
}

#[test]
fn each_role_comes_before_its_siblings_and_after_its_delegator() {
    let mut repository = tree(&[
        ("targets", "A"),
        ("targets", "B"),
        ("A", "C"),
        ("C", "D"),
        ("A", "E"),
    ]);
    repository.publish();
    assert_eq!(order(&repository, "x"), ["A", "C", "D", "E", "B"]);
}

#[test]
fn after_a_terminating_role_only_its_own_are_asked() {
    let mut repository = tree(&[
        ("targets", "A"),
        ("targets", "B"),
        ("A", "C"),
        ("A", "D"),
        ("C", "E"),
    ]);
    last_is_terminating(&mut repository, "A", 0);
    repository.publish();
    assert_eq!(order(&repository, "x"), ["A", "C", "E"]);
}

/// It terminates only for names that it is trusted with.
#[test]
fn a_terminating_role_of_other_names_ends_nothing() {
    let mut repository = Repository::new();
    repository.delegate("targets", "A", &["other"], 20);
    repository.delegate("targets", "B", &["*"], 21);
    last_is_terminating(&mut repository, "targets", 0);
    repository.publish();
    assert_eq!(order(&repository, "x"), ["B"]);
}

#[test]
fn a_loop_is_walked_once() {
    let mut repository = tree(&[("targets", "A"), ("A", "B")]);
    // Back to A and to itself, by the keys that A has already.
    let again = repository.delegations("targets").roles[0].clone();
    let own = repository.delegations("A").clone();
    let keys = repository.delegations("targets").keys.clone();
    let delegations = repository.delegations("B");
    delegations.keys.extend(keys);
    delegations.keys.extend(own.keys);
    delegations.roles = vec![again, own.roles[0].clone()];
    repository.publish();
    assert_eq!(order(&repository, "x"), ["A", "B"]);
}

#[test]
fn a_search_asks_a_bounded_number_of_roles() {
    let mut repository = Repository::new();
    let mut delegator = "targets".to_owned();
    for number in 0..40 {
        let role = format!("R{number}");
        repository.delegate(&delegator, &role, &["*"], 20 + number);
        delegator = role;
    }
    repository.publish();
    let (asked, found) = search(&repository, "x");
    assert_eq!(
        refusal(found),
        ("R31".to_owned(), Rule::TooManyRoles { asked: 32 })
    );
    assert_eq!(asked.len(), 31, "the top one was asked already");
}

#[test]
fn the_first_role_that_lists_a_name_decides() {
    let mut repository = tree(&[("targets", "A"), ("targets", "B")]);
    for (role, bytes) in [("A", b"of A"), ("B", b"of B")] {
        let targets = repository.delegated.get_mut(role).expect("it is delegated");
        targets.targets.insert("x".to_owned(), target(bytes));
    }
    repository.publish();
    let (asked, found) = search(&repository, "x");
    let found = found.expect("they are honest").expect("it is listed");
    assert_eq!(
        (found.role(), found.hashes()),
        (&RoleName("A".to_owned()), &Hashes::of(b"of A"))
    );
    assert_eq!(asked, ["A"]);
}

#[test]
fn a_role_is_believed_only_for_its_names() {
    let mut repository = Repository::new();
    repository.delegate("targets", "A", &["a/*"], 20);
    let targets = repository.delegated.get_mut("A").expect("it is delegated");
    targets.targets.insert("b/x".to_owned(), target(b"x"));
    targets.targets.insert("a/x/y".to_owned(), target(b"x"));
    repository.publish();
    assert!(order(&repository, "b/x").is_empty());
    assert!(order(&repository, "a/x/y").is_empty());
    assert_eq!(order(&repository, "a/x"), ["A"]);
}

#[test]
fn names_may_be_shared_out_by_their_hash() {
    let hashes = Hashes::of(b"some/name");
    let hash = hashes.sha256().expect("it is told").to_owned();
    let mut repository = tree(&[("targets", "A"), ("targets", "B")]);
    let roles = &mut repository.delegations("targets").roles;
    roles[0].scope = Scope::HashPrefixes(vec!["zz".to_owned(), hash[..3].to_uppercase() + "!"]);
    roles[1].scope = Scope::HashPrefixes(vec!["zz".to_owned(), hash[..3].to_owned()]);
    repository.publish();
    assert_eq!(order(&repository, "some/name"), ["B"]);
}

#[test]
fn a_role_that_the_snapshot_does_not_list_is_not_asked() {
    let mut repository = tree(&[("targets", "A")]);
    repository.publish();
    repository.snapshot.meta.remove("A.json");
    repository.publish_snapshot();
    let (asked, found) = search(&repository, "x");
    assert_eq!(refusal(found), ("A".to_owned(), Rule::NotInSnapshot));
    assert!(asked.is_empty());
}

#[test]
fn a_delegated_role_keeps_every_rule() {
    let mut repository = tree(&[("targets", "A")]);
    repository.telling = Telling::Bytes;
    repository
        .delegated
        .get_mut("A")
        .expect("it is delegated")
        .expires = PAST;
    repository.publish();
    let (_, found) = search(&repository, "x");
    assert!(matches!(refusal(found).1, Rule::Expired { .. }));
    repository
        .delegated
        .get_mut("A")
        .expect("it is delegated")
        .expires = FUTURE;
    repository.publish();
    let honest = repository.file("1.A.json");

    repository.put("1.A.json", [honest.as_slice(), b" "].concat());
    assert!(matches!(
        refusal(search(&repository, "x").1).1,
        Rule::TooLong { .. }
    ));
    let mut moved = honest.clone();
    moved.pop();
    moved.insert(0, b' ');
    repository.put("1.A.json", moved);
    assert_eq!(refusal(search(&repository, "x").1).1, Rule::Hash);

    // Told by version only, as some repositories do.
    repository.telling = Telling::Versions;
    repository.publish();
    let mut other = empty_targets();
    other.version = version(2);
    repository.put("1.A.json", sign(&other, &[20]));
    assert!(matches!(
        refusal(search(&repository, "x").1).1,
        Rule::Version { .. }
    ));
    repository.put("1.A.json", sign(&empty_targets(), &[4]));
    assert!(matches!(
        refusal(search(&repository, "x").1).1,
        Rule::Threshold { .. }
    ));
    repository.put("1.A.json", honest);
    search(&repository, "x").1.expect("an honest refresh works");
}

/// A trusts one key with the role, B another one. What verified through A does not through B.
#[test]
fn a_role_is_verified_through_each_that_delegates_to_it() {
    let mut repository = Repository::new();
    repository.delegate("targets", "A", &["a/*"], 20);
    repository.delegate("targets", "B", &["b/*"], 21);
    repository.delegate("A", "both", &["a/*"], 22);
    repository.delegate("B", "both", &["b/*"], 23);
    repository.signers.insert("both".to_owned(), vec![22]);
    let targets = repository
        .delegated
        .get_mut("both")
        .expect("it is delegated");
    for name in ["a/x", "b/x"] {
        targets.targets.insert(name.to_owned(), target(b"x"));
    }
    repository.publish();
    let device = Device::refreshed(&repository);
    let mut client = device.client(&repository);
    assert!(
        client
            .target_info("a/x")
            .expect("A trusts key 22")
            .is_some()
    );
    let (role, rule) = refusal(client.target_info("b/x"));
    assert_eq!(
        (role.as_str(), rule),
        (
            "both",
            Rule::Threshold {
                signed: 0,
                needed: 1
            }
        )
    );
    assert!(
        client
            .target_info("a/x")
            .expect("A trusts it still")
            .is_some()
    );
}

#[test]
fn delegations_of_another_form_are_refused() {
    let mut repository = tree(&[("targets", "A"), ("targets", "B")]);
    let device = Device::refreshed(&repository);
    repository.targets.version = version(2);
    repository.release();
    let honest = serde_json::to_value(&repository.targets).expect("it is JSON");
    let file = format!("{}.targets.json", repository.targets.version);
    for (pointer, value) in [
        ("/delegations/roles/1/name", json!("A")),
        ("/delegations/roles/0/name", json!("")),
        ("/delegations/roles/0/name", json!("root")),
        ("/delegations/roles/0/name", json!("targets")),
        ("/delegations/roles/0/threshold", json!(0)),
        ("/delegations/roles/0/threshold", json!(-1)),
        ("/delegations/roles/0/paths", json!(null)),
        ("/delegations/roles/0/paths", json!("*")),
        ("/delegations/roles/0/terminating", json!("no")),
        ("/delegations/roles", json!({})),
        ("/delegations", json!({})),
    ] {
        let mut bent = honest.clone();
        *bent.pointer_mut(pointer).expect(pointer) = value;
        repository.put(&file, sign_value(bent, &[4]));
        let (role, rule) = device.refusal(&repository);
        assert_eq!(role, "targets");
        assert!(matches!(rule, Rule::Malformed(_)), "{pointer}: {rule}");
    }
    let mut bent = honest.clone();
    bent["delegations"]["roles"][0]["path_hash_prefixes"] = json!(["00"]);
    repository.put(&file, sign_value(bent, &[4]));
    assert!(
        device
            .refusal(&repository)
            .1
            .to_string()
            .contains("exclude each other")
    );
    repository.put(&file, sign_value(honest, &[4]));
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}

/// A list is what a search would find: nothing beyond the role's scope, nothing that somebody
/// before it answers for, no name that leads out of its directory.
#[test]
fn a_role_lists_what_it_is_trusted_with_and_nothing_else() {
    let mut repository = Repository::new();
    repository.delegate("targets", "A", &["shared/*"], 20);
    repository.delegate("targets", "B", &["system/*", "shared/*"], 21);
    let b = repository.delegated.get_mut("B").expect("it is delegated");
    for name in ["system/1", "system/2", "system/..", "snaps/1", "shared/1"] {
        b.targets.insert(name.to_owned(), target(name.as_bytes()));
    }
    repository
        .targets
        .targets
        .insert("system/2".to_owned(), target(b"the top role's"));
    repository.publish();
    let device = Device::refreshed(&repository);
    let mut client = device.client(&repository);
    let listed = client.targets_of(&RoleName("B".to_owned()));
    let listed = listed.expect("all of it is honest").expect("a role");
    let names: Vec<_> = listed.iter().map(TargetFile::name).collect();
    assert_eq!(names, ["system/1"]);
    assert_eq!(listed[0].length_bytes(), 8);
    assert_eq!(listed[0].hashes(), &Hashes::of(b"system/1"));
    assert_eq!(
        listed.first().cloned(),
        client.target_info("system/1").expect("honest")
    );
    let nobody = client.targets_of(&RoleName("C".to_owned()));
    assert_eq!(nobody.expect("all of it is honest"), None);
}
