"""Attacks on whoever reads JSON: wrong shapes, twins, numbers, depth, unknown fields."""

import json
from collections.abc import Callable

from .case import Case, attack
from .keys import test_key
from .repository import Forgery, Repository, canonical

ROLES = ("root", "timestamp", "snapshot", "targets")
Edit = Callable[[dict], None]


def put(key: str, value) -> Edit:
    return lambda document: document.update({key: value})


def drop(key: str) -> Edit:
    return lambda document: document.pop(key)


def attacked(repository: Repository, role: str, forgery: Forgery) -> dict[str, bytes]:
    """What the server has if this role's next file is forged."""
    if role == "root":
        return repository.publish() | repository.forged_root(2, forgery)
    return repository.publish(**{role: forgery})


def each_role(case: Case, rule: str, forgeries: dict[str, Forgery]) -> None:
    repository = case.start()
    repository.advance()
    for role in ROLES:
        for name, forgery in forgeries.items():
            case.refuse(f"attack-{role}-{name}", attacked(repository, role, forgery), role, rule)
    case.honest("honest-again")


@attack
def not_a_document(case: Case) -> None:
    """Instead of a role's file comes something that is no JSON object, or not only one."""
    text = lambda content: Forgery(raw=lambda _data: content)
    each_role(case, "malformed", {
        "empty": text(b""),
        "null": text(b"null"),
        "number": text(b"1"),
        "text": text(b'"signed"'),
        "list": text(b"[]"),
        "empty-object": text(b"{}"),
        "not-utf-8": text(b'{"\xff": 1}'),
        "lone-surrogate": text(b'{"signed": {"\\ud800": 1}, "signatures": []}'),
        "html": text(b"<html>404</html>"),
        "cut-off": Forgery(raw=lambda data: data[:-2]),
        "more-behind": Forgery(raw=lambda data: data + b"{}"),
        "byte-order-mark": Forgery(raw=lambda data: b"\xef\xbb\xbf" + data),
    })


@attack
def wrong_shape(case: Case) -> None:
    """Valid JSON whose envelope has lists where objects belong, or the other way round."""
    edits = {
        "signed-missing": drop("signed"),
        "signatures-object": put("signatures", {}),
        "signatures-null": put("signatures", None),
        "signatures-missing": drop("signatures"),
        "signatures-numbers": put("signatures", [1, 2]),
        "signature-list": put("signatures", [{"keyid": [], "sig": []}]),
        "signature-empty": put("signatures", [{}]),
    }
    each_role(case, "malformed", {name: Forgery(envelope=edit) for name, edit in edits.items()})


@attack
def wrong_shape_of_what_is_signed(case: Case) -> None:
    """Where the signed object belongs stands something else, which nobody signed."""
    each_role(case, "threshold", {
        "list": Forgery(envelope=put("signed", [])), "text": Forgery(envelope=put("signed", "text")),
        "null": Forgery(envelope=put("signed", None)), "empty": Forgery(envelope=put("signed", {}))})


@attack
def wrong_shape_signed(case: Case) -> None:
    """What a role's own keys sign has lists where objects belong, or lacks a field."""
    shapes = {
        "root": {"keys-list": put("keys", []), "roles-list": put("roles", []),
                 "roles-null": put("roles", None), "roles-empty": put("roles", {}),
                 "key-list": put("keys", {"a" * 64: []}),
                 "role-list": lambda signed: signed["roles"].update(timestamp=[]),
                 "keyids-object": lambda signed: signed["roles"]["root"].update(keyids={}),
                 "threshold-text": lambda signed: signed["roles"]["root"].update(threshold="2"),
                 "threshold-true": lambda signed: signed["roles"]["root"].update(threshold=True),
                 "consistent-text": put("consistent_snapshot", "no")},
        "timestamp": {"meta-list": put("meta", []), "meta-empty": put("meta", {}),
                      "meta-missing": drop("meta"), "entry-list": put("meta", {"snapshot.json": []})},
        "snapshot": {"meta-list": put("meta", []), "meta-null": put("meta", None),
                     "meta-missing": drop("meta"), "entry-list": put("meta", {"targets.json": [1]}),
                     "entry-empty": put("meta", {"targets.json": {}})},
        "targets": {"targets-list": put("targets", []), "targets-missing": drop("targets"),
                    "target-list": put("targets", {"hello.txt": []}),
                    "target-empty": put("targets", {"hello.txt": {}}),
                    "delegations-list": put("delegations", []),
                    "delegations-empty": put("delegations", {}),
                    "delegated-object": put("delegations", {"keys": {}, "roles": {}})},
    }
    common = {"version-text": put("version", "2"), "version-missing": drop("version"),
              "version-list": put("version", [2]), "version-true": put("version", True),
              "expires-number": put("expires", 1924992000), "expires-missing": drop("expires"),
              "expires-zone": put("expires", "2031-01-01T00:00:00+01:00"),
              "expires-day": put("expires", "2031-02-30T00:00:00Z"),
              "expires-empty": put("expires", ""), "type-missing": drop("_type")}
    repository = case.start()
    repository.advance()
    for role in ROLES:
        for name, edit in (common | shapes[role]).items():
            case.refuse(f"attack-{role}-{name}", attacked(repository, role, Forgery(signed=edit)),
                        role, "malformed")
    case.honest("honest-again")


