"""Where the runtime directory is, and so the control socket."""

import asyncio
import os
from pathlib import Path

import pytest

from hangd import paths
from hangd.client import daemon
from hangd.client.settings import ClientSettings


@pytest.fixture
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime directory that the login made."""
    for name in ("XDG_RUNTIME_DIR", "HANG_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(paths, "RUNTIME_DIRS", str(tmp_path / "run"))
    usual = tmp_path / "run" / str(os.getuid())
    usual.mkdir(mode=0o700, parents=True)
    return usual


def test_the_variable_comes_first(usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "not made yet"))
    assert paths.runtime_socket() == f"{tmp_path}/not made yet/hang/hangd.sock"


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_it_is_the_usual_one(
    usual: Path, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert paths.runtime_socket() == f"{usual}/hang/hangd.sock"


def test_the_directory_of_another_user_is_passed_over(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """su without a dash keeps the variable of the user from before."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(usual))
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert paths.runtime_dir() is None
    assert paths.runtime_socket() == paths.state_socket() == f"{tmp_path}/state/hang/hangd.sock"


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o600])
def test_a_usual_directory_that_is_not_private_is_not_used(usual: Path, mode: int) -> None:
    usual.chmod(mode)
    assert paths.runtime_dir() is None


def test_the_daemon_s_libraries_find_it_too(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sockets of sound and of Wayland are there."""
    monkeypatch.setattr(asyncio, "run", lambda coroutine: coroutine.close())
    assert daemon.run(ClientSettings(name="ada"), reload=lambda: None) == 0
    assert os.environ.pop("XDG_RUNTIME_DIR") == str(usual)


def test_a_file_is_no_directory(usual: Path) -> None:
    usual.rmdir()
    usual.touch(mode=0o700)
    assert paths.runtime_dir() is None
