"""What a thief of the online keys (timestamp and snapshot) can do: nothing but stop time.

Every attempt is signed with both stolen keys where they are of any use, and none installs
anything: `evil.txt` is never readable, and `hello.txt` is never other than it was signed.
"""

from collections.abc import Callable

from .case import Case, attack
from .keys import test_key, test_keys
from .repository import NOW, Files, Forgery, Repository, dump, signatures, target_path

STOLEN = test_keys("timestamp", "snapshot")
HELLO = target_path("hello.txt", b"hello\n")
NO_EVIL = {"hello.txt": "read", "evil.txt": "not-found"}


def evil_targets(repository: Repository, **changes) -> dict:
    """The targets as they are, and a target of the thief's."""
    signed = repository.targets.to_dict() | changes
    digest = target_path("evil.txt", b"evil\n").removeprefix("targets/").split(".")[0]
    signed["targets"] = signed["targets"] | {
        "evil.txt": {"length": 5, "hashes": {"sha256": digest}}}
    return signed


def by_stolen_keys(signed: dict, rename: Callable[[int], str] | None = None) -> bytes:
    entries = signatures(signed, STOLEN)
    if rename:
        for number, entry in enumerate(entries):
            entry["keyid"] = rename(number)
    return dump({"signatures": entries, "signed": signed})


@attack
def stolen_online_keys(case: Case) -> None:
    """Both online keys are stolen. Twenty-odd attempts to have something installed with them."""
    repository = Repository()
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    old = repository.publish()
    repository.bump("publisher").advance()
    case.honest("honest-newer", **{"app.txt": "read"})
    repository.bump("timestamp", "snapshot")
    files = {target_path("evil.txt", b"evil\n"): b"evil\n"}

    forge_targets(case, repository, files)
    forge_root(case, repository, files)
    point_elsewhere(case, repository, old | files)
    forge_delegated(case, repository, files)
    swap_contents(case, repository, files)
    enlist(case, repository, files)

    for role in ("timestamp", "snapshot"):
        repository.trust(role, test_key(f"{role}-new"))
    repository.rotate_root()
    repository.advance()
    case.honest("honest-again", **{"app.txt": "read"})


def next_targets(repository: Repository, data: bytes) -> Files:
    """The next targets are this file, and the stolen keys vouch for it, with its length and digest."""
    honest, version = repository.pinned, repository.targets.version
    repository.targets.version += 1
    repository.pinned = True
    files = repository.publish(targets=Forgery(raw=lambda _data: data))
    repository.pinned, repository.targets.version = honest, version
    return files


def forge_targets(case: Case, repository: Repository, extra: Files) -> None:
    version = repository.targets.version + 1
    evil = evil_targets(repository, version=version)
    real = test_key("targets").public_key.keyid
    attempts = {
        "targets-by-online-keys": by_stolen_keys(evil),
        "targets-in-the-name-of-their-key": by_stolen_keys(
            evil, lambda number: real if number == 0 else "0" * 64),
        "targets-by-nobody": dump({"signatures": [], "signed": evil}),
        "targets-with-an-old-signature": dump({
            "signatures": signatures(repository.targets.to_dict(), test_keys("targets")),
            "signed": evil}),
        "targets-that-bring-their-own-key": by_stolen_keys(evil | {
            "keys": {real: STOLEN[0].public_key.to_dict()},
            "roles": {"targets": {"keyids": [real], "threshold": 1}}}),
        "targets-beside-genuine-ones": dump({
            "signatures": signatures(repository.targets.to_dict(), test_keys("targets")),
            "signed": evil, "Signed": repository.targets.to_dict()}),
        "targets-delegating-everything": by_stolen_keys(
            repository.targets.to_dict() | {"version": version, "delegations": {
                "keys": {STOLEN[0].public_key.keyid: STOLEN[0].public_key.to_dict()},
                "roles": [{"name": "evil", "keyids": [STOLEN[0].public_key.keyid],
                           "threshold": 1, "paths": ["*"], "terminating": True}]}}),
    }
    for name, data in attempts.items():
        case.refuse(f"attack-{name}", next_targets(repository, data) | extra,
                    "targets", "threshold")
        repository.bump("timestamp", "snapshot")


