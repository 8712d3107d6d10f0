"""Attacks by and on delegated roles: loops, depth, foreign paths, foreign keys, old files."""

from hashlib import sha256

from .case import Case, attack
from .keys import test_key
from .repository import PAST, Forgery, Repository

NOT_FOUND = "not-found"
TOO_MANY = "too-many-roles"
HELLO = {"hello.txt": "read"}


@attack
def delegation_loop(case: Case) -> None:
    """Two roles delegate everything to each other, and one to itself."""
    repository = Repository()
    repository.delegate("first", "*.txt")
    repository.delegate("second", "*.txt", by="first", found=b"found\n")
    repository.delegate("first", "*.txt", by="second")
    repository.delegate("second", "*.txt", by="second")
    case.start(repository)
    case.accept("attack", repository.publish(), targets=HELLO | {
        "absent.txt": NOT_FOUND, "found.txt": "read"})
    case.end()


@attack
def delegation_depth(case: Case) -> None:
    """A chain of forty roles, each of which delegates to the next one, with a target at its end."""
    repository = case.start()
    repository.advance()
    by = "targets"
    for depth in range(40):
        name = f"depth-{depth:02}"
        repository.delegate(name, "*.txt", by=by)
        by = name
    repository.add_target("deep.txt", b"deep\n", role=by)
    case.accept("attack", repository.publish(), targets=HELLO | {"deep.txt": TOO_MANY})
    case.end()


@attack
def delegation_width(case: Case) -> None:
    """Forty roles side by side may know a target; only the last one does."""
    repository = case.start()
    repository.advance()
    for number in range(40):
        repository.delegate(f"wide-{number:02}", "*.txt")
    repository.add_target("wide.txt", b"wide\n", role="wide-39")
    case.accept("attack", repository.publish(), targets=HELLO | {"wide.txt": TOO_MANY})
    case.end()


@attack
def terminating_delegation(case: Case) -> None:
    """A terminating role does not know a target; a later role does, and must not be asked.

    Nor may it be if the terminating role lies below an earlier one that ends nothing.
    """
    repository = Repository()
    repository.delegate("middle", "net*")
    repository.delegate("below", "net*", by="middle", terminating=True)
    repository.delegate("ends", "app*", terminating=True, apple=b"of ends\n")
    repository.delegate("later", "*", app=b"of later\n", other=b"of later\n", apple=b"of later\n",
                        net=b"of later\n")
    case.start(repository)
    repository.advance()
    case.accept("attack", repository.publish(), targets=HELLO | {
        "app.txt": NOT_FOUND, "apple.txt": "read", "other.txt": "read", "net.txt": NOT_FOUND})
    case.end()


@attack
def target_outside_the_delegated_paths(case: Case) -> None:
    """A publisher lists targets that were not delegated to it."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    for name in ("other.txt", "hello.txt", "app/inside.txt", "APP.txt"):
        repository.add_target(name, b"evil\n", role="publisher")
    repository.bump("publisher").advance()
    case.accept("attack", repository.publish(), targets=HELLO | {
        "app.txt": "read", "other.txt": NOT_FOUND, "app/inside.txt": NOT_FOUND,
        "APP.txt": NOT_FOUND})
    case.end()


@attack
def delegation_handed_on_too_widely(case: Case) -> None:
    """A publisher may sign `app*` and hands on everything to a role of its own."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    repository.delegate("friend", "*", by="publisher", other=b"evil\n", apple=b"two\n")
    case.start(repository)
    repository.advance()
    case.accept("attack", repository.publish(), targets=HELLO | {
        "app.txt": "read", "apple.txt": "read", "other.txt": NOT_FOUND})
    case.end()


