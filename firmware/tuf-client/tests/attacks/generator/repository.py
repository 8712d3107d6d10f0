"""A small TUF repository whose honest states python-tuf makes and signs, and its forgeries.

Most repositories leave out the optional lengths and hashes of metadata (`pinned` turns them on):
they would refuse a changed file before the rule under test is reached.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from urllib.parse import quote

from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp,
)

from .keys import test_key, test_keys

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
EXPIRES = NOW + timedelta(days=365)
PAST = NOW - timedelta(days=1)
SPEC_VERSION = "1.0.31"

Files = dict[str, bytes]


def nothing(_value) -> None:
    """The edit that changes nothing."""


@dataclass
class Forgery:
    """How a role's file departs from the honest one, from the inside out."""

    signed: Callable[[dict], None] = nothing
    """Changes what is signed, before it is signed."""
    signers: list[CryptoSigner] | None = None
    """Signs instead of the role's keys."""
    envelope: Callable[[dict], None] = nothing
    """Changes the whole document, after it was signed."""
    raw: Callable[[bytes], bytes] = bytes
    """Changes the text."""


HONEST = Forgery()


def canonical(value) -> bytes:
    return encode_canonical(value).encode()


def dump(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def signatures(signed: dict, signers: list[CryptoSigner]) -> list[dict]:
    return [signer.sign(canonical(signed)).to_dict() for signer in signers]


def forged(signed: dict, signers: list[CryptoSigner], forgery: Forgery = HONEST) -> bytes:
    """The file of a role with these contents, signed by hand."""
    signed = copy.deepcopy(signed)
    forgery.signed(signed)
    signers = signers if forgery.signers is None else forgery.signers
    document = {"signatures": signatures(signed, signers), "signed": signed}
    forgery.envelope(document)
    return forgery.raw(dump(document))


def issue(signed, signers: list[CryptoSigner]) -> bytes:
    """The file of a role as python-tuf's own API signs it."""
    metadata = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return dump(metadata.to_dict())


def pin(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": sha256(data).hexdigest()})


@dataclass
class Repository:
    """Key names are role names; root is held by two keys, both needed."""

    pinned: bool = False
    roots: Files = field(default_factory=dict)
    contents: Files = field(default_factory=dict)
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    delegated: dict[str, Targets] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = Root(1, SPEC_VERSION, EXPIRES, consistent_snapshot=True)
        self.root.unrecognized_fields["x-test-keys"] = "everybody can make these keys"
        self.timestamp = Timestamp(1, SPEC_VERSION, EXPIRES)
        self.snapshot = Snapshot(1, SPEC_VERSION, EXPIRES)
        self.targets = Targets(1, SPEC_VERSION, EXPIRES)
        for role in ("timestamp", "snapshot", "targets"):
            self.trust(role, test_key(role))
        self.trust("root", *test_keys("root-1", "root-2"), threshold=2)
        self.add_target("hello.txt", b"hello\n")
        self.trusted_root = issue(self.root, self.signers["root"])

    def trust(self, role: str, *signers: CryptoSigner, threshold: int = 1) -> None:
        """Makes these the keys of a top-level role, in place of those it had."""
        for keyid in list(self.root.roles[role].keyids):
            self.root.revoke_key(keyid, role)
        for signer in signers:
            self.root.add_key(signer.public_key, role)
        self.root.roles[role].threshold = threshold
        self.signers[role] = list(signers)

    def rotate_root(self, *retiring: CryptoSigner, forgery: Forgery = HONEST) -> bytes:
        """Publishes the next root, signed by its keys and by retiring ones."""
        self.root.version += 1
        signers = self.signers["root"] + list(retiring)
        if forgery is HONEST:
            data = issue(self.root, signers)
        else:
            data = forged(self.root.to_dict(), signers, forgery)
        self.roots[f"{self.root.version}.root.json"] = data
        return data

    def forged_root(self, version: int, forgery: Forgery = HONEST) -> Files:
        """A next root that the repository itself never published."""
        signed = self.root.to_dict() | {"version": version}
        return {f"{version}.root.json": forged(signed, self.signers["root"], forgery)}

    def role(self, name: str):
        return self.delegated[name] if name in self.delegated else getattr(self, name)

    def add_target(self, name: str, content: bytes, role: str = "targets", **custom) -> None:
        info = TargetFile.from_data(name, content, ["sha256"])
        if custom:
            info.unrecognized_fields["custom"] = custom
        self.role(role).targets[name] = info
        self.contents[target_path(name, content)] = content

    def delegate(self, name: str, *paths: str, by: str = "targets", terminating: bool = False,
                 threshold: int = 1, **targets: bytes) -> None:
        """Adds a delegated role with a key of its own name; targets are named `STEM=content`."""
        signer = test_key(name)
        parent = self.role(by)
        if parent.delegations is None:
            parent.delegations = Delegations({}, {})
        parent.delegations.roles[name] = DelegatedRole(
            name, [], threshold, terminating, paths=list(paths))
        parent.add_key(signer.public_key, name)
        if name not in self.delegated:
            self.signers[name] = [signer]
            self.delegated[name] = Targets(1, SPEC_VERSION, EXPIRES)
        for stem, content in targets.items():
            self.add_target(f"{stem}.txt", content, role=name)

    def bump(self, *roles: str, by: int = 1) -> "Repository":
        for name in roles:
            self.role(name).version += by
        return self

    def advance(self) -> "Repository":
        """The next honest day: every online and targets role one version up, and a new target."""
        self.add_target("news.txt", b"news\n")
        return self.bump("targets", "snapshot", "timestamp")

    def publish(self, **forgeries: Forgery) -> Files:
        """What the server has. Roles named here are forged, all others honest.

        Dashes in role names are given as underscores.
        """
        files = self.roots | self._target_files()
        self.snapshot.meta = {}
        for name in ["targets", *self.delegated]:
            role = self.role(name)
            data = self._file(name, forgeries)
            self.snapshot.meta[f"{name}.json"] = self._meta(role.version, data)
            files[self._path(name)] = data
        data = self._file("snapshot", forgeries)
        files[self._path("snapshot")] = data
        self.timestamp.snapshot_meta = self._meta(self.snapshot.version, data)
        files["timestamp.json"] = self._file("timestamp", forgeries)
        return files

    def _path(self, name: str) -> str:
        version = f"{self.role(name).version}." if self.root.consistent_snapshot else ""
        return f"{version}{quote(name, safe='')}.json"

    def _target_files(self) -> Files:
        if self.root.consistent_snapshot:
            return self.contents
        return {f"targets/{path.split('.', 1)[1]}": content
                for path, content in self.contents.items()}

    def _file(self, name: str, forgeries: dict[str, Forgery]) -> bytes:
        forgery = forgeries.get(name.replace("-", "_"))
        if forgery is None:
            return issue(self.role(name), self.signers[name])
        return forged(self.role(name).to_dict(), self.signers[name], forgery)

    def _meta(self, version: int, data: bytes) -> MetaFile:
        return pin(version, data) if self.pinned else MetaFile(version)

    def versions(self) -> dict[str, int]:
        return {role: self.role(role).version
                for role in ("root", "timestamp", "snapshot", "targets")}


def target_path(name: str, content: bytes) -> str:
    """Where a target lies on the server: its digest stands before its last component."""
    directory, slash, last = name.rpartition("/")
    return "targets/" + address(f"{directory}{slash}{sha256(content).hexdigest()}.{last}")


def address(path: str) -> str:
    """A path with everything encoded that no address may have. It may bring its own `%`."""
    return quote(path, safe="/!$%&'()*+,:;=@~")
