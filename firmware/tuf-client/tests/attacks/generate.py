#!/usr/bin/env python3
"""Writes the attack folders, and plays them with python-tuf.

    pip install tuf==7.0.1 'securesystemslib[crypto]==1.6.0'
    ./generate.py              writes every folder
    ./generate.py --compare    plays every folder with python-tuf's client and writes README.md

Two runs write the same bytes: the keys follow from their names, and the clock stands still.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.setrecursionlimit(20000)  # for the nested lists of `depth-bomb`
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator import contents, delegations, names, shapes, signatures, stolen, versions  # noqa: E402,F401
from generator.case import ATTACKS  # noqa: E402


def write_folders() -> None:
    for name, make in ATTACKS.items():
        make().write(HERE / name)
    print(f"wrote {len(ATTACKS)} folders")


def compare() -> None:
    from generator import readme
    readme.write(HERE, [HERE / name for name in sorted(ATTACKS)])


if __name__ == "__main__":
    if sys.argv[1:] == ["--compare"]:
        compare()
    elif sys.argv[1:] == []:
        write_folders()
    else:
        sys.exit(__doc__)
