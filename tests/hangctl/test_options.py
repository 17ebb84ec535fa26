"""What the subcommands share: paths of files, looked at before the daemon gets them."""

import os
from pathlib import Path

import pytest

from hangctl.client import ControlError
from hangctl.options import absolute_path


def test_a_file_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.mkv").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert absolute_path("film.mkv") == str(tmp_path / "film.mkv")


@pytest.mark.parametrize(("name", "reason"), [("missing", "no such file or directory"), (".", "is a directory")])
def test_what_cannot_be_read_is_one_error(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ControlError, match=f"cannot read '{name}': {reason}"):
        absolute_path(name)


@pytest.mark.timeout(20)
def test_a_fifo_without_a_writer_does_not_hold_hangctl_up(tmp_path: Path) -> None:
    """The daemon refuses it with one sentence. Opening it for reading waited for ever."""
    os.mkfifo(tmp_path / "fifo")
    assert absolute_path(str(tmp_path / "fifo")) == str(tmp_path / "fifo")