@attack
def delegated_role_trusted_by_another(case: Case) -> None:
    """One role is delegated twice, with other keys. What the one trusts the other does not."""
    repository = Repository()
    repository.delegate("first", "one*")
    repository.delegate("second", "two*")
    repository.delegate("shared", "*", by="first", one=b"one\n", two=b"two\n")
    case.start(repository)
    repository.bump("second").advance()
    repository.delegate("shared", "*", by="second")
    delegations = repository.delegated["second"].delegations
    delegations.roles["shared"].keyids = []
    delegations.keys = {}
    repository.delegated["second"].add_key(test_key("another").public_key, "shared")
    case.accept("attack", repository.publish(), targets={
        "one.txt": "read", "two.txt": "threshold", "hello.txt": "read"})
    repository.delegated["second"].delegations = None
    repository.bump("second")
    case.end()


@attack
def delegation_withdrawn(case: Case) -> None:
    """A publisher was trusted, and the client still has its file. Its key, or all of it, goes."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    case.honest("honest-kept", **{"app.txt": "read"})
    delegations = repository.targets.delegations
    delegations.roles["publisher"].keyids = []
    repository.targets.add_key(test_key("publisher-new").public_key, "publisher")
    repository.advance()
    case.accept("attack-by-the-old-key", repository.publish(), targets=HELLO | {
        "app.txt": "threshold"})
    repository.targets.delegations = None
    repository.advance()
    case.accept("attack-by-nobody", repository.publish(), targets=HELLO | {"app.txt": NOT_FOUND})
    repository.targets.delegations = delegations
    repository.signers["publisher"] = [test_key("publisher-new")]
    repository.bump("publisher").advance()
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def target_outside_the_delegated_hash_prefixes(case: Case) -> None:
    """A publisher lists targets whose names' digests were not delegated to it."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    [role] = repository.targets.delegations.roles.values()
    role.paths, role.path_hash_prefixes = None, [sha256(b"app.txt").hexdigest()[:4]]
    case.start(repository)
    repository.add_target("other.txt", b"evil\n", role="publisher")
    repository.bump("publisher").advance()
    case.accept("attack", repository.publish(), targets=HELLO | {
        "app.txt": "read", "other.txt": NOT_FOUND})
    role.path_hash_prefixes = [sha256(b"app.txt").hexdigest()[:4].upper()]
    repository.advance()
    case.accept("attack-in-capitals", repository.publish(), targets=HELLO | {"app.txt": NOT_FOUND})

    def both(signed: dict) -> None:
        signed["delegations"]["roles"][0].update(paths=["*"])

    def neither(signed: dict) -> None:
        signed["delegations"]["roles"][0].pop("path_hash_prefixes")

    repository.advance()
    for edit in (both, neither):
        case.refuse(f"attack-{edit.__name__}", repository.publish(targets=Forgery(signed=edit)),
                    "targets", "malformed")
    case.honest("honest-again")


def attacked_publisher(case: Case, rule: str, pinned: bool, **forgeries: Forgery) -> None:
    """A publisher's next version is bad in each of these ways. Others' targets stay readable."""
    repository = Repository(pinned=pinned)
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    repository.add_target("app.txt", b"two\n", role="publisher")
    repository.bump("publisher").advance()
    for name, forgery in forgeries.items():
        case.accept(f"attack-{name.replace('_', '-')}", repository.publish(publisher=forgery),
                    targets=HELLO | {"app.txt": rule})
        repository.bump("snapshot", "timestamp")
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def delegated_role_expired(case: Case) -> None:
    """A publisher's file has expired."""
    ends = PAST.strftime("%Y-%m-%dT%H:%M:%SZ")
    attacked_publisher(case, "expired", False, expired=Forgery(
        signed=lambda signed: signed.update(expires=ends)))


@attack
def delegated_role_with_a_foreign_signature(case: Case) -> None:
    """No digest of a publisher's file is signed, and it bears no signature of the publisher's."""
    attacked_publisher(
        case, "threshold", False, unsigned=Forgery(signers=[]),
        stranger=Forgery(signers=[test_key("stranger")]),
        targets_key=Forgery(signers=[test_key("targets")]))


