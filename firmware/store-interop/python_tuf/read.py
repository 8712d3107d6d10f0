"""Refreshes from a store with python-tuf's own client and downloads one target."""

import json
import sys
from pathlib import Path

from tuf.ngclient import Updater

address, state, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
(state / "targets").mkdir(exist_ok=True)
updater = Updater(
    metadata_dir=str(state),
    metadata_base_url=f"{address}/metadata/",
    target_base_url=f"{address}/targets/",
    target_dir=str(state / "targets"),
    # Not part of a store's metadata: what the publisher handed over by other means.
    bootstrap=(state / "first-root.json").read_bytes(),
)
updater.refresh()
target = updater.get_targetinfo(name)
path = updater.download_target(target)
trusted = updater._trusted_set  # the versions are told by nothing else
print(json.dumps({
    "path": path,
    "custom": target.unrecognized_fields["custom"],
    "root": trusted.root.version,
    "timestamp": trusted.timestamp.version,
    "issued": trusted.timestamp.unrecognized_fields["issued"],
}))
