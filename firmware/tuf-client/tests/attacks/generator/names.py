"""Attacks by names that lead somewhere else: of targets and of delegated roles."""

from .case import Case, attack
from .repository import target_path

UNSAFE = ["../x", "/x", "a/../../x", "a/..", "./x", ".", "", "a//x", "a/", "..\\x", "a\\..\\..\\x", "..",
          "\\x"]
HARMLESS = ["x\0.txt", "x\n.txt", "x\x1b[2J", "...", "..x", "x..", "x?y", "x#y", "a b", "\u00e9"]
ENCODED = ["%2e%2e/x", "%2E./x", "..%2fx", "%2Fx", "a%2F..%2f..%2Fx", "..%5cx", "a/%2e%2e"]
NOT_ENCODED = ["x%00.txt", "%252e%252e%252fx", "a%2fb", "%2e.txt"]


@attack
def traversal_target_name(case: Case) -> None:
    """A signed target has a name that leads out of the directory, or that is no file's."""
    repository = case.start()
    repository.advance()
    for name in UNSAFE:
        repository.add_target(name, b"evil\n")
        repository.contents.pop(target_path(name, b"evil\n"))
    case.accept("attack", repository.publish(), targets={"hello.txt": "read"} | {
        name: "name" for name in UNSAFE})
    for name in UNSAFE:
        del repository.targets.targets[name]
    case.end()


@attack
def odd_target_name(case: Case) -> None:
    """No attack yet: names with control characters, marks of addresses and dots that lead nowhere."""
    repository = case.start()
    repository.advance()
    for name in HARMLESS:
        repository.add_target(name, b"odd\n")
    case.honest()
    case.end()


@attack
def percent_encoded_target_name(case: Case) -> None:
    """A signed target's name leads out of the directory once somebody decodes it. Others do not."""
    repository = case.start()
    repository.advance()
    for name in ENCODED:
        repository.add_target(name, b"evil\n")
        repository.contents.pop(target_path(name, b"evil\n"))
    for name in NOT_ENCODED:
        repository.add_target(name, b"odd\n")
    case.accept("attack", repository.publish(), targets={"hello.txt": "read"} | {
        name: "name" for name in ENCODED} | {name: "read" for name in NOT_ENCODED})
    for name in ENCODED + NOT_ENCODED:
        del repository.targets.targets[name]
    case.end()


@attack
def traversal_role_name(case: Case) -> None:
    """A role is delegated under a name that leads out of the metadata directory.

    Its file is asked for, and kept, under the name with every special character encoded.
    """
    names = ["../x", "/x", "a/../../x", "..\\x", "%2e%2e%2fx", "..", "../root"]
    repository = case.start()
    repository.advance()
    found = {}
    for number, name in enumerate(names):
        repository.delegate(name, f"{number}*")
        repository.add_target(f"{number}.txt", b"app\n", role=name)
        found[f"{number}.txt"] = "read"
    case.accept("attack", repository.publish(), targets={"hello.txt": "read"} | found)
    case.end()


@attack
def control_character_in_role_name(case: Case) -> None:
    """A role is delegated under a name with a NUL or a line feed."""
    repository = case.start()
    repository.advance()
    repository.delegate("nul\0", "nul*", nul=b"app\n")
    repository.delegate("line\n", "line*", line=b"app\n")
    case.accept("attack", repository.publish(), targets={
        "hello.txt": "read", "nul.txt": "read", "line.txt": "read"})
    case.end()


@attack
def long_target_name(case: Case) -> None:
    """A target's name has 5,000 characters: longer than any file's."""
    name = "n" * 5000
    repository = case.start()
    repository.advance()
    repository.add_target(name, b"long\n")
    repository.contents.pop(target_path(name, b"long\n"))
    case.accept("attack-target", repository.publish(), targets={
        "hello.txt": "read", name: "fetch"})
    del repository.targets.targets[name]
    case.end()
