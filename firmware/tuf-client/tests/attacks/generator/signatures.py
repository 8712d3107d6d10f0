"""Attacks on who may sign: foreign keys, one key that counts twice, thresholds, signature bytes."""

from .case import Case, attack
from .keys import test_key, test_keys
from .repository import Forgery, Repository, signatures

ROLES = ("timestamp", "snapshot", "targets")
STRANGER = test_key("stranger")


@attack
def arbitrary_key(case: Case) -> None:
    """Each role's next version is signed by a key that nobody trusts."""
    repository = case.start()
    root = repository.forged_root(2, Forgery(signers=[STRANGER]))
    case.refuse("attack-root", repository.publish() | root, "root", "threshold")
    repository.advance()
    for role in ROLES:
        case.refuse(f"attack-{role}", repository.publish(**{role: Forgery(signers=[STRANGER])}),
                    role, "threshold")
    case.honest("honest-again")


@attack
def arbitrary_key_under_a_trusted_id(case: Case) -> None:
    """A stranger's signature names the trusted key's id; for the root, both trusted ids."""
    def renamed(*keyids: str) -> Forgery:
        def rename(document: dict) -> None:
            for signature, keyid in zip(document["signatures"], keyids):
                signature["keyid"] = keyid
        return Forgery(signers=[STRANGER] * len(keyids), envelope=rename)

    repository = case.start()
    root = repository.forged_root(2, renamed(*repository.root.roles["root"].keyids))
    case.refuse("attack-root", repository.publish() | root, "root", "threshold")
    repository.advance()
    for role in ROLES:
        keyid = test_key(role).public_key.keyid
        case.refuse(f"attack-{role}", repository.publish(**{role: renamed(keyid)}),
                    role, "threshold")
    case.honest("honest-again")


@attack
def unsigned(case: Case) -> None:
    """Each role's next version bears no signature at all."""
    repository = case.start()
    root = repository.forged_root(2, Forgery(signers=[]))
    case.refuse("attack-root", repository.publish() | root, "root", "threshold")
    repository.advance()
    for role in ROLES:
        case.refuse(f"attack-{role}", repository.publish(**{role: Forgery(signers=[])}),
                    role, "threshold")
    case.honest("honest-again")


@attack
def key_of_another_role(case: Case) -> None:
    """Each role's next version is signed by keys that are trusted, for other roles."""
    repository = case.start()
    keys = test_keys("root-1", "root-2", "timestamp", "snapshot", "targets")
    root = repository.forged_root(2, Forgery(signers=test_keys(*ROLES)))
    case.refuse("attack-root", repository.publish() | root, "root", "threshold")
    repository.advance()
    for role in ROLES:
        foreign = [key for key in keys if key.public_key.keyid != test_key(role).public_key.keyid]
        case.refuse(f"attack-{role}", repository.publish(**{role: Forgery(signers=foreign)}),
                    role, "threshold")
    case.honest("honest-again")


@attack
def below_threshold(case: Case) -> None:
    """The root needs two keys, the targets two of three; one key of each was stolen."""
    repository = Repository()
    repository.trust("targets", *test_keys("targets", "targets-2", "targets-3"), threshold=2)
    repository.rotate_root()
    case.start(repository)
    root = repository.forged_root(3, Forgery(signers=test_keys("root-2")))
    case.refuse("attack-root", repository.publish() | root, "root", "threshold")
    repository.advance()
    for name in ("targets", "targets-2", "targets-3"):
        case.refuse(f"attack-{name}",
                    repository.publish(targets=Forgery(signers=[test_key(name)])),
                    "targets", "threshold")
    repository.signers["targets"] = test_keys("targets", "targets-3")
    case.honest("honest-again")


@attack
def new_root_not_signed_by_the_old(case: Case) -> None:
    """The next root lists the attacker's keys and is signed by them, or by one old key as well."""
    repository = case.start()
    mine = test_keys("mallory-1", "mallory-2")
    other = Repository()
    other.trust("root", *mine, threshold=2)
    for step, signers in (("attack", mine), ("attack-one-old", mine + test_keys("root-1"))):
        root = other.forged_root(2, Forgery(signers=signers))
        case.refuse(step, repository.publish() | root, "root", "threshold")
    case.end()


@attack
def new_root_not_signed_by_itself(case: Case) -> None:
    """The next root is signed by the old keys only, not by the new ones that it lists."""
    repository = case.start()
    other = Repository()
    other.trust("root", *test_keys("root-3", "root-4"), threshold=2)
    root = other.forged_root(2, Forgery(signers=test_keys("root-1", "root-2")))
    case.refuse("attack", repository.publish() | root, "root", "threshold")
    case.end()


@attack
def duplicate_signature(case: Case) -> None:
    """The signature of one key stands there twice where two keys are needed."""
    def twice(document: dict) -> None:
        document["signatures"] *= 2

    repository = case.start()
    root = repository.forged_root(2, Forgery(signers=test_keys("root-1"), envelope=twice))
    case.refuse("attack-root", repository.publish() | root, "root", "malformed")
    repository.trust("targets", *test_keys("targets", "targets-2"), threshold=2)
    repository.rotate_root()
    repository.advance()
    stolen = Forgery(signers=test_keys("targets"), envelope=twice)
    case.refuse("attack-targets", repository.publish(targets=stolen), "targets", "malformed")
    case.honest("honest-again")


