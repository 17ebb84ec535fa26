"""hangctl history: what was watched at this machine."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.hangctl.conftest import Hangctl
from tests.hangctl.test_members import run_on_terminal
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal

BEGAN = 1_780_000_000.0


def record(**changes: Any) -> dict[str, Any]:
    return {
        "film": "film.mkv", "path": "/films/film.mkv", "started": BEGAN, "ended": BEGAN + 5500, "seconds": 5400.0,
        "duration": 5400.0, "room_id": "0d9f-long-id", "room": "Friday", "with": ["bob"], "others": 1,
        "corrections": 2, "skew_p50": 0.0042, "skew_p95": 0.03, **changes,
    }  # fmt: skip


ALONE = record(room_id=None, room=None, corrections=0, skew_p50=None, skew_p95=None, others=0, **{"with": []})


def test_the_latest_is_last(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = {"error": "success", "data": [record(film="new.mkv", started=BEGAN + 9000), record()]}
    done = hangctl("history")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(BEGAN))
    first, last = done.stdout.splitlines()
    assert first == f"{when}  film.mkv  1:30:00 of 1:30:00  Friday  bob  2  4 ms"
    assert "new.mkv" in last
    assert daemon.received == [["history", 0.0, 20]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"room": None}, "  0d9f-lon  bob  "),
        ({"with": [], "others": 3}, "  Friday  3 others  "),
        ({"with": [], "others": 1}, "  Friday  1 other  "),
        ({"with": [], "others": 0}, "  Friday  2  "),
        ({"with": list("abcde"), "others": 5}, "  Friday  a, b, c and 2 more  "),
        ({"duration": None}, "  1:30:00  Friday"),
    ],
)
def test_where_and_with_whom(daemon: ScriptedDaemon, hangctl: Hangctl, changes: dict[str, Any], words: str) -> None:
    daemon.answers["history"] = {"error": "success", "data": [record(**changes)]}
    assert words in hangctl("history").stdout


def test_alone(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = {"error": "success", "data": [ALONE]}
    assert hangctl("history").stdout.endswith("1:30:00 of 1:30:00  alone\n")


def test_a_table_on_a_terminal_with_other_people_s_text_escaped(tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        hostile = record(room="[bold]\x1b[2J", **{"with": ["eve\x07"]})
        daemon.answers["history"] = {"error": "success", "data": [hostile, ALONE]}
        seen = run_on_terminal("--socket", str(tmp_path / "s"), "history", COLUMNS="160", TERM="xterm", NO_COLOR="1")
    assert any(line.split()[:3] == ["began", "film", "watched"] for line in seen.splitlines())
    assert "[bold]\\x1b[2J" in seen and "eve\\x07" in seen
    assert "\x1b[2J" not in seen and "\x07" not in seen


def test_json_is_what_the_daemon_says(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = {"error": "success", "data": [record(), ALONE]}
    lines = hangctl("history", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [ALONE, record()]


def test_since_asks_for_all_of_it(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = {"error": "success", "data": []}
    hangctl("history", "--since", "7d")
    ((_, since, limit),) = daemon.received
    assert (since, limit) == (pytest.approx(time.time() - 7 * 86400, abs=60), 10_000)


def test_a_limit(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = {"error": "success", "data": []}
    hangctl("history", "--limit", "3", "--since", "2026-05-31")
    ((_, _, limit),) = daemon.received
    assert limit == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--since", "soon"], "'soon' is no time: write 24h, 7d or 2w"),
        (["--limit", "0"], "0 is not in the range"),
        (["--clear", "--since", "7d"], "--clear forgets all of it"),
        (["--clear", "--limit", "7"], "--clear forgets all of it"),
    ],
)
def test_what_makes_no_sense_is_refused(hangctl: Hangctl, words: list[str], says: str) -> None:
    done = hangctl("history", *words)
    assert done.returncode == 2
    assert says in done.stderr


def test_clear(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history-clear"] = {"error": "success", "data": 2}
    done = hangctl("history", "--clear")
    assert (done.returncode, done.stdout) == (0, "")
    assert daemon.received == [["history-clear"]]


def test_a_daemon_that_keeps_none_says_so(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["history"] = refusal("NotFound", "this daemon keeps no history")
    done = hangctl("history")
    assert done.returncode == 1
    assert "cannot read the history: this daemon keeps no history" in done.stderr
