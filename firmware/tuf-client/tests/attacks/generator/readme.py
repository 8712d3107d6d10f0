"""Writes README.md: every attack, and what python-tuf's own client makes of it."""

import json
from pathlib import Path

from .play import CLIENT, differences

HEAD = """# Attacks

One folder for each attack, named by it. `every_folder.rs` plays all of them with this
crate's library. Every file but this crate's own code was made by python-tuf and its signer
(`generate.py`), so that no error of ours is on both sides.

- `root.json` is what the client trusts at first.
- `case.json` tells the steps in order, all with one client: which folders the server lays over
  one another (`serve`, later ones over earlier ones), the client's time (`now`), which role's
  file is `refused` by which rule, if any is, the versions that are `trusted` afterwards, and
  whether each of some `targets` can be read then, or by which rule it cannot. Files named in
  `endless` go on for ever behind what is stored.
- A step's folder has only the files that differ. Metadata stands at its top, targets in `targets/`.
- After every refused step the last step, which is honest, must be accepted as well.

The keys are test keys: each follows from its name (`generator/keys.py`), anybody can make them.
The clock stands at 2030-01-01. To make the folders anew, byte for byte, and then this file:

```console
$ python3 -m venv /tmp/tuf && /tmp/tuf/bin/pip install tuf==7.0.1 'securesystemslib[crypto]==1.6.0'
$ /tmp/tuf/bin/python generate.py && /tmp/tuf/bin/python generate.py --compare
```

The last column is from `generate.py --compare`, which plays the same folders with {client}'s
`ngclient`: *same* where it accepts and refuses what this crate does, otherwise in which of the
steps it decides the other way. That need not be an error of it: the specification leaves much open,
such as which JSON is still JSON, and this crate refuses what it need not take. Honest steps are
accepted by both, or the command fails; but for these folders:

{exceptions}

| attack | what it is | steps | {client} |
|---|---|---:|---|
"""


EXCEPTIONS = {
    "keyid-repeated-in-a-role": "python-tuf takes the root for broken, and goes no further.",
    "unknown-key-type": "python-tuf takes the root for broken, and goes no further.",
    "fast-forward-ended-by-a-snapshot-key":
        "python-tuf forgets only the role whose key was replaced, this crate both "
        "(specification, 5.3.11).",
}


def row(case: Path, found: list[str]) -> str:
    account = json.loads((case / "case.json").read_text())
    verdict = "same" if not found else f"{len(found)} other: " + "; ".join(found[:2])
    if len(found) > 2:
        verdict += "; ..."
    verdict = verdict.replace("|", "\\|")
    return f"| `{account['attack']}` | {account['what']} | {len(account['steps'])} | {verdict} |\n"


def write(here: Path, cases: list[Path]) -> None:
    rows, wrong = [], []
    for case in cases:
        found = differences(case)
        rows.append(row(case, found))
        wrong += [f"{case.name}: {line}" for line in found
                  if "-honest" in line.split(":")[0] and case.name not in EXCEPTIONS]
        for line in found:
            print(f"{case.name}: {line}")
    exceptions = "\n".join(f"- `{name}`: {why}" for name, why in EXCEPTIONS.items())
    (here / "README.md").write_text(HEAD.format(client=CLIENT, exceptions=exceptions) + "".join(rows))
    if wrong:
        raise SystemExit("python-tuf refuses honest steps:\n" + "\n".join(wrong))
