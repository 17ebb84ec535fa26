import os
from pathlib import Path

import pytest

from hangd.player.files import MediaUnusable, examine, has_changed, shown_name


def test_the_status_of_a_usable_file_is_returned(tmp_path: Path) -> None:
    file = tmp_path / "film.mkv"
    file.write_bytes(b"abc")
    assert examine(str(file)).st_size == 3


@pytest.mark.parametrize("path", ["/nowhere/film.mkv", "/dev/null/film.mkv", "film\0.mkv"])
def test_a_missing_file_is_not_found(path: str) -> None:
    with pytest.raises(MediaUnusable, match="does not exist") as caught:
        examine(path)
    assert caught.value.code == "not-found"


@pytest.mark.parametrize("name", ["/proc/self/status", "/proc/kmsg"])
def test_a_file_that_the_system_makes_is_refused_without_reading_it(name: str) -> None:
    """They have no size. Reading /proc/kmsg waits until the kernel has something to say."""
    with pytest.raises(MediaUnusable, match="is empty"):
        examine(name)


def test_a_file_that_shrinks_or_is_replaced_has_changed_but_not_one_that_grows(tmp_path: Path) -> None:
    file = tmp_path / "film.mkv"
    file.write_bytes(b"abc")
    identity = examine(str(file))
    with file.open("ab") as growing:
        growing.write(b"def")
    assert not has_changed(str(file), identity)
    os.truncate(file, 2)
    assert has_changed(str(file), identity)
    other = tmp_path / "other"
    other.write_bytes(b"abcdef")
    other.replace(file)
    assert has_changed(str(file), identity)
    file.unlink()
    assert has_changed(str(file), identity)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/films/a film.mkv", "'a film.mkv'"),
        ("/films/", "'films'"),
        ("/films/\x1b[2J\n.mkv", "'\\x1b[2J\\n.mkv'"),
        ("/films/\u202efdp.mkv", "'\\u202efdp.mkv'"),
        (os.fsdecode(b"/films/\xff.mkv"), "'\\xff.mkv'"),
        ("/films/日本.mkv", "'日本.mkv'"),
    ],
)
def test_names_are_shown_without_control_characters(path: str, shown: str) -> None:
    assert shown_name(path) == shown
    assert shown_name(path).isprintable()


def test_a_long_name_is_shortened() -> None:
    assert len(shown_name("/" + "x" * 5000)) < 130