def forge_root(case: Case, repository: Repository, extra: Files) -> None:
    own = Forgery(signers=STOLEN)

    def usurp(signed: dict) -> None:
        key = STOLEN[0].public_key
        signed["keys"][key.keyid] = key.to_dict()
        for role in signed["roles"].values():
            role.update(keyids=[key.keyid], threshold=1)

    for name, forgery in (
            ("root-by-online-keys", own),
            ("root-that-trusts-online-keys", Forgery(signers=STOLEN, signed=usurp)),
            ("root-by-one-root-key-and-online-keys",
             Forgery(signers=[*STOLEN, test_key("root-1")], signed=usurp))):
        files = repository.publish() | repository.forged_root(2, forgery) | extra
        case.refuse(f"attack-{name}", files, "root", "threshold")
    case.refuse("attack-snapshot-as-root", repository.publish() | extra | {
        "2.root.json": by_stolen_keys(repository.snapshot.to_dict())},
        "root", "threshold")


def point_elsewhere(case: Case, repository: Repository, old: Files) -> None:
    def listing(role: str, change) -> Forgery:
        return Forgery(signed=lambda signed: change(signed["meta"]))

    for name, role, rule, change in (
            ("older-targets", "snapshot", "rollback",
             lambda meta: meta["targets.json"].update(version=1)),
            ("older-publisher", "snapshot", "rollback",
             lambda meta: meta["publisher.json"].update(version=1)),
            ("no-targets", "snapshot", "removed",
             lambda meta: meta.pop("targets.json")),
            ("no-publisher", "snapshot", "removed",
             lambda meta: meta.pop("publisher.json")),
            ("nothing", "snapshot", "removed", lambda meta: meta.clear())):
        files = old | repository.publish(snapshot=listing(role, change))
        case.refuse(f"attack-{name}", files, role, rule)
        repository.bump("timestamp", "snapshot")
    files = old | repository.publish(timestamp=listing(
        "timestamp", lambda meta: meta["snapshot.json"].update(version=1)))
    case.refuse("attack-older-snapshot", files, "timestamp", "rollback")
    files = repository.publish(timestamp=listing("timestamp", lambda meta: meta.update({
        "targets.json": {"version": 9}, "evil.json": {"version": 1}})))
    case.accept("attack-timestamp-lists-targets", old | files, targets=NO_EVIL)
    repository.bump("timestamp", "snapshot")


def forge_delegated(case: Case, repository: Repository, extra: Files) -> None:
    evil = evil_targets(repository, version=2)
    evil["targets"]["app.txt"] = evil["targets"]["evil.txt"]
    files = repository.publish(publisher=Forgery(raw=lambda _data: by_stolen_keys(evil)))
    case.accept("attack-publisher-by-online-keys", files | extra, targets=NO_EVIL)
    repository.bump("timestamp", "snapshot")


def swap_contents(case: Case, repository: Repository, extra: Files) -> None:
    files = repository.publish() | extra
    for name, content, rule in (("other-content", b"evil!\n", "hash"),
                                ("longer-content", b"hello\nevil\n", "length"),
                                ("shorter-content", b"hell", "length")):
        case.accept(f"attack-{name}", files | {HELLO: content}, targets={
            "hello.txt": rule, "evil.txt": "not-found"})
    repository.bump("timestamp", "snapshot")

    def embed(signed: dict) -> None:
        signed["targets"] = evil_targets(repository)["targets"]

    files = repository.publish(timestamp=Forgery(signed=embed), snapshot=Forgery(signed=embed))
    case.accept("attack-targets-inside-online-roles", files | extra, targets=NO_EVIL)
    repository.bump("timestamp", "snapshot")


def enlist(case: Case, repository: Repository, extra: Files) -> None:
    """Comes last: once the snapshot has listed a role, it can only be forgotten with the keys."""
    evil = evil_targets(repository, version=1)

    def add(signed: dict) -> None:
        signed["meta"]["evil.json"] = {"version": 1}

    files = repository.publish(snapshot=Forgery(signed=add))
    files["1.evil.json"] = by_stolen_keys(evil)
    case.accept("attack-role-that-nobody-delegated", files | extra, targets=NO_EVIL)
    repository.bump("timestamp", "snapshot")


@attack
def stolen_online_keys_freeze(case: Case) -> None:
    """Stolen online keys keep old targets looking fresh, until the targets themselves expire."""
    repository = case.start()
    late = NOW.replace(year=2032)
    for role in ("timestamp", "snapshot"):
        repository.role(role).expires = NOW.replace(year=2040)
        repository.bump(role)
    case.accept("attack-fresh-for-ten-years", repository.publish(), targets={"hello.txt": "read"})
    repository.root.expires = NOW.replace(year=2040)
    repository.rotate_root()
    case.refuse("attack-after-the-targets-expired", repository.publish(), "targets", "expired",
                now=late)
    repository.targets.expires = NOW.replace(year=2033)
    for role in ("timestamp", "snapshot"):
        repository.trust(role, test_key(f"{role}-new"))
    repository.rotate_root()
    repository.advance()
    case.honest("honest-again", now=late)
