"""The commands that man pages and documents name exist, as do the properties and rules that they set."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from hangctl.commands.room.policy import _RULES as RULES
from hangctl.main import cli
from hangd.cli.main import main
from hangd.client.control import properties

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = {"hangctl": cli, "hangd": main}
PROPERTIES: Final = {
    name for rows in properties.BY_SUBJECT.values() for row in rows for name in (row.name, *row.aliases)
} | {"user-data", "options"}
IN_MANUAL: Final = re.compile(
    r"^\.(?:Pq )?(?:Ql|Ic|Dl) (hang(?:ctl|d) [^\n]*?)(?: [.,;:)])*$|^(?:sudo )?(hang(?:ctl|d) .*[^.:,\n])$",
    re.MULTILINE,
)
IN_DOCUMENT: Final = re.compile(
    r"`(?:sudo )?(hang(?:ctl|d) [^`\n]*)`|^(?:sudo )?(hang(?:ctl|d) .*[^.:,\n])$", re.MULTILINE
)
FILES: Final = [
    *sorted((ROOT / "man").iterdir()),
    ROOT / "README.md",
    ROOT / "docs" / "running-a-server.md",
    ROOT / "docs" / "security.md",
    ROOT / "docs" / "web.md",
]


def named(file: Path) -> Iterator[list[str]]:
    """Return the words of each command that this file names."""
    pattern = IN_DOCUMENT if file.suffix == ".md" else IN_MANUAL
    for found in pattern.findall(file.read_text()):
        line = re.split(r" [|>&;]|;$", next(filter(None, found)))[0]
        yield shlex.split(line.replace("\\&", "").replace("\\-", "-").replace("'", "").replace('"', ""))


def problem(words: list[str]) -> str | None:
    """Return what is wrong with a command. What stands for something, such as NAME or Ar name, is not looked at."""
    command: click.Command = PROGRAMS[words[0]]
    rest = [word for word in words[1:] if not word.startswith("-")]
    if len(rest) < len(words) - 1 and words[1].startswith("-"):
        return None  # an option of the program, which may have a value
    context, path = click.Context(command), [words[0]]
    while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z][a-z-]+", rest[0]):
        inner = command.get_command(context, rest[0])
        if inner is None:
            return (
                None
                if command.invoke_without_command and len(path) > 1
                else f"there is no {' '.join([*path, rest[0]])}"
            )
        command, path = inner, [*path, rest.pop(0)]
    if not rest or rest[0] in ("Ar", "Op", "Cm", "Oo", "Fl"):
        return None
    name = rest[0].partition("/")[0]
    if path[1:] in (["get"], ["set"]) and re.fullmatch(r"[a-z][a-z-]+", name) and name not in PROPERTIES:
        return f"there is no property {name}"
    if path[1:] == ["policy"] and name not in RULES:
        return f"there is no rule {name}"
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_commands_that_are_named_exist(file: Path) -> None:
    assert [(" ".join(words), why) for words in named(file) if (why := problem(words)) is not None] == []


def test_commands_that_do_not_exist_are_found() -> None:
    assert problem(["hangctl", "set", "access", "accounts"]) == "there is no property access"
    assert problem(["hangctl", "policy", "acces", "accounts"]) == "there is no rule acces"
    assert problem(["hangd", "admin", "list"]) == "there is no hangd admin list"
    assert problem(["hangctl", "set", "sub-codepage", "cp1251"]) is None
    assert len([*named(ROOT / "man" / "hangd-server.8")]) > 20
