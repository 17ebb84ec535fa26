"""man/hangctl.1 lists every subcommand, option, exit code and environment variable."""

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from hangctl.client import Exit
from hangctl.main import SUBCOMMANDS, cli

PAGE = Path(__file__).parents[2] / "man" / "hangctl.1"
SOURCE = PAGE.read_text()


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found = [(name, command) for name in SUBCOMMANDS if (command := cli.get_command(context, name)) is not None]
    for name, command in list(found):
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", command.commands[inner]) for inner in command.commands]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_page_lists_every_subcommand_and_its_options(name: str, command: click.Command) -> None:
    words = r"\s+".join(map(re.escape, name.split()))
    assert re.search(rf"^\.It Cm (?:[a-z ,-]+, )?{words}\b", SOURCE, re.MULTILINE)
    for parameter in [*command.params, *cli.params]:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert re.search(rf"Fl {re.escape(option[1:])}\b", SOURCE), option


def test_the_page_lists_the_exit_codes() -> None:
    section = SOURCE.partition(".Sh EXIT STATUS")[2].partition(".Sh")[0]
    assert [int(code) for code in re.findall(r"^\.It (\d+)$", section, re.MULTILINE)] == list(Exit)


def test_the_page_lists_the_environment_variables() -> None:
    for name in ("HANG_SOCKET", "HANG_PASSWORD_FILE", "HANG_DEBUG", "XDG_RUNTIME_DIR", "NO_COLOR"):
        assert f".It Ev {name}" in SOURCE


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_finds_no_mistake_in_the_page() -> None:
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