@attack
def wrong_type(case: Case) -> None:
    """A role's own keys sign a document of another type, or of a type that differs in case."""
    repository = case.start()
    repository.advance()
    for role, other in (("root", "targets"), ("timestamp", "snapshot"), ("snapshot", "timestamp"),
                        ("targets", "root"), ("timestamp", "Timestamp")):
        forgery = Forgery(signed=put("_type", other))
        case.refuse(f"attack-{role}-{other}", attacked(repository, role, forgery),
                    role, "malformed")
    case.honest("honest-again")


@attack
def role_served_for_another(case: Case) -> None:
    """One role's genuine file is served under another role's name."""
    repository = case.start()
    files = repository.advance().publish()
    paths = {"root": "2.root.json", "timestamp": "timestamp.json",
             "snapshot": "2.snapshot.json", "targets": "2.targets.json"}
    for role in ROLES:
        for other in ("timestamp", "snapshot", "targets"):
            if role != other:
                case.refuse(f"attack-{other}-as-{role}", files | {paths[role]: files[paths[other]]},
                            role, "threshold")
    case.honest("honest-again")


@attack
def spec_version_of_another_major(case: Case) -> None:
    """A role's own keys sign a document of the specification 2.0.0, 0.9.0 or of none."""
    for_role = {"next": "2.0.0", "previous": "0.9.0", "ten": "10.0.0", "empty": "", "text": "one"}
    each_role(case, "malformed", {
        name: Forgery(signed=put("spec_version", version)) for name, version in for_role.items()})


@attack
def duplicate_json_keys(case: Case) -> None:
    """A name stands twice in one object, so that two readers may see two documents."""
    version = lambda first: Forgery(raw=lambda data: data.replace(
        b'"version":', b'"version":%d,"version":' % first))
    twin = Forgery(raw=lambda data: b'{"signed":{"version":99},' + data[1:])
    signatures = Forgery(raw=lambda data: b'{"signatures":[],' + data[1:])
    keyid = Forgery(raw=lambda data: data.replace(b'"keyid":', b'"keyid":"%s","keyid":' % (b"0" * 64), 1))
    escaped = Forgery(raw=lambda data: data.replace(b'"signed":{', b'"s\\u0069gned":{},"signed":{'))
    each_role(case, "malformed", {
        "version": version(99), "signed": twin, "signatures": signatures,
        "keyid": keyid, "escaped": escaped})


@attack
def huge_numbers(case: Case) -> None:
    """A role's own keys sign versions and lengths that no program counts with."""
    def number(text: str) -> Forgery:
        """Signs the document with this very text in the version's place."""
        def resign(document: dict) -> None:
            signed = canonical(document["signed"] | {"version": 31415926}).decode()
            signed = signed.replace("31415926", text).encode()
            for signature in document["signatures"]:
                signer = signers[signature["keyid"]]
                signature["sig"] = signer.sign(signed).signature
            document["signed"]["version"] = 31415926
        return Forgery(envelope=resign, raw=lambda data: data.replace(b"31415926", text.encode()))

    signers = {key.public_key.keyid: key for key in map(
        test_key, ("root-1", "root-2", "timestamp", "snapshot", "targets"))}
    each_role(case, "malformed", {
        "zero": number("0"), "minus-one": number("-1"), "minus-two": number("-2"),
        "two-to-64": number(str(2**64)), "two-to-64-and-two": number(str(2**64 + 2)),
        "400-digits": number("9" * 400), "fraction": number("2.0"), "half": number("2.5"),
        "exponent": number("2e0"), "beyond-floats": number("1e400"),
        "leading-zero": number("02"), "plus": number("+2"), "not-a-number": number("NaN"),
        "infinity": number("Infinity")})


