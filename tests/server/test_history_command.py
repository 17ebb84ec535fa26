"""hangd history: what rooms watched, read beside a server."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from hangd.cli.main import main
from hangd.server.settings import ServerSettings
from hangd.server.storage import open_store
from hangd.store.base import Watched

NOW = time.time()
FRIDAY = Watched("room-1-long-id", "Friday", "film.mkv", 5400.0, NOW - 3600.0, 3000.4, 3, 2, 0.0042, 0.031)
PRIVATE = Watched("room-2-long-id", None, None, None, NOW - 9 * 86400.0, 60.0, 1, 0, None, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a server that runs, and whose rooms have watched two films."""
    return tmp_path / "data"


def history(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["history", "--data-dir", str(data), *words])


@pytest.fixture(autouse=True)
def running(data: Path) -> object:
    store = open_store(ServerSettings(data_dir=str(data)))
    store.add_watched([FRIDAY, PRIVATE])
    yield store
    store.close()


def test_a_table_with_the_latest_last(data: Path) -> None:
    heading, first, last = history(data).stdout.splitlines()
    assert heading.split()[:4] == ["started", "watched", "members", "room"]
    assert first.split()[2:] == ["0:01:00", "1", "room-2-l", "-", "0", "-", "-"]
    assert last.split()[2:] == ["0:50:00", "3", "Friday", "film.mkv", "2", "4", "ms", "31", "ms"]
    assert last.startswith(time.strftime("%Y-%m-%d %H:%M", time.localtime(FRIDAY.started_at)))


def test_json_has_seconds(data: Path) -> None:
    private, friday = map(json.loads, history(data, "--json").stdout.splitlines())
    assert friday == {
        "started": FRIDAY.started_at,
        "room_id": "room-1-long-id",
        "room": "Friday",
        "film": "film.mkv",
        "duration": 5400.0,
        "seconds": 3000.4,
        "members": 3,
        "corrections": 2,
        "skew_p50": 0.0042,
        "skew_p95": 0.031,
    }
    assert (private["film"], private["room"], private["skew_p50"]) == (None, None, None)


def test_since(data: Path) -> None:
    (friday,) = history(data, "--json", "--since", "7d").stdout.splitlines()
    assert json.loads(friday)["film"] == "film.mkv"
    done = history(data, "--since", "30m")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("no film was watched since then")


def test_a_time_that_is_none(data: Path) -> None:
    done = history(data, "--since", "soon")
    assert done.exit_code == 2
    assert "'soon' is no time: write 24h, 7d or 2w" in done.stderr


def test_what_members_wrote_is_escaped(data: Path, running: object) -> None:
    running.add_watched([replace(FRIDAY, film="\x1b[2Jfilm\u202e.mkv", started_at=NOW)])  # type: ignore[attr-defined]
    seen = history(data).stdout
    assert "\x1b" not in seen and "\\x1b[2Jfilm\\u202e.mkv" in seen


def test_where_nothing_is_kept_it_says_where_it_has_looked(tmp_path: Path) -> None:
    done = history(tmp_path / "elsewhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{tmp_path / 'elsewhere'}" in done.stderr
