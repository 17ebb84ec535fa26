"""The manual as `hangctl help` and `hangd help` show it: as text, on a terminal, and from a wheel."""

import os
import pty
import re
import shutil
import subprocess
import sys
import zipfile
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from hangctl.main import SUBCOMMANDS
from hangd.manual import mdoc
from hangd.manual.show import PAGES

ROOT = Path(__file__).parent.parent
SOURCES = {name: (ROOT / "man" / file).read_text(encoding="utf-8") for name, file in PAGES.items()}


def test_each_page_of_the_manual_can_be_shown() -> None:
    assert sorted(PAGES.values()) == sorted(path.name for path in (ROOT / "man").iterdir())


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
@pytest.mark.parametrize("page", PAGES)
def test_the_text_of_a_page_has_the_words_that_mandoc_prints(page: str) -> None:
    """If this fails, the page has a macro of mdoc(7) that hangd.manual.mdoc does not know."""
    done = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=240", ROOT / "man" / PAGES[page]],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = re.sub(".\b", "", done.stdout).splitlines()[1:-1]  # without the lines at the top and at the bottom
    wanted, got = " ".join(lines).split(), mdoc.text(SOURCES[page], 240).split()
    changes = SequenceMatcher(None, wanted, got, autojunk=False).get_opcodes()
    assert [(wanted[a:b], got[c:d]) for tag, a, b, c, d in changes if tag != "equal"] == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "viewer", [["mandoc", "-T", "ascii"], ["groff", "-mdoc", "-T", "ascii", "-P-c"]], ids=lambda v: v[0]
)
def test_a_program_of_two_words_is_called_so_everywhere_on_its_page(viewer: list[str], page: str) -> None:
    """groff repeats only the first word of ``.Nm`` where the name is not in quotation marks."""
    if shutil.which(viewer[0]) is None:
        pytest.skip(f"{viewer[0]} is not installed")
    done = subprocess.run([*viewer, ROOT / "man" / PAGES[page]], capture_output=True, text=True, check=True)
    name = "hangd server" if page == "hangd-server" else page
    for text in (re.sub(".\b", "", done.stdout), mdoc.text(SOURCES[page], 78)):
        synopsis = text.partition("SYNOPSIS\n")[2].partition("DESCRIPTION\n")[0]
        assert page.startswith(("hang-", "hang.")) or synopsis.split("[")[0].strip().startswith(name)
        description = " ".join(text.partition("\nDESCRIPTION\n")[2].split())
        assert page.startswith(("hang-", "hang.")) or description.startswith(f"{name} ")


@pytest.mark.parametrize("width", [40, 78, 120])
def test_lines_are_as_wide_as_the_terminal(width: int) -> None:
    without_examples = re.sub(r"^\.Bd.*?^\.Ed|^\.Dl.*?$", "", SOURCES["hangctl"], flags=re.MULTILINE | re.DOTALL)
    text = mdoc.text(without_examples, width)
    assert max(len(line) for line in text.splitlines() if " " in line.strip()) <= width
    assert "\b" not in text


@pytest.mark.parametrize("topic", list(SUBCOMMANDS))
def test_each_command_of_hangctl_has_help(topic: str) -> None:
    text = mdoc.text(mdoc.sections(SOURCES["hangctl"], topic), 78, "hangctl")
    first = text.splitlines()[0].split("[")[0]
    assert topic in re.split(r",? +", first.strip())
    assert len(text.splitlines()) > 1


def test_help_on_one_of_several_commands_is_only_on_that_one() -> None:
    text = mdoc.text(mdoc.sections(SOURCES["hangctl"], "playlist move"), 78, "hangctl")
    assert text.splitlines()[0].strip() == "playlist move number to"
    assert "playlist add" not in text
    assert mdoc.sections(SOURCES["hangctl"], "play") != mdoc.sections(SOURCES["hangctl"], "playlist")


def test_help_on_a_command_is_not_on_a_rule_of_the_same_name() -> None:
    text = mdoc.text(mdoc.sections(SOURCES["hangctl"], "wait"), 78, "hangctl")
    assert [line for line in text.splitlines() if line.startswith("      wait")] == [
        "      wait joined | playing | paused | ended | synced"
    ]
    assert "capacity number" in mdoc.text(mdoc.sections(SOURCES["hangctl"], "policy"), 78, "hangctl")


