"""Attacks on bytes: files without end, of another length, with other contents, odd digests."""

from hashlib import sha256

from .case import Case, attack
from .repository import Forgery, Repository, target_path

HELLO = target_path("hello.txt", b"hello\n")


@attack
def endless_data(case: Case) -> None:
    """A file never ends: the root, each role after it, and a target."""
    repository = case.start()
    second = repository.forged_root(2)
    case.refuse("attack-root", repository.publish() | second, "root", "too-long",
                endless=second)
    repository.advance()
    files = repository.publish()
    for path, role in (("timestamp", "timestamp"), ("2.snapshot", "snapshot"),
                       ("2.targets", "targets")):
        case.refuse(f"attack-{role}", files, role, "too-long", endless=[f"{path}.json"])
    case.accept("attack-target", files, endless=[HELLO], targets={
        "hello.txt": "length", "news.txt": "read"})
    case.honest("honest-again")


@attack
def endless_data_behind_a_length(case: Case) -> None:
    """A file whose length is signed never ends."""
    repository = case.start(Repository(pinned=True))
    repository.advance()
    files = repository.publish()
    for role in ("snapshot", "targets"):
        case.refuse(f"attack-{role}", files, role, "too-long",
                    endless=[f"2.{role}.json"])
    case.honest("honest-again")


@attack
def wrong_length(case: Case) -> None:
    """A file is one byte longer or shorter than was signed."""
    repository = case.start(Repository(pinned=True))
    repository.advance()
    files = repository.publish()
    for role in ("snapshot", "targets"):
        path = f"2.{role}.json"
        case.refuse(f"attack-{role}-longer", files | {path: files[path] + b"\n"},
                    role, "too-long")
        case.refuse(f"attack-{role}-shorter", files | {path: files[path][:-1]},
                    role, "length")
    for name, content in (("longer", b"hello\n\n"), ("shorter", b"hello"), ("empty", b"")):
        case.accept(f"attack-target-{name}", files | {HELLO: content}, targets={
            "hello.txt": "length", "news.txt": "read"})
    case.honest("honest-again")


@attack
def wrong_hash(case: Case) -> None:
    """A file has the length that was signed, and other bytes."""
    repository = Repository(pinned=True)
    repository.delegate("publisher", "app*", app=b"one\n")
    case.start(repository)
    repository.bump("publisher").advance()
    files = repository.publish()
    for role in ("snapshot", "targets"):
        path = f"2.{role}.json"
        other = files[path].replace(b'{"signatures"', b' "signatures"', 1)
        case.refuse(f"attack-{role}", files | {path: other}, role, "hash")
    path = "2.publisher.json"
    other = files[path].replace(b'{"signatures"', b' "signatures"', 1)
    case.accept("attack-delegated", files | {path: other}, targets={
        "hello.txt": "read", "app.txt": "hash"})
    case.accept("attack-target", files | {HELLO: b"hellO\n"}, targets={
        "hello.txt": "hash", "news.txt": "read"})
    case.honest("honest-again", **{"app.txt": "read"})


@attack
def target_swapped(case: Case) -> None:
    """One genuine target is served in place of another."""
    repository = case.start()
    repository.advance()
    repository.add_target("olleh.txt", b"olleh\n")
    files = repository.publish()
    case.accept("attack", files | {HELLO: b"olleh\n"}, targets={
        "hello.txt": "hash", "olleh.txt": "read"})
    case.honest("honest-again")


@attack
def hash_field(case: Case) -> None:
    """A signed digest is not 64 small hexadecimal digits, or there is none that a client knows."""
    digest = sha256(b"hello\n").hexdigest()
    odd = {
        "space-before": {"sha256": " " + digest},
        "space-after": {"sha256": digest + " "},
        "spaces": {"sha256": " " * 64},
        "upper-case": {"sha256": digest.upper()},
        "short": {"sha256": digest[:-2]},
        "half": {"sha256": digest[:32]},
        "long": {"sha256": digest + "00"},
        "empty": {"sha256": ""},
        "not-hexadecimal": {"sha256": "zz" + digest[2:]},
        "null": {"sha256": None},
        "no-algorithm": {},
        "list": [digest],
        "text": digest,
    }
    repository = case.start()
    repository.advance()
    for name, hashes in odd.items():
        edit = Forgery(signed=lambda signed: signed["targets"]["hello.txt"].update(hashes=hashes))
        case.refuse(f"attack-{name}", repository.publish(targets=edit), "targets", "malformed")
    case.honest("honest-again")


@attack
def hash_algorithm(case: Case) -> None:
    """The only signed digest of a target is of an algorithm that a client does not know."""
    repository = case.start()
    repository.advance()
    for name, hashes in (("md5", {"md5": "b1946ac92492d2347c6235b4d2611184"}),
                         ("sha256-in-capitals", {"SHA256": sha256(b"hello\n").hexdigest()})):
        edit = Forgery(signed=lambda signed: signed["targets"]["hello.txt"].update(hashes=hashes))
        [algorithm] = hashes
        files = repository.publish(targets=edit)
        files[f"targets/{hashes[algorithm]}.hello.txt"] = b"hello\n"
        case.accept(f"attack-{name}", files, targets={
            "hello.txt": "unknown-hashes", "news.txt": "read"})
        repository.bump("targets", "snapshot", "timestamp")
    case.honest("honest-again")


@attack
def hash_field_of_metadata(case: Case) -> None:
    """The signed digest of the snapshot is not 64 small hexadecimal digits."""
    repository = case.start(Repository(pinned=True))
    repository.advance()
    repository.publish()
    digest = repository.timestamp.snapshot_meta.hashes["sha256"]
    for name, text in (("space-before", " " + digest), ("upper-case", digest.upper()),
                       ("short", digest[:-2]), ("empty", "")):
        edit = Forgery(signed=lambda signed: signed["meta"]["snapshot.json"].update(
            hashes={"sha256": text}))
        case.refuse(f"attack-{name}", repository.publish(timestamp=edit),
                    "timestamp", "malformed")
    case.honest("honest-again")
