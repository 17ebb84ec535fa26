"""The token for control over TCP: made once, and refused if it is not a secret."""

import os
import re
import stat
from pathlib import Path

import pytest

from hangd.client.control.server.token import token_in
from hangd.socket_path import SocketUnusable


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "hang" / "control-token"
    token = token_in(path)
    assert re.fullmatch(r"[\w-]{43}", token)
    assert path.read_text() == token + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no temporary file is left"
    assert token_in(path) == token
    path.unlink()
    assert token_in(path) != token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601])
def test_a_file_that_other_users_can_use_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "token"
    token_in(path)
    path.chmod(mode)
    with pytest.raises(SocketUnusable, match=f"not private: .*chmod 600 {path}$"):
        token_in(path)
    path.chmod(0o400)
    assert token_in(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token_in(path)
    os.chown(path, 65534, -1)
    with pytest.raises(SocketUnusable, match="belongs to user 65534: remove it"):
        token_in(path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"x" * 31, b"x" * 2000, b"\xff" * 40, b"x" * 30 + b"\0" * 9])
def test_a_file_without_a_token_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SocketUnusable, match="holds no token"):
        token_in(path)


def test_a_fifo_or_folder_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, why in (("pipe", "not a file: remove it"), (".", "Is a directory")):
        with pytest.raises(SocketUnusable, match=why):
            token_in(tmp_path / name)


def test_a_path_where_no_token_can_be_kept_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SocketUnusable, match=r"cannot be kept: .*: (Not a directory|File exists)$"):
        token_in(tmp_path / "file" / "token")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SocketUnusable, match="No such file"):
        token_in(tmp_path / "link")
