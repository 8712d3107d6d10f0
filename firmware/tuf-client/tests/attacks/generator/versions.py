"""Attacks with old, frozen, mixed or skipped versions, and with clocks."""

from datetime import timedelta

from .case import Case, attack
from .keys import test_key, test_keys
from .repository import EXPIRES, NOW, PAST, Forgery, Repository

DAY = timedelta(days=1)


@attack
def freeze(case: Case) -> None:
    """The mirror serves the old timestamp for ever, past its end."""
    repository = case.start()
    repository.timestamp.expires = NOW + DAY
    repository.bump("timestamp")
    case.honest("honest-short-lived")
    case.refuse("attack", repository.publish(), "timestamp", "expired", now=NOW + 2 * DAY)
    repository.timestamp.expires = EXPIRES
    repository.advance()
    case.honest("honest-again", now=NOW + 2 * DAY)


@attack
def expired_root(case: Case) -> None:
    """The newest root that the mirror shows has expired."""
    repository = case.start()
    repository.root.expires = PAST
    repository.rotate_root()
    case.refuse("attack", repository.publish(), "root", "expired")
    repository.root.expires = EXPIRES
    repository.rotate_root()
    case.end()


@attack
def expired_root_in_between(case: Case) -> None:
    """No attack: roots on the way to the newest one may have expired."""
    repository = case.start()
    repository.root.expires = PAST
    for _ in range(3):
        repository.rotate_root()
    repository.root.expires = EXPIRES
    repository.rotate_root()
    case.end()


def expired(case: Case, role: str) -> None:
    repository = case.start()
    repository.advance()
    repository.role(role).expires = PAST
    case.refuse("attack", repository.publish(), role, "expired")
    repository.role(role).expires = NOW
    case.refuse("attack-this-second", repository.publish(), role, "expired")
    repository.role(role).expires = EXPIRES
    repository.advance()
    case.honest("honest-again")


@attack
def expired_timestamp(case: Case) -> None:
    """A newer timestamp that has expired, or expires this second."""
    expired(case, "timestamp")


@attack
def expired_snapshot(case: Case) -> None:
    """A newer snapshot that has expired, or expires this second."""
    expired(case, "snapshot")


@attack
def expired_targets(case: Case) -> None:
    """Newer targets that have expired, or expire this second."""
    expired(case, "targets")


@attack
def rollback_root(case: Case) -> None:
    """Under the next root's name lies an older one, or the one that is trusted now."""
    repository = case.start()
    second = repository.rotate_root()
    third = repository.rotate_root()
    case.honest("honest-rotation")
    for name, old in (("trusted-root", repository.trusted_root), ("second", second),
                      ("same", third)):
        case.refuse(f"attack-{name}", repository.publish() | {"4.root.json": old},
                    "root", "version")
    case.end()


@attack
def rollback_timestamp(case: Case) -> None:
    """The mirror shows an older timestamp that was genuine once, of an older snapshot or of this one."""
    repository = case.start()
    first = repository.publish()
    repository.advance()
    case.honest("honest-newer")
    second = repository.publish()
    repository.bump("timestamp")
    case.honest("honest-same-snapshot")
    for name, old in (("of-an-older-snapshot", first), ("of-this-snapshot", second)):
        case.refuse(f"attack-{name}", {"timestamp.json": old["timestamp.json"]},
                    "timestamp", "rollback")
    case.end()


@attack
def rollback_snapshot(case: Case) -> None:
    """A newer timestamp points to an older snapshot."""
    repository = case.start()
    old = repository.publish()
    repository.advance()
    case.honest("honest-newer")
    repository.bump("timestamp")
    back = Forgery(signed=lambda signed: signed["meta"]["snapshot.json"].update(version=1))
    case.refuse("attack", old | repository.publish(timestamp=back), "timestamp", "rollback")
    case.end()


@attack
def rollback_targets(case: Case) -> None:
    """A newer snapshot points to older targets."""
    repository = case.start()
    old = repository.publish()
    repository.advance()
    case.honest("honest-newer")
    repository.bump("snapshot", "timestamp")
    back = Forgery(signed=lambda signed: signed["meta"]["targets.json"].update(version=1))
    case.refuse("attack", old | repository.publish(snapshot=back), "snapshot", "rollback")
    case.end()


@attack
def rollback_delegated(case: Case) -> None:
    """A newer snapshot points to an older delegated role."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    old = repository.publish()
    repository.add_target("app.txt", b"two\n", role="publisher")
    repository.bump("publisher").advance()
    case.honest("honest-newer", **{"app.txt": "read"})
    repository.bump("snapshot", "timestamp")
    back = Forgery(signed=lambda signed: signed["meta"]["publisher.json"].update(version=1))
    case.refuse("attack", old | repository.publish(snapshot=back), "snapshot", "rollback")
    case.end()


@attack
def missing_snapshot_entry(case: Case) -> None:
    """A newer snapshot no longer lists a role that it listed: targets, then a delegated one."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    repository.advance()
    for role in ("targets", "publisher"):
        drop = Forgery(signed=lambda signed: signed["meta"].pop(f"{role}.json"))
        case.refuse(f"attack-{role}", repository.publish(snapshot=drop),
                    "snapshot", "removed")
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def same_version_other_contents(case: Case) -> None:
    """A timestamp of the trusted version says something else. A client keeps what it has."""
    repository = case.start()
    repository.advance()
    case.honest("honest-newer")
    trusted = repository.versions()
    other = Forgery(signed=lambda signed: signed["meta"]["snapshot.json"].update(version=1))
    case.accept("attack", repository.publish(timestamp=other), trusted=trusted)
    case.end()


