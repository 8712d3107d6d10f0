"""One attack: what the server offers, step by step, and what a client must make of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .repository import NOW, Files, Repository

ATTACKS: dict[str, Callable[[], "Case"]] = {}


def attack(function: Callable[["Case"], None]) -> Callable[["Case"], None]:
    """Registers an attack: the function's name with dashes names it, its docstring explains it."""
    name = function.__name__.replace("_", "-")

    def make() -> Case:
        case = Case(name, " ".join(function.__doc__.split()))
        function(case)
        return case

    ATTACKS[name] = make
    return function


@dataclass
class Step:
    name: str
    now: datetime
    files: Files
    refused: dict[str, str] | None
    targets: dict[str, str]
    trusted: dict[str, int] | None = None
    endless: list[str] = field(default_factory=list)


class Case:
    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        self.repository = Repository()
        self.steps: list[Step] = []
        self.published: Files = {}

    def start(self, repository: Repository | None = None) -> Repository:
        """The first step: the client trusts what the repository has now."""
        self.repository = repository or self.repository
        self.honest("honest")
        return self.repository

    def honest(self, name: str = "honest", now: datetime = NOW, **targets) -> None:
        """The client takes the repository's present state, and reads every target of it."""
        found = {target: "read" for target in self.repository.targets.targets}
        self.published |= self.repository.publish()
        self.accept(name, self.published, now=now, trusted=self.repository.versions(),
                    targets=found | targets)

    def accept(self, name: str, files: Files, *, now: datetime = NOW, trusted=None,
               targets=None, endless=()) -> None:
        self._add(name, now, files, None, targets or {}, trusted, endless)

    def refuse(self, name: str, files: Files, role: str, rule: str, *, now: datetime = NOW,
               endless=()) -> None:
        """The client must refuse this file of `role`, for this reason."""
        self._add(name, now, files, {"role": role, "rule": rule}, {}, None, endless)

    def end(self) -> None:
        """The last step: an honest refresh, one day later."""
        self.repository.advance()
        self.honest("honest-again")

    def _add(self, name, now, files, refused, targets, trusted, endless) -> None:
        files = self.published | files  # a server keeps what it ever published
        self.steps.append(Step(name, now, files, refused, targets, trusted, list(endless)))

    def write(self, folder: Path) -> None:
        """Writes the folder. A step's state is laid over earlier ones, so that little is said twice."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "root.json").write_bytes(self.repository.trusted_root)
        width = len(str(len(self.steps)))
        layers: list[tuple[list[str], Files]] = [([], {})]
        steps = []
        for number, step in enumerate(self.steps, 1):
            name = f"{number:0{width}}-{step.name}"
            serve, below = min(
                ((serve, below) for serve, below in layers if below.keys() <= step.files.keys()),
                key=lambda layer: sum(map(len, difference(step.files, layer[1]).values())))
            own = difference(step.files, below)
            for path, data in own.items():
                file = folder / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            serve = serve + [name] if own else serve
            layers.append((serve, step.files))
            steps.append(described(name, step, serve))
        lines = ",\n  ".join(map(json.dumps, steps))
        (folder / "case.json").write_text(
            f'{{"attack": {json.dumps(self.name)},\n "what": {json.dumps(self.what)},\n'
            f' "steps": [\n  {lines}\n ]}}\n')


def difference(files: Files, below: Files) -> Files:
    return {path: data for path, data in files.items() if below.get(path) != data}


def described(name: str, step: Step, serve: list[str]) -> dict:
    account = {"name": name, "serve": serve, "now": step.now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if step.refused:
        account["refused"] = step.refused
    if step.trusted:
        account["trusted"] = step.trusted
    if step.targets:
        account["targets"] = step.targets
    if step.endless:
        account["endless"] = step.endless
    return account
