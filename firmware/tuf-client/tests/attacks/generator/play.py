"""Plays the folders with python-tuf's own client, from the written files alone."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import tuf
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from .repository import address

CLIENT = f"python-tuf {tuf.__version__}"
PATIENCE_BYTES = 64 << 20


class Endless(BaseException):
    """The client has read on and on; no client may take that for an error of its own."""


class Folder(FetcherInterface):
    """A server whose state is a step's layers, later ones over earlier ones."""

    def __init__(self, case: Path, step: dict) -> None:
        self.layers = [case / name for name in reversed(step["serve"])]
        self.endless = step.get("endless", [])

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = address(url.removeprefix("http://store/"))
        for layer in self.layers:
            if ".." not in path.split("/") and (layer / path).is_file():
                yield (layer / path).read_bytes()
                if path in self.endless:
                    yield from [b" " * 65536] * (PATIENCE_BYTES // 65536)
                    raise Endless
                return
        raise DownloadHTTPError(f"no {path}", 404)


def read_target(updater: Updater, name: str, directory: str) -> str:
    info = updater.get_targetinfo(name)
    if info is None:
        return "refused"
    path = updater.download_target(info, str(Path(directory) / "target"))
    Path(path).unlink()
    return "read"


def attempt(function, *arguments) -> str:
    """What came of it. The other client may also fall over: that is a refusal as well."""
    try:
        return function(*arguments) or "accepted"
    except Endless:
        return "never stops reading"
    except Exception:  # noqa: BLE001
        return "refused"


def play_step(case: Path, step: dict, metadata: str, root: bytes) -> tuple[str, dict[str, str]]:
    with tempfile.TemporaryDirectory() as directory:
        try:
            updater = Updater(metadata, "http://store/", directory,
                              "http://store/targets/", Folder(case, step), bootstrap=root)
        except Exception:  # noqa: BLE001
            return "refused", {}
        updater._trusted_set.reference_time = datetime.fromisoformat(step["now"])
        refresh = attempt(updater.refresh)
        if refresh != "accepted":
            return refresh, {}
        return refresh, {name: attempt(read_target, updater, name, directory)
                         for name in step.get("targets", {})}


def differences(case: Path) -> list[str]:
    """Where python-tuf's verdict is not the one in `case.json`; one line a difference.

    As in `../every_folder.rs`, a step to be refused is played on a copy of what is trusted.
    """
    account = json.loads((case / "case.json").read_text())
    root = (case / "root.json").read_bytes()
    found = []
    with tempfile.TemporaryDirectory() as directory:
        trusted, copy = str(Path(directory) / "trusted"), str(Path(directory) / "copy")
        Path(trusted).mkdir()
        for step in account["steps"]:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(trusted, copy, symlinks=True)
            refresh, targets = play_step(case, step, copy, root)
            expected = "refused" if "refused" in step else "accepted"
            if expected == "accepted":
                shutil.rmtree(trusted)
                shutil.copytree(copy, trusted, symlinks=True)
            if refresh != expected:
                found.append(f"{step['name']}: {refresh}")
            found += [f"{step['name']}: {name!a} {verdict}" for name, verdict in targets.items()
                      if (verdict == "read") != (step["targets"][name] == "read")]
    return found
