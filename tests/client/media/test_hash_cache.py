"""HashCache: hashes are kept across processes and crashes, and a wrong one is never returned."""

import hashlib
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hangd.client.media.hash_cache import FileVersion, HashCache

VERSION = FileVersion(size=5, mtime_ns=1_700_000_000_123_456_789, inode=7)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "hang" / "media.sqlite3"


def test_a_hash_is_recalled_by_another_cache_object(place: Path) -> None:
    HashCache(place).remember("/film", VERSION, hash_of("a"))
    assert HashCache(place).recall("/film", VERSION) == hash_of("a")
    assert HashCache(place).recall("/other", VERSION) is None


@pytest.mark.parametrize(
    "version",
    [
        FileVersion(size=6, mtime_ns=VERSION.mtime_ns, inode=7),
        FileVersion(size=5, mtime_ns=VERSION.mtime_ns + 1, inode=7),
        FileVersion(size=5, mtime_ns=VERSION.mtime_ns, inode=8),
    ],
)
def test_another_version_of_the_file_has_no_hash(place: Path, version: FileVersion) -> None:
    cache = HashCache(place)
    cache.remember("/film", VERSION, hash_of("a"))
    assert cache.recall("/film", version) is None
    cache.remember("/film", version, hash_of("b"))
    assert cache.recall("/film", version) == hash_of("b")
    assert cache.recall("/film", VERSION) is None


def test_names_that_are_not_text_and_numbers_beyond_63_bits(place: Path) -> None:
    cache = HashCache(place)
    path = os.fsdecode(b"/films/\xff\xfe.mkv")
    version = FileVersion(size=2**63 + 1, mtime_ns=-1, inode=2**64 - 1)
    cache.remember(path, version, hash_of("a"))
    assert cache.recall(path, version) == hash_of("a")


def test_the_least_recently_used_entry_is_deleted(place: Path) -> None:
    cache = HashCache(place, entries_max=3)
    for name in "abc":
        cache.remember(name, VERSION, hash_of(name))
    assert cache.recall("a", VERSION) == hash_of("a")
    cache.remember("d", VERSION, hash_of("d"))
    assert [cache.recall(name, VERSION) for name in "abcd"] == [hash_of("a"), None, hash_of("c"), hash_of("d")]


def test_the_file_stays_small(place: Path) -> None:
    cache = HashCache(place, entries_max=20)
    sizes = []
    for round in range(4):
        for index in range(20):
            cache.remember(f"{round}/{index}/" + "x" * 100, VERSION, hash_of("a"))
        sizes.append(place.stat().st_size)
    assert sizes[-1] <= 2 * sizes[0]


def test_a_truncated_file_loses_entries_and_nothing_else(place: Path) -> None:
    """The file is cut at many lengths: each time recalled hashes are right or missing, and the cache works again."""
    whole = HashCache(place)
    for name in ("a", "b", "c"):
        whole.remember(name, VERSION, hash_of(name))
    content = place.read_bytes()
    borders = {length + off for length in range(0, len(content), 512) for off in (-1, 0, 1)}
    for length in sorted(borders | set(range(0, len(content), 37))):
        if not 0 <= length < len(content):
            continue
        place.write_bytes(content[:length])
        cache = HashCache(place)
        for name in ("a", "b", "c"):
            assert cache.recall(name, VERSION) in (None, hash_of(name)), f"cut at {length}"
        cache.remember("d", VERSION, hash_of("d"))
        assert cache.recall("d", VERSION) == hash_of("d"), f"cut at {length}"


@pytest.mark.parametrize("content", [b"no database\n" * 500, b"SQLite format 3\0" + b"\xff" * 4096, b"\0" * 8192])
def test_a_damaged_file_is_begun_anew(place: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    cache = HashCache(place)
    assert cache.recall("/film", VERSION) is None
    cache.remember("/film", VERSION, hash_of("a"))
    assert cache.recall("/film", VERSION) == hash_of("a")
    assert [record.message for record in caplog.records if "begun anew" in record.message]


def test_a_value_that_is_not_a_hash_is_not_returned(place: Path) -> None:
    cache = HashCache(place)
    cache.remember("/film", VERSION, hash_of("a"))
    with sqlite3.connect(place) as database:
        database.execute("UPDATE hashes_1 SET hash = 'rm -rf'")
    database.close()
    assert cache.recall("/film", VERSION) is None
    cache.remember("/film", VERSION, hash_of("a"))
    assert cache.recall("/film", VERSION) == hash_of("a")


def test_an_unusable_cache_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way of a directory")
    cache = HashCache(tmp_path / "file" / "media.sqlite3")
    for _ in range(3):
        cache.remember("/film", VERSION, hash_of("a"))
        assert cache.recall("/film", VERSION) is None
    assert len(caplog.records) == 1
    assert caplog.records[0].levelno == logging.WARNING


# Root can write to read-only files, so the process changes its user if it is root.
READ_ONLY = """
import os, sys
from pathlib import Path
from hangd.client.media.hash_cache import FileVersion, HashCache
place = Path(sys.argv[1])
if os.getuid() == 0:
    os.setuid(65534)
if not os.access(place, os.R_OK):
    sys.exit("unreachable")
cache = HashCache(place)
version = FileVersion(size=5, mtime_ns=6, inode=7)
print(cache.recall("known", version))
cache.remember("other", version, "b" * 64)
print(cache.recall("other", version))
"""


def test_a_read_only_cache_is_read() -> None:
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which other users cannot enter
        place = Path(folder, "media.sqlite3")
        HashCache(place).remember("known", FileVersion(size=5, mtime_ns=6, inode=7), "a" * 64)
        place.chmod(0o444)
        place.parent.chmod(0o555)
        try:
            result = subprocess.run(
                [sys.executable, "-c", READ_ONLY, place], capture_output=True, text=True, timeout=60
            )
        finally:
            place.parent.chmod(0o700)
    if result.stderr == "unreachable\n":
        pytest.skip("the directory for temporary files is ours alone")
    assert result.stdout.splitlines() == ["a" * 64, "None"]
    assert result.stderr.count("the cache cannot be used") == 1


WRITER = """
import sys
from pathlib import Path
from hangd.client.media.hash_cache import FileVersion, HashCache
cache = HashCache(Path(sys.argv[1]))
for index in range(int(sys.argv[3])):
    cache.remember(f"{sys.argv[2]}/{index}", FileVersion(size=index, mtime_ns=index, inode=index), "a" * 64)
    cache.recall(f"{sys.argv[2]}/{index // 2}", FileVersion(size=index // 2, mtime_ns=index // 2, inode=index // 2))
    if index == 5:
        print("writing", flush=True)
"""


def test_two_processes_at_once_lose_nothing(place: Path) -> None:
    count = 60
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, place, name, str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in ("one", "two")
    ]
    for writer in writers:
        said, _ = writer.communicate(timeout=100)
        assert (writer.returncode, said) == (0, "writing\n")
    cache = HashCache(place)
    for name in ("one", "two"):
        for index in range(count):
            assert cache.recall(f"{name}/{index}", FileVersion(size=index, mtime_ns=index, inode=index)) == "a" * 64


def test_a_process_killed_while_it_writes_harms_nobody(place: Path) -> None:
    cache = HashCache(place)
    for round in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, place, "doomed", "100000"], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            writer.kill()
        cache.remember(f"mine/{round}", VERSION, hash_of("b"))
        assert cache.recall(f"mine/{round}", VERSION) == hash_of("b")