@attack
def delegated_role_of_wrong_shape(case: Case) -> None:
    """A publisher's own key signs lists where objects belong, another type, or no file at all."""
    attacked_publisher(
        case, "malformed", False, no_json=Forgery(raw=lambda _data: b"<html>"),
        targets_list=Forgery(signed=lambda signed: signed.update(targets=[])),
        other_type=Forgery(signed=lambda signed: signed.update(_type="snapshot")),
        other_major=Forgery(signed=lambda signed: signed.update(spec_version="2.0.0")),
        threshold_zero=Forgery(signed=lambda signed: signed.update(delegations={
            "keys": {}, "roles": [{"name": "friend", "keyids": [], "threshold": 0, "paths": ["*"],
                                   "terminating": False}]})))


@attack
def delegated_role_of_another_version(case: Case) -> None:
    """A publisher's file is genuine, and of a version that the snapshot does not list."""
    attacked_publisher(
        case, "version", False,
        older=Forgery(signed=lambda signed: signed.update(version=1)),
        newer=Forgery(signed=lambda signed: signed.update(version=3)))


@attack
def delegated_role_oversized(case: Case) -> None:
    """A publisher's file, with and without a signed length, never ends."""
    for pinned in (True, False):
        repository = Repository(pinned=pinned)
        repository.delegate("publisher", "app*", app=b"one\n")
        if pinned:
            case.start(repository)
        else:
            repository.bump("publisher", "targets", "snapshot", "timestamp", by=2)
        repository.bump("publisher").advance()
        path = f"{repository.role('publisher').version}.publisher.json"
        case.accept("attack-with-length" if pinned else "attack-without-length",
                    repository.publish(), endless=[path],
                    targets=HELLO | {"app.txt": "too-long"})
    case.repository = repository
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def delegated_role_missing_from_the_snapshot(case: Case) -> None:
    """A role is delegated that the snapshot never listed."""
    repository = Repository()
    case.start(repository)
    repository.delegate("publisher", "app*", app=b"one\n")
    repository.advance()
    drop = Forgery(signed=lambda signed: signed["meta"].pop("publisher.json"))
    case.accept("attack", repository.publish(snapshot=drop), targets=HELLO | {
        "app.txt": "not-in-snapshot"})
    repository.bump("snapshot", "timestamp")
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def delegated_role_named_like_a_top_level_role(case: Case) -> None:
    """A role is delegated under a name whose file would be taken for a top-level role's."""
    repository = case.start()
    repository.advance()
    for name in ("root", "timestamp", "snapshot", "targets"):
        def rename(signed: dict) -> None:
            key = test_key("publisher").public_key
            signed["delegations"] = {"keys": {key.keyid: key.to_dict()}, "roles": [
                {"name": name, "keyids": [key.keyid], "threshold": 1, "paths": ["app*"],
                 "terminating": False}]}
        case.refuse(f"attack-{name}", repository.publish(targets=Forgery(signed=rename)),
                    "targets", "malformed")
    case.honest("honest-again")


@attack
def delegation_threshold(case: Case) -> None:
    """A delegation asks for no key, for -1, for the same one twice, or for more than it lists."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    repository.bump("publisher").advance()

    def edit(change: dict) -> Forgery:
        return Forgery(signed=lambda signed: signed["delegations"]["roles"][0].update(change))

    keyid = test_key("publisher").public_key.keyid
    for name, change in (("zero", {"threshold": 0}), ("negative", {"threshold": -1})):
        case.refuse(f"attack-{name}", repository.publish(targets=edit(change)),
                    "targets", "malformed")
    for name, change in (("above-the-keys", {"threshold": 2}),
                         ("keyid-twice", {"threshold": 2, "keyids": [keyid, keyid]})):
        case.accept(f"attack-{name}", repository.publish(targets=edit(change)),
                    targets=HELLO | {"app.txt": "threshold"})
        repository.bump("targets", "snapshot", "timestamp")
    case.honest("honest-again", **{"app.txt": "read"})
