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
from tests.support.daemons.mpv import Speaker, Talk, hangd, mpv
from tests.support.daemons.party import CLIP, TRACKS, wait_for

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
        "VLC writes them so, and a picture that is stored turned it does not turn (320 by 180 where the "
        "window shows 180 by 320); and a client that may control playback need not have the right to "
        "overwrite files.",
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
        "`${playlist}`, `${chapter-list}` and `${track-list}` are plain text with a mark before what is current.",
        "mpv's text has bytes that are not UTF-8, and subtitle markup, for its own screen.",
        _command(b'"expand-text","${playlist}|${=playlist}"'),
    ),
    Difference(
        "`track-list` has what VLC reports: not `default`, `forced`, `image` and others.",
        "An unknown value is left out, because clients would take a guess for the truth.",
        _command(b'"get_property","track-list/0"'),
    ),
    Difference(
        "Of the covers of a piece of music, `track-list` has one: the front cover in the file, or else the "
        "first one, or one beside the file.",
        "VLC has no tracks for covers, so hang finds the picture itself. mpv lists them all, those beside "
        "the file too, and shows the first.",
    ),
    Difference(
        "`volume` is 0 to `volume-max`, which is 130; what is beyond is refused.",
        "mpv keeps up to 1000, and -1. Nothing here would play it so loud.",
        _command(b'"set_property","volume",500', b'"set_property","volume",-1'),
    ),
    Difference(
        "While a film is open, `aid`, `vid` and `sid` accept its tracks only; a choice holds for one film.",
        "mpv plays nothing for a number that is missing, and keeps it; here each film starts with its default tracks.",
        _command(b'"set_property","aid",9'),
    ),
    Difference(
        "`keep-open` is `yes` at first.",
        "As in a room, where the last picture stays for everybody to talk about. mpv's default is `no`.",
    ),
    Difference(
        "Every list can be read by sub-paths.",
        "`command-list/0/name` is an error in mpv, without a reason that a client could know.",
        _command(b'"get_property","command-list/0/name"'),
    ),
    Difference(
        "A list of films that lists itself is left out of itself.",
        "mpv 0.35 opens it again without end, and takes a whole core for that.",
    ),
    Difference(
        "In a room, a list of films comes into the queue as the films that it lists, without events.",
        "The queue belongs to all members, and they do not have the list.",
    ),
    Difference(
        "A folder or a disc image is refused; of a DVD or a Blu-ray Disc it is said how to get a file.",
        "mpv plays every file in a folder, subtitles and pictures included. "
        "VLC plays a disc with its menus, and seeks on it to the nearest half second.",
    ),
    Difference(
        "`file://localhost/x` is the file `/x`.",
        "Other programs write this machine's files so; to mpv it is a folder of that name.",
    ),
    Difference(
        "`sub-codepage` takes only encodings that exist; it counts for files that are opened or reloaded later.",
        "mpv takes any word, and says only in its log that there is no such encoding.",
        _command(b'"set_property","sub-codepage","nonsense"'),
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
        "`duration` is what the file's data say, where its header says otherwise.",
        "mpv shows the header's. A room would end its film there.",
    ),
    Difference(
        "A film that is cut short ends with `end-file`, reason `error`, and a sentence.",
        "mpv takes it for the end. Others may have the whole film.",
    ),
    Difference(
        "At the end of the last film there is an `end-file` event, though the film stays open.",
        "With `keep-open` mpv sends it only when the next film starts, but clients wait for it.",
    ),
    Difference(
        "What VLC does not tell is unavailable: read-ahead, the text of subtitles, sizes of the window, and others.",
        "A constant would be taken for a measurement. Each such name, with its reason, is in hang-ipc(7).",
        _command(b'"get_property","osd-dimensions"'),
    ),
    Difference(
        "`current-vo`, `current-ao`, `current-demuxer` and `hwdec-current` are VLC's names of its modules.",
        "They are what VLC's log says that it uses. `null` is the same as in mpv.",
    ),
    Difference(
        "`video-bitrate` and `audio-bitrate` are averages of the film, where its file tells them.",
        "mpv measures the last second. VLC tells the bits of all tracks together only.",
    ),
    Difference(
        "`video-rotate` is 0, 90, 180 or 270; `sub-pos` at most 100; `sub-font-size` is 45 at first, "
        "`sub-border-size` 1.8, `sub-font` Serif Bold.",
        "VLC can do no more at run time, and draws so by itself. What is more is refused with a sentence.",
        _command(
            b'"set_property","video-rotate",45',
            b'"set_property","sub-pos",120',
            b'"get_property","sub-font-size"',
            b'"get_property","sub-border-size"',
            b'"set_property","sub-border-size",-1',
        ),
    ),
    Difference(
        "Some keys are bound to other commands, or to none. `mouse` is refused; there are no sections of keys.",
        "[keys.md](keys.md) names each key with its reason. The window has an on-screen controller of its own.",
        _command(b'"get_property","input-bindings"', b'"mouse",1,1'),
    ),
    Difference(
        "In `alang` and `slang`, `de`, `deu` and `ger` are the same, and `de` fits `de-AT` too.",
        "As in newer mpv. mpv 0.35 compares letters, and finds only what is written as in the film.",
    ),
    Difference(
        "A chosen track is found again in the next film, and in films of the same folder, by its language and title.",
        "mpv takes the track with the same number in all later films. The setting `remember_tracks` ends it.",
    ),
    Difference(
        "`audio-device` names devices of PulseAudio (`pulse/...`), or of VLC's own output (`vlc/...`).",
        "The sound is played through these. A device that is not there is no error: the default one plays meanwhile.",
    ),
    Difference(
        "At the end of the last film, `pause` `no` plays it from its beginning.",
        "As other players do. In mpv nothing happens with `keep-open`, and `pause` is `yes` again.",
    ),
    Difference(
        "The pixels of a turned picture are turned with it: `dwidth` and `dheight` of 320 by 180 pixels of 9:8, "
        "turned by 90 degrees, are 180 and 360.",
        "So it is shown. mpv 0.35.1 says 202 and 320.",
    ),
    Difference(
        "A still image (PNG, GIF) has a duration of 10 s.",
        "VLC shows it so long. In mpv a PNG has 0, and a GIF its own.",
    ),
    Difference(
        "After a seek in a pause, the exact frame comes up to a second after `playback-restart`.",
        "VLC shows a frame near it first. In a room, `sync/state` is unknown until the exact one is shown.",
    ),
    Difference(
        "Every seek is exact, with `keyframes` too.",
        "mpv's relative seeks go to a key frame. In a room all members have to come to the same frame.",
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
        for word, path in ((b"@clip@", bytes(CLIP)), (b"@tracks@", bytes(TRACKS)), (b"@gone@", GONE.encode())):
            line = line.replace(word, path)
        theirs, ours = (talk.ask(line, until=until) for talk in self._talks)
        return theirs, ours

    def begin(self, loaded: bool) -> None:
        """Bring both to the same state: idle, or with the film paused at its beginning."""
        for talk in self._talks:
            talk.ask(b"set pause yes; set volume 100; set mute no; set speed 1; set keep-open yes")
            talk.ask(b"set aid auto; set sid auto; set vid auto; set sub-visibility yes")
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


def _last_changes(lines: list[bytes]) -> list[bytes]:
    """Put each observer's last property change behind all other lines, and leave out those before it.

    A file that cannot be opened fails at once: what is told of it before that, mpv too tells only if it has the time.
    """
    changes = {line.split(b',"name"')[0]: line for line in lines if line.startswith(b'{"event":"property-change"')}
    others = [line for line in lines if not line.startswith(b'{"event":"property-change"')]
    return others + list(changes.values())


def _same(asked: bytes, theirs: list[bytes], ours: list[bytes]) -> bool:
    """Return whether the lines are the same, or differ as intended."""
    return (
        _by_observer(_plain(theirs)) == _by_observer(_plain(ours))
        or re.sub(rb',"request_id":[0-9]+}$', b"}", asked) in ON_PURPOSE
    )


@pytest.mark.timed  # which changes are told one by one depends on how fast each program is
@pytest.mark.parametrize("name", SCENES)
def test_answers_and_events_are_the_same(name: str, speakers: tuple[Speaker, Speaker]) -> None:
    scene = SCENES[name]
    both = Both(*speakers)
    both.begin(scene.loaded)
    found: list[str] = []
    for line in scene.lines:
        asked, until = line if isinstance(line, Until) else (line, b"")
        theirs, ours = both.ask(asked, until)
        if b"@gone@" in asked:
            theirs, ours = _last_changes(theirs), _last_changes(ours)
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


def test_paused_a_relative_seek_past_the_end_goes_on_to_the_next_film(speakers: tuple[Speaker, Speaker]) -> None:
    """mpv tells of a restart before the film ends, and not when the next one stands: events are not compared here."""
    both = Both(*speakers)
    both.begin(loaded=True)
    both.ask(b'{"command":["set_property","keep-open","no"]}')
    both.ask(b'{"command":["loadfile","@tracks@","append"]}')
    names = (b"playlist-pos", b"pause", b"idle-active", b"playlist-count")
    asked = b"\n".join(b'{"command":["get_property","%s"]}' % name for name in names)

    def after(line: bytes, until: bytes) -> list[bytes]:
        both.ask(line, until)
        theirs, ours = map(_answers, both.ask(asked))
        assert ours == theirs, line
        return ours

    assert after(b"seek 100", b"end-file file-loaded")[0].startswith(b'{"data":1,')
    assert after(b"seek 100", b"end-file idle")[0].startswith(b'{"data":-1,')
    both.ask(b'{"command":["set_property","keep-open","yes"]}')
    both.end(loaded=False)


def test_a_half_closed_connection_is_answered(speakers: tuple[Speaker, Speaker]) -> None:
    """As with ``echo '...' | socat - UNIX-CONNECT:...``: the request is answered, then the connection is closed."""
    for speaker in speakers:
        talk = speaker.connect()
        talk.send(b'{"command":["get_property","idle-active"],"request_id":7}\n{"command":["unfinished"')
        assert talk.rest() == b'{"data":true,"request_id":7,"error":"success"}\n'
        talk.close()


def test_a_client_that_closes_its_sending_side_gets_answers_alone(speakers: tuple[Speaker, Speaker]) -> None:
    """N lines in, N lines out. From mpv an event may still slip through, if the client is late."""
    _, ours = speakers
    for words in (f'"loadfile","{CLIP}"', f'"loadfile","{CLIP}"', '"script-message","x"', '"stop"', '"stop"'):
        talk = ours.connect()
        lines = f'{{"command":["observe_property",1,"pause"]}}\n{{"command":[{words}],"async":true}}\n'
        talk.send(lines.encode() + b'{"command":["cycle","mute"]}\n')
        heard = talk.rest().splitlines()
        talk.close()
        assert [line for line in heard if line.startswith(b'{"event"')] == []
        assert len(heard) == 3


def test_the_page_lists_the_same_differences() -> None:
    page = (ROOT / "docs" / "mpv.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert rows[1:] == [(each.what, each.why) for each in DIFFERENCES], "the first row is the heading"