def test_a_word_that_is_no_command_is_found_in_the_help_on_others() -> None:
    assert "policy" in mdoc.mentioning(SOURCES["hangctl"], "password")
    assert {"create", "join"} <= set(mdoc.mentioning(SOURCES["hangctl"], "invite"))
    assert mdoc.mentioning(SOURCES["hangctl"], "nonsense") == []


def run(*arguments: str, path: str | None = None, python_path: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run a module of hang as a process, with ``path`` as its PATH."""
    environment = {
        "PATH": os.environ["PATH"] if path is None else path,
        "PYTHONPATH": str(python_path),
        "LANG": "C.UTF-8",
    }
    return subprocess.run([sys.executable, "-m", *arguments], env=environment, cwd="/", capture_output=True, text=True)


@pytest.mark.real
def test_help_is_plain_text_in_a_pipe() -> None:
    whole = run("hangctl", "help")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout == mdoc.text(SOURCES["hangctl"], 78)
    assert run("hangctl", "help", "hangctl(1)").stdout == whole.stdout
    assert run("hangd", "help", "hang.toml(5)").stdout == mdoc.text(SOURCES["hang.toml"], 78)
    assert run("hangd", "help", "config.toml").stdout == mdoc.text(SOURCES["hang.toml"], 78)
    assert run("hangctl", "help", "hang-protocol").stdout == mdoc.text(SOURCES["hang-protocol"], 78)
    assert run("hangd", "help").stdout == mdoc.text(SOURCES["hangd"], 78)
    assert run("hangd", "help", "server").stdout == mdoc.text(SOURCES["hangd-server"], 78)
    assert run("hangctl", "help", "server").stdout == run("hangd", "help", "server").stdout
    assert "it is named in the help on 'create', 'join'" in run("hangctl", "help", "password").stderr
    assert run("hangd", "help", "replay").stdout.startswith("      replay\n            Play a trace again")


@pytest.mark.real
@pytest.mark.parametrize("program", ["hangctl", "hangd"])
def test_a_topic_that_does_not_exist_is_told_what_there_is(program: str) -> None:
    done = run(program, "help", "nonsense")
    assert done.returncode == 2
    assert f"there is no help on 'nonsense': name a command of {program}, or a page: hangctl, hangd," in done.stderr


def on_terminal(path: str) -> str:
    """Return what ``hangctl help`` writes to a terminal, where ``path`` is the PATH."""
    process, master = pty.fork()
    if process == 0:
        environment = {"PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "xterm"}
        os.execve(sys.executable, [sys.executable, "-m", "hangctl", "help"], environment)
    screen = b""
    try:
        while data := os.read(master, 4096):
            screen += data
    except OSError:  # EIO on Linux when no process has the terminal open any more
        pass
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    return screen.decode()


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.real
def test_a_terminal_gets_man_or_mandoc_or_a_pager_or_text(tmp_path: Path) -> None:
    page = ROOT / "man" / "hangctl.1"
    folder = tmp_path / "bin"
    folder.mkdir()
    assert "control the hang daemon" in on_terminal(str(folder))
    program(folder, "more", "echo paged; /bin/cat")
    assert on_terminal(str(folder)).startswith("paged\r\nNAME")
    program(folder, "mandoc", 'echo mandoc "$@"')
    assert on_terminal(str(folder)) == f"mandoc -a {page}\r\n"
    program(folder, "man", 'echo man "$@"')
    assert on_terminal(str(folder)) == f"man -l {page}\r\n"
    program(folder, "man", "exit 1")
    assert on_terminal(str(folder)) == f"mandoc -a {page}\r\n"


@pytest.mark.real
def test_a_wheel_has_the_manual_and_the_files_for_desktops(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "installed")
    for file in PAGES.values():
        assert f"hangd/manual/pages/{file}" in names
        assert any(name.endswith(f".data/data/share/man/man{file[-1]}/{file}") for name in names)
    for place in ("applications/hang.desktop", "icons/hicolor/scalable/apps/hang.svg"):
        assert any(name.endswith(f".data/data/share/{place}") for name in names)
        assert f"hangctl/desktop/{place.rpartition('/')[2]}" in names
    assert "hangd/client/control/server/default_bindings.conf" in names
    assert "hangctl = hangctl.__main__:main" in (
        next((tmp_path / "installed").glob("*.dist-info")) / "entry_points.txt"
    ).read_text(encoding="utf-8")
    done = run("hangctl", "help", "seek", path="", python_path=tmp_path / "installed")
    assert done.stdout.startswith("      seek position\n"), done.stderr
