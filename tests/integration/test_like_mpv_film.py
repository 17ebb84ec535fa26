"""A film with tags, chapters and tracks: what the real mpv and a real hangd say of it is the same, byte for byte."""

import re
import subprocess
from collections.abc import Iterator
from functools import partial
from typing import Final

import pytest

from tests.support.daemons.mpv import Talk, hangd, mpv
from tests.support.daemons.party import wait_for

pytestmark = pytest.mark.real

META: Final = """;FFMETADATA1
title=Night train
artist=Ann Author
comment=A comment
date=2019
genre=Drama
track=3/12
custom_tag=own value
[CHAPTER]
TIMEBASE=1/1000
START=0
END=10000
title=Opening
[CHAPTER]
TIMEBASE=1/1000
START=10000
END=20000
title=The tunnel
"""
READ: Final = (
    *("metadata", "metadata/by-key/comment", "metadata/by-key/Date", "metadata/list/count", "metadata/list/3/key"),
    *("metadata/encoder", "metadata/nope", "filtered-metadata", "filtered-metadata/by-key/artist", "media-title"),
    *("chapters", "chapter", "chapter-list/0", "chapter-list/1/time", "chapter-list/1/title", "chapter-list/count"),
    *("chapter-metadata", "chapter-metadata/by-key/title", "chapter-metadata/list/0", "chapter-metadata/list/count"),
    *("chapter-metadata/title", "chapter-metadata/by-key/nope", "aid", "vid", "audio-params/channel-count"),
    *("audio-params/channels", "track-list/1/demux-channel-count", "track-list/1/lang", "track-list/1/audio-channels"),
    *("hwdec-current", "estimated-frame-count", "force-media-title", "sub-text"),
    *("brightness", "video-rotate", "sub-scale", "sub-pos"),
)
WAYS: Final = ('["get_property","%s"]', '["get_property_string","%s"]', '["expand-text","${%s}|${=%s}"]')
CHANGES: Final = (
    '["set_property","aid",2]', '["expand-text","${aid}"]', '["set_property","aid","no"]', '["expand-text","${aid}"]',
    '["set_property","force-media-title","Mine"]', '["get_property","media-title"]',
    '["set_property","force-media-title",5]', '["set_property","force-media-title",""]',
    '["get_property","media-title"]', '["set_property","brightness",50]', '["set_property","brightness",101]',
    '["set_property","brightness",10.5]', '["set_property","brightness","-5"]', '["cycle","hue"]',
    '["add","contrast",300]', '["expand-text","${brightness} ${hue} ${contrast} ${gamma} ${saturation}"]',
    '["set_property","video-rotate",400]', '["set_property","video-rotate",180]', '["get_property","video-rotate"]',
    '["set_property","sub-scale",2]', '["set_property","sub-scale",101]', '["set_property","sub-pos",60]',
    '["set_property","sub-pos",151]', '["set_property","sub-pos","x"]', '["expand-text","${sub-scale} ${sub-pos}"]',
    '["keybind","F5","ignore"]', '["keybind","ctrl+Shift+x","seek 1"]', '["keybind","nosuchkey","ignore"]',
    '["keybind","a-b","ignore"]', '["keybind","F5"]', '["keybind","F5","ignore","x"]', '["keybind","F6","nonsense"]',
    '["keypress","F5"]', '["keypress","F6"]', '["keypress","F7"]', '["keypress","nosuchkey"]', '["keypress"]',
    '["keydown","F5"]', '["keyup","F5"]', '["keydown","nosuchkey"]',
)  # fmt: skip


@pytest.fixture(scope="module", params=["mkv", "mp4"])
def talks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Talk, Talk]]:
    """Mpv and hangd, each with the film open and paused at its beginning."""
    folder = tmp_path_factory.mktemp("film")
    (folder / "meta").write_text(META)
    film = folder / f"film.{request.param}"
    sources = ("testsrc2=s=160x120:r=25:d=20", "sine=440:d=20", "sine=880:d=20")
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    maps = "-map 0 -map 1 -map 2 -map_metadata 3 -map_chapters 3 -ac:a:0 1 -ac:a:1 2 -c:v libx264 -preset ultrafast"
    languages = "-c:a aac -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu".split()
    made = ["ffmpeg", "-loglevel", "error", *inputs, "-f", "ffmetadata", "-i", str(folder / "meta"), *maps.split()]
    subprocess.run([*made, *languages, film], check=True)
    with mpv(folder) as theirs, hangd(folder) as ours:
        both = theirs.connect(), ours.connect()
        for talk in both:
            talk.ask(b'loadfile "%s"' % bytes(film), until=b"start-file file-loaded playback-restart")
        yield both


def answer(talk: Talk, command: str) -> str:
    """Return the answer, without the details that only hang gives."""
    (line,) = [each for each in talk.ask(b'{"command":%s}' % command.encode()) if not each.startswith(b'{"event"')]
    return line.decode().partition(',"details"')[0].removesuffix("}")


def test_what_is_said_of_the_film(talks: tuple[Talk, Talk]) -> None:
    for command in [way.replace("%s", name) for name in READ for way in WAYS]:
        theirs, ours = (answer(talk, command) for talk in talks)
        assert (command, ours) == (command, theirs)


def test_pictures_that_a_busy_machine_drops_are_counted(talks: tuple[Talk, Talk]) -> None:
    for talk in talks:
        assert re.match(r'{"data":[0-9]+,', answer(talk, '["get_property","frame-drop-count"]'))


def test_what_is_changed(talks: tuple[Talk, Talk]) -> None:
    for command in CHANGES:
        theirs = answer(talks[0], command)
        if "expand-text" in command:  # VLC tells a moment later which track it has changed to
            wait_for(partial(_answers, talks[1], command, theirs), command)
        else:
            assert (command, answer(talks[1], command)) == (command, theirs)


def _answers(talk: Talk, command: str, expected: str) -> bool:
    return answer(talk, command) == expected
