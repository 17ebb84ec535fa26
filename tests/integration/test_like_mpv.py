"""The real mpv and a real hangd, in no room, get the same requests: every answer and event is the same, byte for byte.

The exceptions are in `DIFFERENCES` and in docs/mpv.md. The requests are in tests/golden: ``mpv_lines.py``, for which
answers and events are compared, and ``mpv-ipc.jsonl``, for which only the answers are.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.golden.mpv_lines import EQUAL_KEYS, NOT_JSON, SCENES, SMALL_NUMBERS, UNFIT_STRINGS, Until
from tests.support.mpv import Speaker, Talk, hangd, mpv
from tests.support.party import CLIP, wait_for

pytestmark = pytest.mark.real

ROOT: Final = Path(__file__).parents[2]
GONE: Final = "/nowhere/gone.mp4"


class Difference(NamedTuple):
    """An intended difference. ``lines``, if any, are requests that show it."""

    what: str
    why: str
    lines: Sequence[bytes] = ()
    unseen: Callable[[bytes], bytes | None] = lambda line: line
    """Remove the difference from a line of either program; None removes the whole line."""


def _event(*names: bytes) -> Callable[[bytes], bytes | None]:
    return lambda line: None if line.startswith(tuple(b'{"event":"%s"' % name for name in names)) else line


_DETAILS: Final = re.compile(rb',"details":\{"code":"[^"]*","message":"(?:[^"\\]|\\.)*"\}')


def _command(*words: bytes) -> list[bytes]:
    return [b'{"command":[%s]}' % each for each in words]


DIFFERENCES: Final = (
    Difference(
        "`get_version` returns 2.3, and `mpv-version` begins with `mpv 0.38.0 (hang`.",
        "Newer clients check these before they use what mpv 0.35 lacks and hang has.",
        _command(b'"get_version"', b'"get_version","x"', b'"get_property","mpv-version"'),
    ),
    Difference(
        "A refusal may have one more key, `details`, with a code and a sentence.",
        "mpv's error strings cannot say why a room refused. It is the last key, and clients look keys up by name.",
        unseen=lambda line: _DETAILS.sub(b"", line),
    ),
    Difference(
        r"JSON has no trailing commas, unquoted keys, `=` for `:`, `\xAB`, `\e`, `\'`, octal or hexadecimal numbers.",
        r"These are mpv's additions to JSON, and no known client uses them. `\u` can write any character.",
        NOT_JSON,
    ),
    Difference(
        r"A string with `\u0000` or half of a surrogate pair is refused; `\udc80` to `\udcff` are the bytes 80 to ff.",
        "mpv cuts a string at the NUL. Python's `json` writes the bytes of a file name that is not UTF-8 like this.",
        UNFIT_STRINGS,
    ),
    Difference(
        "Of a repeated key the first counts, and the others are dropped.",
        "mpv returns all of them in `request_id`, and refuses an argument that is repeated.",
        EQUAL_KEYS,
    ),
    Difference(
        "A number that is too small for a double is read as 0.",
        "mpv refuses the line.",
        SMALL_NUMBERS,
    ),
    Difference(
        "There are no events `audio-reconfig`, `video-reconfig` and `tick`.",
        "VLC does not report the first two; the last is deprecated.",
        unseen=_event(b"audio-reconfig", b"video-reconfig", b"tick"),
    ),
    Difference(
        "`_name` is the name of the command, and then an argument may be called `name`.",
        "As in newer mpv; `room-create` has such an argument.",
        (
            b'{"command":{"_name":"expand-text","text":"a"}}',
            b'{"command":{"_name":"set","name":"mute","value":"no"}}',
        ),
    ),
    Difference(
        "The prefixes `nonrepeatable` and `nonscalable` are known.",
        "As in newer mpv.",
        _command(b'"nonrepeatable","ignore"', b'"nonscalable","ignore"'),
    ),
    Difference(
        "`${>name}` is the same as `${name}`.",
        "In newer mpv it has a fixed length; mpv 0.35 does not know it.",
        _command(b'"expand-text","${>mute}"'),
    ),
    Difference(
        "`-1:30` is a minute and a half back.",
        "As in newer mpv. mpv 0.35 subtracts the minute and adds the seconds: half a minute back.",
    ),
    Difference(
        "Log lines are hangd's own, and no more detailed than hangd's own log level.",
        "hangd is another program; and one client must not slow the daemon down for the others.",
        unseen=_event(b"log-message"),
    ),
    Difference(
        "`run`, `subprocess`, `load-script` and other commands that start programs or write files are refused.",
        "A client that may control playback need not have the right to do that.",
        _command(b'"run","true"', b'"load-script","/nowhere.lua"', b'"write-watch-later-config"'),
    ),
    Difference(
        "Screenshots are PNG, with subtitles, one at a time, in one directory (`--screenshot-dir`).",
        "VLC writes them so; and a client that may control playback need not have the right to overwrite files.",
    ),
    Difference(
        "A line has at most 1 MiB and 10 000 values, an expanded text 1 MiB; a client has at most 64 waiting commands.",
        "mpv has no such limits. A longer line is answered `invalid parameter`, and the connection is closed.",
    ),
    Difference(
        "A client that does not read for 30 s after its events have overflowed is disconnected.",
        "mpv keeps trying to write to it, and uses a whole core for that.",
    ),
    Difference(
        "`speed` is between 0.25 and 2.0, in the steps that VLC plays: 1.5 becomes 1.49925.",
        "The value is the speed that plays, because a small difference becomes a different position within a minute.",
        (
            *_command(b'"set_property","speed",100'),
            b'{"command":["set_property","speed",1.5]}\n{"command":["get_property","speed"]}',
        ),
        unseen=lambda line: line.replace(b"1.499250", b"1.500000"),
    ),
    Difference(
        "`volume` keeps all digits: 33.333333 stays that.",
        "mpv stores it with 24 bits and returns 33.333332.",
        [b'{"command":["set_property","volume",33.333333]}\n{"command":["get_property","volume"]}'],
    ),
    Difference(
        "`${playlist}` is plain text with a mark before the current entry.",
        "mpv's text has bytes that are not UTF-8, and subtitle markup, for its own screen.",
        _command(b'"expand-text","${playlist}|${=playlist}"'),
    ),
    Difference(
        "`track-list` has what VLC reports: not `default`, `forced`, `image` and others.",
        "An unknown value is left out, because clients would take a guess for the truth.",
        _command(b'"get_property","track-list/0"'),
    ),
    Difference(
        "`aid`, `vid` and `sid` accept existing tracks only; without a film they are `no`.",
        "mpv keeps the choice for the next film; in hang each film starts with its own default tracks.",
        _command(b'"get_property","aid"', b'"set_property","aid",9'),
    ),
    Difference(
        "Every list can be read by sub-paths.",
        "`command-list/0/name` is an error in mpv, without a reason that a client could know.",
        _command(b'"get_property","command-list/0/name"'),
    ),
    Difference(
        "In a room, `playlist-pos` and `playlist-play-index` accept existing entries only.",
        "In mpv another index stops playback; in a room it would stop for all members.",
    ),
    Difference(
        "In a room, `stop` keeps the playlist, removing the last entry does not stop its film, and nothing loops.",
        "The queue and the film belong to all members; the room plays the queue once.",
    ),
    Difference(
        "At the end of the last film there is an `end-file` event, though the film stays open.",
        "With `keep-open` mpv sends it only when the next film starts, but clients wait for it.",
    ),
    Difference(
        "`_` and `-` are the same in the names of arguments.",
        "In mpv they are the same in the names of commands only.",
    ),
)
"""All differences from mpv that are intended. docs/mpv.md has the same list."""

AWAITED: Final[tuple[bytes, ...]] = ()
"""Requests whose difference is a known fault of hangd."""


# ---- both -----------------------------------------------------------------------------------------------------------


class Both:
    """One client of each program; both send the same."""

    def __init__(self, theirs: Speaker, ours: Speaker) -> None:
        self._talks: tuple[Talk, Talk] = (theirs.connect(), ours.connect())

    def ask(self, line: bytes, until: bytes = b"") -> tuple[list[bytes], list[bytes]]:
        """Return the lines of mpv and the lines of hangd."""
        line = line.replace(b"@clip@", bytes(CLIP)).replace(b"@gone@", GONE.encode())
        theirs, ours = (talk.ask(line, until=until) for talk in self._talks)
        return theirs, ours

    def begin(self, loaded: bool) -> None:
        """Bring both to the same state: idle, or with the film paused at its beginning."""
        for talk in self._talks:
            talk.ask(b"set pause yes; set volume 100; set mute no; set speed 1")
            if loaded:
                talk.ask(b'loadfile "%s"' % bytes(CLIP), until=b"start-file file-loaded playback-restart")

    def rest(self) -> None:
        """Wait until no seek is under way in either."""
        theirs, ours = self._talks
        wait_for(
            lambda: b"true" not in _answers(theirs.ask(b'{"command":["get_property","seeking"]}'))[0],
            "the end of mpv's seek",
        )
        ours.ask(b'{"command":["hang-wait","done"]}')

    def end(self, loaded: bool) -> None:
        for talk in self._talks:
            talk.ask(b"stop", until=b"end-file idle" if loaded else b"")
            talk.close()


def _answers(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if not line.startswith(b'{"event"')]


def _plain(lines: list[bytes]) -> list[bytes]:
    kept: list[bytes] = []
    for line in lines:
        seen: bytes | None = line
        for difference in DIFFERENCES:
            seen = None if seen is None else difference.unseen(seen)
        if seen is not None:
            kept.append(seen)
    return kept


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Speaker, Speaker]]:
    folder = tmp_path_factory.mktemp("like-mpv")
    with mpv(folder) as theirs, hangd(folder) as ours:
        yield theirs, ours


def _shown(line: bytes, theirs: list[bytes], ours: list[bytes]) -> str:
    parts = [line[:300], b"  mpv:", *theirs, b"  hangd:", *ours]
    return "\n    ".join(part.decode("utf-8", "backslashreplace") for part in parts)


# ---- the tests ------------------------------------------------------------------------------------------------------

ON_PURPOSE: Final = [line for difference in DIFFERENCES for line in difference.lines]


def _by_observer(lines: list[bytes]) -> list[bytes]:
    """Sort consecutive property changes by their observers.

    When several properties change at once, neither program sends the changes to its observers in a fixed order. The
    changes for one observer keep their order.
    """
    sorted_lines: list[bytes] = []
    for changes, run in itertools.groupby(lines, lambda line: line.startswith(b'{"event":"property-change"')):
        heard = list(run)
        sorted_lines += sorted(heard, key=lambda line: line.split(b',"name"')[0]) if changes else heard
    return sorted_lines


def _same(asked: bytes, theirs: list[bytes], ours: list[bytes]) -> bool:
    """Return whether the lines are the same, or differ as intended."""
    return (
        _by_observer(_plain(theirs)) == _by_observer(_plain(ours))
        or re.sub(rb',"request_id":[0-9]+}$', b"}", asked) in ON_PURPOSE
    )


@pytest.mark.timed  # whether a change is told before a file fails to open depends on how fast each program is
@pytest.mark.parametrize("name", SCENES)
def test_answers_and_events_are_the_same(name: str, speakers: tuple[Speaker, Speaker]) -> None:
    scene = SCENES[name]
    both = Both(*speakers)
    both.begin(scene.loaded)
    found: list[str] = []
    for line in scene.lines:
        asked, until = line if isinstance(line, Until) else (line, b"")
        theirs, ours = both.ask(asked, until)
        if _same(asked, theirs, ours) == (asked in AWAITED):
            found.append(_shown(asked, theirs, ours))
    both.end(scene.loaded)
    assert not found, "not the same (or the same, and still awaited):\n" + "\n".join(found)


def test_every_intended_difference_exists(speakers: tuple[Speaker, Speaker]) -> None:
    same = set(ON_PURPOSE)
    for loaded in (False, True):
        both = Both(*speakers)
        both.begin(loaded)
        for line in ON_PURPOSE:
            theirs, ours = both.ask(line)
            if theirs != ours:
                same.discard(line)
        both.end(loaded)
    assert not same, "these differ no more: remove them"


def _golden() -> list[tuple[str, list[bytes]]]:
    scenes: list[tuple[str, list[bytes]]] = []
    for text in (ROOT / "tests" / "golden" / "mpv-ipc.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(text)
        if "scene" in record:
            scenes.append((record["scene"], []))
        elif "hang" not in record:
            scenes[-1][1].append(record["ask"].encode("latin-1"))
    return scenes


@pytest.mark.parametrize(("state", "lines"), _golden(), ids=lambda value: value if isinstance(value, str) else "")
def test_recorded_requests_have_the_same_answers(state: str, lines: list[bytes], tmp_path: Path) -> None:
    with mpv(tmp_path) as original, hangd(tmp_path) as copy:
        both = Both(original, copy)
        both.begin(state == "loaded")
        found: list[str] = []
        for line in lines:
            both.rest()
            theirs, ours = map(_answers, both.ask(line))
            if not _same(line, theirs, ours):
                found.append(_shown(line, theirs, ours))
        assert not found, "\n".join(found)


def test_a_half_closed_connection_is_answered(speakers: tuple[Speaker, Speaker]) -> None:
    """As with ``echo '...' | socat - UNIX-CONNECT:...``: the request is answered, then the connection is closed."""
    for speaker in speakers:
        talk = speaker.connect()
        talk.send(b'{"command":["get_property","idle-active"],"request_id":7}\n{"command":["unfinished"')
        assert talk.rest() == b'{"data":true,"request_id":7,"error":"success"}\n'
        talk.close()


def test_the_page_lists_the_same_differences() -> None:
    page = (ROOT / "docs" / "mpv.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert rows[1:] == [(each.what, each.why) for each in DIFFERENCES], "the first row is the heading"