@attack
def same_key_under_two_ids(case: Case) -> None:
    """The timestamp needs two keys, and the root lists one key under two ids."""
    alias = "a" * 64

    def list_alias(signed: dict) -> None:
        key = test_key("timestamp").public_key
        signed["keys"][alias] = key.to_dict()
        signed["roles"]["timestamp"] = {"keyids": [key.keyid, alias], "threshold": 2}

    def sign_as_alias(document: dict) -> None:
        [signature] = document["signatures"]
        document["signatures"].append(signature | {"keyid": alias})

    repository = case.start()
    repository.rotate_root(forgery=Forgery(signed=list_alias))
    repository.advance()
    case.refuse("attack", repository.publish(timestamp=Forgery(envelope=sign_as_alias)),
                "timestamp", "threshold")
    repository.rotate_root()
    case.honest("honest-again")


@attack
def keyid_repeated_in_a_role(case: Case) -> None:
    """The root lists one id twice for the timestamp, which needs two keys."""
    keyid = test_key("timestamp").public_key.keyid

    def repeat(signed: dict) -> None:
        signed["roles"]["timestamp"] = {"keyids": [keyid, keyid], "threshold": 2}

    repository = case.start()
    repository.rotate_root(forgery=Forgery(signed=repeat))
    repository.advance()
    case.refuse("attack", repository.publish(), "timestamp", "threshold")
    repository.rotate_root()
    case.honest("honest-again")


@attack
def threshold_zero(case: Case) -> None:
    """The next root asks for no signature at all on timestamps."""
    refuse_root(case, lambda signed: signed["roles"]["timestamp"].update(threshold=0))


@attack
def threshold_negative(case: Case) -> None:
    """The next root asks for -1 signatures on timestamps."""
    refuse_root(case, lambda signed: signed["roles"]["timestamp"].update(threshold=-1))


def refuse_root(case: Case, edit) -> None:
    """A next root that its own keys sign and that nobody may take."""
    repository = case.start()
    root = repository.forged_root(2, Forgery(signed=edit))
    case.refuse("attack", repository.publish() | root, "root", "malformed")
    case.end()


@attack
def threshold_above_the_keys(case: Case) -> None:
    """The next root asks for more keys than it lists, first for itself, then for timestamps."""
    repository = case.start()

    def ask(role: str) -> Forgery:
        return Forgery(signed=lambda signed: signed["roles"][role].update(threshold=3))

    case.refuse("attack-root", repository.publish() | repository.forged_root(2, ask("root")),
                "root", "threshold")
    repository.rotate_root(forgery=ask("timestamp"))
    repository.advance()
    case.refuse("attack-timestamp", repository.publish(), "timestamp", "threshold")
    repository.rotate_root()
    case.honest("honest-again")


@attack
def signature_length(case: Case) -> None:
    """The timestamp's signature has every length from 0 to 128 bytes; only 64 can be right."""
    repository = case.start()
    repository.advance()

    def resize(length: int) -> Forgery:
        def edit(document: dict) -> None:
            [signature] = document["signatures"]
            signature["sig"] = (signature["sig"] + "00" * 64)[:2 * length]
        return Forgery(envelope=edit)

    for length in range(129):
        files = repository.publish(timestamp=resize(length))
        if length != 64:
            case.refuse(f"attack-{length}", files, "timestamp", "threshold")
    case.honest("honest-again")


@attack
def signature_text(case: Case) -> None:
    """The timestamp's signature is not two hexadecimal digits a byte."""
    repository = case.start()
    repository.advance()
    spoil = {
        "odd": lambda sig: sig[:-1],
        "space-before": lambda sig: " " + sig,
        "newline-after": lambda sig: sig + "\n",
        "prefix": lambda sig: "0x" + sig,
        "not-hexadecimal": lambda sig: "zz" + sig[2:],
        "sign": lambda sig: "+f" + sig[2:],
        "not-ascii": lambda sig: "\u00e9\u00e9" + sig[2:],
    }
    for name, edit in spoil.items():
        def envelope(document: dict, edit=edit) -> None:
            [signature] = document["signatures"]
            signature["sig"] = edit(signature["sig"])
        case.refuse(f"attack-{name}", repository.publish(timestamp=Forgery(envelope=envelope)),
                    "timestamp", "threshold")
    case.honest("honest-again")


@attack
def signature_moved(case: Case) -> None:
    """The signature is genuine, and of the timestamp before; the contents are the attacker's."""
    repository = case.start()
    old = repository.role("timestamp").to_dict()
    repository.advance()

    def keep_signature(document: dict) -> None:
        document["signatures"] = signatures(old, [test_key("timestamp")])

    case.refuse("attack", repository.publish(timestamp=Forgery(envelope=keep_signature)),
                "timestamp", "threshold")
    case.honest("honest-again")


@attack
def revoked_key(case: Case) -> None:
    """A newer root has replaced each role's key; the stolen old keys sign once more."""
    repository = case.start()
    for role in ROLES:
        repository.trust(role, test_key(f"{role}-new"))
    repository.rotate_root()
    repository.advance()
    case.honest("honest-rotation")
    repository.advance()
    for role in ROLES:
        case.refuse(f"attack-{role}",
                    repository.publish(**{role: Forgery(signers=[test_key(role)])}),
                    role, "threshold")
    case.honest("honest-again")
