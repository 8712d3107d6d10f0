"""Refreshes from a store with python-tuf, again and again from its first root, and downloads a
target. Prints the processor time of one round in microseconds."""

import sys
import tempfile
import time
from pathlib import Path

from tuf.ngclient import Updater

address, root, name, rounds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
begin = time.process_time_ns()
for _ in range(rounds):
    with tempfile.TemporaryDirectory() as directory:
        updater = Updater(
            metadata_dir=directory,
            metadata_base_url=f"{address}/metadata/",
            target_base_url=f"{address}/targets/",
            target_dir=directory,
            bootstrap=root.read_bytes(),
        )
        updater.refresh()
        updater.download_target(updater.get_targetinfo(name))
print((time.process_time_ns() - begin) // rounds // 1000)
