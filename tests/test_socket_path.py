"""A socket's path in folders and beside files that are somebody else's."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hangctl.client import Connection, ControlError
from hangd.socket_path import SocketBusy, SocketPath, SocketUnusable

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def another_user(number: int = NOBODY) -> Iterator[None]:
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)


def link(lock: Path, precious: Path) -> None:
    lock.symlink_to(precious)


def hard_link(lock: Path, precious: Path) -> None:
    lock.hardlink_to(precious)


def own_file(lock: Path, precious: Path) -> None:
    lock.write_bytes(precious.read_bytes())


def link_to_nothing(lock: Path, precious: Path) -> None:
    lock.symlink_to(precious.with_name("new"))


def pipe(lock: Path, precious: Path) -> None:
    os.mkfifo(lock)


def subfolder(lock: Path, precious: Path) -> None:
    lock.mkdir()


@pytest.mark.parametrize("made", [link, hard_link, own_file, link_to_nothing, pipe, subfolder])
def test_what_is_no_lock_file_is_neither_followed_nor_changed(
    made: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    precious, lock = tmp_path / "precious", tmp_path / "run" / "hangd.sock.lock"
    precious.write_text("all my passwords")
    lock.parent.mkdir()
    made(lock, precious)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SocketUnusable, match=r"hangd\.sock\.lock is there already, and is no lock file"):
        SocketPath(tmp_path / "run" / "hangd.sock").lock()
    assert precious.read_text() == "all my passwords"
    assert sorted(tmp_path.rglob("*")) == before
    if made is own_file:
        assert lock.read_text() == "all my passwords"


@pytest.mark.parametrize("content", ["", "4711\n", "4711"])
def test_a_lock_file_of_a_process_that_has_gone_is_taken(content: str, tmp_path: Path) -> None:
    (tmp_path / "hangd.sock.lock").write_text(content)
    path = SocketPath(tmp_path / "hangd.sock")
    path.lock()
    assert (tmp_path / "hangd.sock.lock").read_text() == f"{os.getpid()}\n"
    with pytest.raises(SocketBusy, match=f"process {os.getpid()}$"):
        SocketPath(tmp_path / "hangd.sock").lock()
    path.unlock()


@pytest.mark.parametrize(
    ("mode", "is_used"), [(0o755, True), (0o777, False), (0o775, os.geteuid() == os.getegid()), (0o1777, True)]
)
def test_a_folder_is_refused_to_which_other_users_may_write(mode: int, is_used: bool, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    run.chmod(mode)
    path = SocketPath(run / "hangd.sock")
    if is_used:
        path.lock()
        path.unlock()
        return
    with pytest.raises(SocketUnusable) as caught:
        path.lock()
    assert str(caught.value) == (
        f"cannot listen at {run}/hangd.sock: other users may write to {run}, and could take the socket away: use a "
        "folder that only you may write to"
    )
    assert list(run.iterdir()) == []


@needs_root
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_folder_of_another_user_is_refused(mode: int, folder: Path) -> None:
    folder.chmod(mode)
    os.chown(folder, NOBODY, -1)
    with pytest.raises(SocketUnusable, match=f"user {NOBODY} may write to"):
        SocketPath(folder / "hangd.sock").lock()


@needs_root
def test_a_lock_file_that_another_user_has_made_in_a_folder_like_tmp_is_refused(folder: Path) -> None:
    folder.chmod(0o1777)
    lock = folder / "hangd.sock.lock"
    lock.write_text("4711\n")
    lock.chmod(0o666)
    os.chown(lock, NOBODY, -1)
    with pytest.raises(SocketUnusable):  # Linux itself refuses it where fs.protected_regular is set
        SocketPath(folder / "hangd.sock").lock()
    assert lock.read_text() == "4711\n"


@needs_root
@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not say who listens")
def test_hangctl_tells_the_process_of_another_user_nothing(folder: Path) -> None:
    folder.chmod(0o1777)
    path = folder / "hangd.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        with another_user():
            listening.bind(str(path))
            listening.listen()
        path.chmod(0o666)
        with another_user(NOBODY - 1), pytest.raises(ControlError, match=f"a process of user {NOBODY}"):
            Connection(str(path), 1.0)
        with another_user(NOBODY), Connection(str(path), 1.0):
            pass
