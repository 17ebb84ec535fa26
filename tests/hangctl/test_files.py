"""Files that are named to hangctl: looked at within the deadline, and named to the daemon without a byte's change."""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from hangctl.client import ControlError, TimedOut
from hangctl.files import apart, first_line, is_file, local_files
from hangctl.main import run
from tests.hangctl.conftest import Hangctl
from tests.support.daemons.scripted_daemon import ScriptedDaemon
from tests.support.names import file_names

pytestmark = pytest.mark.timeout(90)

SECONDS = 0.3
"""For what does not answer, and is to be given up."""
PATIENCE = 30.0
"""For what answers, on a busy machine."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a film in it, and what is no film."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mkv").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    return tmp_path


@pytest.fixture
def asleep(folder: Path) -> Iterator[str]:
    """A regular file that nobody can open for many seconds: somebody has a lease on it and does not give it up."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    path = folder / "asleep.mkv"
    path.write_bytes(b"x")
    holder = os.open(path, os.O_RDWR)
    fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    yield path.name
    os.close(holder)
    signal.signal(signal.SIGIO, before)


def test_a_file_is_made_absolute(folder: Path) -> None:
    assert local_files(["film.mkv"], None) == [(str(folder / "film.mkv"), 1)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "no such file or directory"),
        ("folder", "is a directory"),
        ("fifo", "is not a regular file"),
        ("socket", "is not a regular file"),
        ("/dev/zero", "is not a regular file"),
    ],
)
def test_what_is_no_file_is_one_error(folder: Path, name: str, reason: str) -> None:
    with pytest.raises(ControlError, match=f"cannot read '{name}': {reason}"):
        local_files(["film.mkv", name], None)


def test_a_file_that_the_system_makes_is_not_read(folder: Path) -> None:
    """Reading /proc/kmsg waits for the kernel to say something. Such files have no size."""
    assert local_files(["/proc/self/status"], PATIENCE)[0].size == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "{}"],
        ["create", "film.mkv", "--password-file", "{}"],
        ["join", "friday", "{}"],
        ["join", "friday", "--password-file", "{}"],
        ["media", "{}"],
        ["policy", "password", "--password-file", "{}"],
        ["playlist", "add", "film.mkv", "{}"],
        ["playlist", "load", "{}"],
        ["playlist", "save", "{}"],
        ["subs", "add", "{}"],
    ],
)
def test_no_command_outlives_its_timeout_on_a_disk_that_does_not_answer(
    daemon: ScriptedDaemon,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    asleep: str,
    arguments: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", environment["XDG_RUNTIME_DIR"])
    daemon.properties["playlist"] = []
    begun = time.monotonic()
    assert run(["--timeout", str(SECONDS), *(word.format(asleep) for word in arguments)]) == 4
    assert time.monotonic() - begun < 10
    error, hint = capfd.readouterr().err.splitlines()
    assert f"it did not answer within {SECONDS:g} s" in error
    assert hint == "hint: --timeout SECONDS waits longer"


@pytest.mark.parametrize("name", ["fifo", "asleep.mkv"])
def test_a_password_that_does_not_come_is_not_waited_for(asleep: str, name: str) -> None:
    with pytest.raises(TimedOut, match="cannot read it: it did not answer within"):
        first_line(name, SECONDS, "read it")


def test_a_password_may_come_out_of_a_pipe(folder: Path) -> None:
    """As with ``--password-file <(pass show films)``."""
    reader, writer = os.pipe()
    os.write(writer, b"open sesame\r\nand more")
    os.close(writer)
    assert first_line(f"/dev/fd/{reader}", 10, "read it") == b"open sesame"
    os.close(reader)


def test_a_password_file_without_end_is_not_read_to_its_end(folder: Path) -> None:
    with pytest.raises(ControlError, match="its first line is longer than 4096 bytes"):
        first_line("/dev/zero", 10, "read it")


def test_what_might_be_a_file_is_not_waited_for(asleep: str) -> None:
    assert is_file("film.mkv", PATIENCE)
    assert not is_file("fifo", PATIENCE)
    assert not is_file("missing", PATIENCE)


@pytest.mark.parametrize("name", ["fifo", "socket", "folder"])
def test_a_list_is_not_saved_in_place_of_what_is_no_file(
    daemon: ScriptedDaemon,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    name: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A FIFO, and as root /dev/null, was replaced by the list."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", environment["XDG_RUNTIME_DIR"])
    daemon.properties["playlist"] = []
    before = os.stat(name)
    assert run(["playlist", "save", name]) == 1
    assert capfd.readouterr().err.startswith(f"hangctl: error: cannot save '{name}': it ")
    assert os.stat(name) == before


def test_a_mistake_in_the_other_process_is_a_mistake_of_ours() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        apart(lambda: 1 // 0, 10, "divide")


def test_no_process_that_is_left_behind_holds_the_output_open(hangctl: Hangctl, asleep: str) -> None:
    """Who reads hangctl's output to its end would wait for that process otherwise."""
    done = hangctl("--timeout", str(SECONDS), "create", asleep, timeout=60)
    assert done.returncode == 4


# ---- names ----------------------------------------------------------------------------------------------------------


@given(name=file_names())
def test_the_daemon_is_told_the_bytes_of_a_name(tmp_path_factory: pytest.TempPathFactory, name: bytes) -> None:
    folder = os.fsencode(tmp_path_factory.getbasetemp())
    path = folder + b"/" + name
    with open(path, "wb"):
        pass
    try:
        told = local_files([os.fsdecode(path)], None)[0].path
    finally:
        os.unlink(path)
    assert told.encode("utf-8", "surrogateescape") == path


def test_a_file_is_named_by_its_url_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film = tmp_path / "a#b %20.mkv"
    film.write_bytes(b"film")
    assert local_files([f"file://{tmp_path}/a%23b%20%2520.mkv", "file://a%23b %2520.mkv"], None) == [(str(film), 4)] * 2
    with pytest.raises(ControlError, match=r"cannot read 'file:///no%23such\.mkv': no such file or directory"):
        local_files(["file:///no%23such.mkv"], None)
    for url in ("http://films.example/a.mkv", "dvd://"):
        with pytest.raises(ControlError, match=rf"^'{url}' is a URL: hang plays files on this machine only$"):
            local_files([url], None)


LOCALES = {
    "UTF-8": {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": ""},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
"""In the last one Python takes names of files for ASCII, as it takes them for Latin-1 in a locale of that encoding."""


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", [b"bad\xff\xfe.mp4", "Привет 😀.mp4".encode(), b"-dash\n\x1b.mp4", b"a#b %20?.mp4"])
def test_the_locale_changes_no_byte_of_a_name(
    daemon: ScriptedDaemon, hangctl: Hangctl, tmp_path: Path, locale: str, name: bytes
) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"x")
    done = hangctl("playlist", "add", "--", os.fsdecode(name), variables=LOCALES[locale])
    assert done.returncode == 0, done.stderr
    told = daemon.received[0][2]
    assert told == path.decode("utf-8", "surrogateescape")
