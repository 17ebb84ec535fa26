"""What is asked of the real VLC while it opens a film holds, in whatever order it is asked."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.daemons.mpv import Talk, hangd
from tests.support.daemons.party import CLIP, TRACKS, wait_for

pytestmark = pytest.mark.real

_SUBTITLES: Final = "1\n00:00:01,000 --> 00:00:50,000\nhello\n"


class Asking:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def __call__(self, *words: Any) -> Any:
        """Send a command, which must succeed, and return its data."""
        (line,) = self._talk.ask(json.dumps({"command": words}).encode())
        answer = json.loads(line)
        assert answer["error"] == "success", (words, answer)
        return answer.get("data")

    def get(self, name: str) -> Any:
        return self("get_property", name)


@pytest.fixture(scope="module")
def asks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with hangd(tmp_path_factory.mktemp("opening")) as daemon:
        talk = daemon.connect()
        talk.ask(b'{"command":["disable_event","all"]}')
        yield Asking(talk)
        talk.close()


def test_a_place_that_is_set_is_where_it_plays_from(asks: Asking) -> None:
    for _ in range(3):
        asks("set_property", "pause", True)
        asks("loadfile", str(CLIP))
        wait_for(lambda: asks("get_property_string", "duration"), "the duration")
        asks("set_property", "playback-time", 23)
        asks("set_property", "pause", False)
        assert asks.get("time-pos") == pytest.approx(23, abs=0.5)
        wait_for(lambda: not asks.get("core-idle"), "the film to play")
        assert 22.9 < asks.get("time-pos") < 26


@pytest.mark.parametrize("seed", range(4))
def test_everything_else_too(seed: int, asks: Asking, tmp_path: Path) -> None:
    order = random.Random(seed)
    subtitles = tmp_path / "more.srt"
    subtitles.write_text(_SUBTITLES)
    wanted: dict[str, Any] = {
        "aid": 2, "volume": 33.0, "mute": True, "speed": 1.25, "time-pos": 7.0, "loop-file": "inf", "ab-loop-a": 3.0,
        "sub-delay": 0.5, "sub-visibility": False, "pause": True,
    }  # fmt: skip
    asked: list[tuple[Any, ...]] = [("set_property", name, value) for name, value in wanted.items()]
    asked += [("sub-add", str(subtitles)), ("loadfile", str(CLIP), "append")]
    order.shuffle(asked)
    asks("set_property", "pause", order.random() < 0.5)
    asks("loadfile", str(TRACKS))
    for words in asked:
        asks(*words)
    wanted |= {"track-list/count": 6, "sid": 3, "playlist-count": 2, "path": str(TRACKS)}

    def seen() -> dict[str, Any]:
        return {name: asks.get(name) for name in wanted}

    wait_for(lambda: seen()["track-list/count"] == 6 and not asks.get("seeking"), "the film and its subtitles")
    assert seen() == wanted
    for name, value in (("mute", False), ("speed", 1), ("loop-file", "no"), ("ab-loop-a", "no"), ("sub-delay", 0)):
        asks("set_property", name, value)
    asks("set_property", "sub-visibility", True)