def fast_forwarded(case: Case, *replaced: str) -> None:
    repository = case.start()
    honest = repository.versions()
    highest = 2**53 - 1
    repository.timestamp.version = repository.snapshot.version = highest
    case.accept("attack", repository.publish(), trusted=repository.versions())
    repository.timestamp.version, repository.snapshot.version = (
        honest["timestamp"] + 1, honest["snapshot"] + 1)
    repository.bump("targets")
    case.refuse("honest-looks-old", repository.publish(), "timestamp", "rollback")
    for role in replaced:
        repository.trust(role, test_key(f"{role}-new"))
    repository.rotate_root()
    case.end()


@attack
def fast_forward(case: Case) -> None:
    """Stolen online keys sign the highest versions, so that honest ones look old for ever.

    New online keys in a new root end it: the client forgets what the old keys said.
    """
    fast_forwarded(case, "timestamp", "snapshot")


@attack
def fast_forward_ended_by_a_timestamp_key(case: Case) -> None:
    """As before; the timestamp's key alone is replaced, and what both roles said is forgotten."""
    fast_forwarded(case, "timestamp")


@attack
def fast_forward_ended_by_a_snapshot_key(case: Case) -> None:
    """As before; the snapshot's key alone is replaced, and what both roles said is forgotten."""
    fast_forwarded(case, "snapshot")


@attack
def fast_forward_of_targets(case: Case) -> None:
    """A stolen snapshot key lists targets of the highest version, after the real ones were taken.

    There are no such targets; a client that kept that snapshot would call honest ones old.
    """
    repository = case.start()
    repository.advance()
    ahead = Forgery(signed=lambda signed: signed["meta"]["targets.json"].update(version=2**52))
    case.refuse("attack", repository.publish(snapshot=ahead), "targets", "fetch")
    repository.trust("snapshot", test_key("snapshot-new"))
    repository.trust("timestamp", test_key("timestamp-new"))
    repository.rotate_root()
    case.end()


@attack
def mix_and_match(case: Case) -> None:
    """Files of different days, each one genuine, are served as if of one day."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    old = repository.publish()
    repository.bump("publisher").advance()
    new = repository.publish()
    for role in ("snapshot", "targets"):
        mixed = new | {f"2.{role}.json": old[f"1.{role}.json"]}
        case.refuse(f"attack-{role}", mixed, role, "version")
    mixed = new | {"2.publisher.json": old["1.publisher.json"]}
    case.accept("attack-delegated", mixed, targets={
        "hello.txt": "read", "app.txt": "version"})
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def mix_and_match_without_consistent_snapshots(case: Case) -> None:
    """As before, in a repository whose files do not have their version or digest in their names."""
    repository = Repository()
    repository.root.consistent_snapshot = False
    repository.rotate_root()
    case.start(repository)
    old = repository.publish()
    repository.advance()
    new = repository.publish()
    for role in ("snapshot", "targets"):
        case.refuse(f"attack-{role}", new | {f"{role}.json": old[f"{role}.json"]}, role, "version")
    case.accept("attack-target", new | {"targets/hello.txt": b"hellO\n"}, targets={
        "hello.txt": "hash", "news.txt": "read"})
    case.honest("honest-again")


@attack
def root_version_skipped(case: Case) -> None:
    """Under the next root's name lies one of a version that is not the trusted one plus one."""
    repository = case.start()
    repository.rotate_root()
    case.honest("honest-rotation")
    for name, version in (("two-on", 4), ("one-back", 1), ("equal", 2), ("highest", 2**53 - 1),
                          ("one-above-31-bits", 2**31 + 3), ("one-above-32-bits", 2**32 + 3)):
        root = repository.forged_root(version)[f"{version}.root.json"]
        case.refuse(f"attack-{name}", repository.publish() | {"3.root.json": root},
                    "root", "version")
    root = repository.forged_root(2**64 - 1)[f"{2**64 - 1}.root.json"]
    case.refuse("attack-beyond-counting", repository.publish() | {"3.root.json": root},
                "root", "malformed")
    case.end()


@attack
def root_fork(case: Case) -> None:
    """There are two second roots, as old keys were stolen. The third of the other line is refused."""
    repository = case.start()
    other = Repository()
    repository.trust("root", *test_keys("root-3", "root-4"), threshold=2)
    repository.rotate_root(*test_keys("root-1", "root-2"))
    repository.advance()
    case.honest("honest-rotation")
    other.trust("root", *test_keys("mallory-1", "mallory-2"), threshold=2)
    fork = {"2.root.json": other.rotate_root(*test_keys("root-1", "root-2"))}
    other.rotate_root()
    case.refuse("attack", repository.publish() | fork | other.roots, "root", "threshold")
    case.accept("attack-second-again", repository.publish() | fork,
                trusted=repository.versions())
    case.end()
