"""Gives a store its next snapshot and timestamp with python-tuf's metadata API."""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Timestamp
from tuf.api.serialization.json import JSONSerializer

metadata, keys = Path(sys.argv[1]), Path(sys.argv[2])
roots = sorted(metadata.glob("*.root.json"), key=lambda path: int(path.name.split(".")[0]))
root = Metadata[Root].from_file(str(roots[-1])).signed


def sign(document, role):
    pem = (keys / f"{role}-1.pem").read_bytes()
    key = root.keys[root.roles[role].keyids[0]]
    document.sign(CryptoSigner(load_pem_private_key(pem, None), key))
    root.verify_delegate(role, document.signed_bytes, document.signatures)
    return document.to_bytes(JSONSerializer(compact=False))


timestamp = Metadata[Timestamp].from_file(str(metadata / "timestamp.json"))
now = datetime.now(timezone.utc).replace(microsecond=0)
version = timestamp.signed.snapshot_meta.version
snapshot = Metadata[Snapshot].from_file(str(metadata / f"{version}.snapshot.json"))
snapshot.signed.version += 1
snapshot.signed.expires = now + timedelta(days=3)
signed = sign(snapshot, "snapshot")
(metadata / f"{version + 1}.snapshot.json").write_bytes(signed)

timestamp.signed.version += 1
timestamp.signed.expires = now + timedelta(days=2)
timestamp.signed.snapshot_meta = MetaFile.from_data(version + 1, signed, ["sha256", "sha512"])
(metadata / "timestamp.json").write_bytes(sign(timestamp, "timestamp"))
print(timestamp.signed.version)