@attack
def huge_lengths(case: Case) -> None:
    """A signed length is beyond all limits; what it is of must still not be read without end."""
    repository = case.start()
    repository.advance()
    edit = Forgery(signed=lambda signed: signed["meta"]["snapshot.json"].update(length=2**53 - 1))
    case.refuse("attack-snapshot", repository.publish(timestamp=edit), "snapshot", "too-long",
                endless=["2.snapshot.json"])
    for name, length in (("two-to-53", 2**53), ("two-to-63", 2**63), ("two-to-64", 2**64),
                         ("negative", -1)):
        edit = Forgery(signed=lambda signed: signed["meta"]["snapshot.json"].update(length=length))
        case.refuse(f"attack-snapshot-{name}", repository.publish(timestamp=edit),
                    "timestamp", "malformed")
        edit = Forgery(signed=lambda signed: signed["targets"]["hello.txt"].update(length=length))
        case.refuse(f"attack-target-{name}", repository.publish(targets=edit),
                    "targets", "malformed")
    case.end()


@attack
def depth_bomb(case: Case) -> None:
    """Lists in lists in lists: as the whole file, unsigned beside it, and signed inside it."""
    def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
        return opening * depth + closing * depth

    lists, objects = nested(b"[", b"]", 1000), b'{"a":' * 500 + b"1" + b"}" * 500
    beside = lambda data: b'{"bomb":' + lists + b"," + data[1:]
    inside = lambda data: data.replace(b'"signed":{', b'"signed":{"bomb":' + lists + b",")
    signed = lambda depth: Forgery(signed=put("bomb", json.loads(nested(b"[", b"]", depth))))
    each_role(case, "malformed", {
        "lists": Forgery(raw=lambda _data: lists), "objects": Forgery(raw=lambda _data: objects),
        "open": Forgery(raw=lambda _data: b"[" * 2000),
        "beside": Forgery(raw=beside), "inside": Forgery(raw=inside),
        "signed": signed(40), "signed-deeper": signed(100)})


@attack
def unknown_fields(case: Case) -> None:
    """Fields that nobody knows: signed ones are kept and mean nothing, unsigned ones say nothing."""
    evil = {"evil.txt": {"length": 5, "hashes": {"sha256": "0" * 64}}}
    repository = case.start()
    repository.advance()
    absent = {"hello.txt": "read", "evil.txt": "not-found"}
    beside = Forgery(envelope=lambda document: document.update(
        targets=evil, version=99, expires="2099-01-01T00:00:00Z", custom={"targets": evil}))
    case.accept("attack-beside", repository.publish(
        timestamp=beside, snapshot=beside, targets=beside), targets=absent)
    repository.advance()
    signed = Forgery(signed=lambda signed: signed.update(x_unknown={"targets": evil, "a": [None, {}]}))
    in_signature = Forgery(envelope=lambda document: document["signatures"][0].update(
        version=99, method="none"))
    case.accept("attack-signed", repository.publish(
        timestamp=in_signature, snapshot=signed, targets=signed), targets=absent)
    repository.advance()
    added = Forgery(envelope=lambda document: document["signed"].update(x_unknown=1))
    for role in ("timestamp", "snapshot", "targets"):
        case.refuse(f"attack-added-to-{role}", repository.publish(**{role: added}),
                    role, "threshold")
    case.honest("honest-again")


@attack
def unknown_key_type(case: Case) -> None:
    """The root lists a key of a type that nobody knows. It counts for nothing and harms nothing."""
    def list_key(signed: dict) -> None:
        signed["keys"]["f" * 64] = {"keytype": "quantum", "scheme": "q1", "keyval": {"public": "1"}}
        signed["roles"]["timestamp"]["keyids"].append("f" * 64)

    def sign_too(document: dict) -> None:
        document["signatures"] = [{"keyid": "f" * 64, "sig": "00" * 64}]

    repository = case.start()
    repository.rotate_root(forgery=Forgery(signed=list_key))
    repository.advance()
    case.honest("honest-unknown-key")
    repository.advance()
    case.refuse("attack", repository.publish(timestamp=Forgery(envelope=sign_too)),
                "timestamp", "threshold")
    case.honest("honest-again")
