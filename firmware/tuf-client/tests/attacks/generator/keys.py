"""Test keys. Each one follows from its name, so everybody can make them: they are worth nothing."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner

SEED_PREFIX = "twinkeel attack folders, test key, not a secret: "


def test_key(name: str) -> CryptoSigner:
    """The ed25519 key of this name; the same name gives the same key for ever."""
    seed = sha256((SEED_PREFIX + name).encode()).digest()
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))


def test_keys(*names: str) -> list[CryptoSigner]:
    return [test_key(name) for name in names]
