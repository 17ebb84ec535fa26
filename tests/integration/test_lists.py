"""Lists of films and file URLs that mpv's clients load: the real mpv and a real hangd do the same with them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.daemons.mpv import Speaker, hangd, mpv
from tests.support.daemons.party import CLIP

pytestmark = pytest.mark.real

LISTS: Final = {
    "two.m3u": "#EXTM3U\n#EXTINF:10,Title A\na.mp4\nsub/s.mp4\n",
    "names.m3u8": "a.mp4\nb.mp4\n",
    "names.txt": "a.mp4\nb.mp4\n",
    "list.mp4": "[playlist]\nFile1=a.mp4\nTitle1=One\nFile2=b.mp4\nNumberOfEntries=2\n",
    "nested.m3u": "#EXTM3U\ntwo.m3u\nb.mp4\n",
    "nothing.m3u": "#EXTM3U\n# no film\n",
    "gone.m3u": "#EXTM3U\ngone.mp4\nhttp://127.0.0.1:1/x.mp4\na.mp4\n",
    "What?#1.m3u": "#EXTM3U\nfile:///FOLDER/What?#1.mp4\nfile:///FOLDER/a%2emp4\n",
}
LOADED: Final = b"start-file file-loaded playback-restart"
REDIRECTED: Final = b"start-file end-file " + LOADED

STORIES: Final[dict[str, list[tuple[bytes, bytes]]]] = {
    "one list": [(b'"loadfile","FOLDER/two.m3u"', REDIRECTED), (b'"playlist-next"', LOADED)],
    "names alone": [(b'"loadfile","FOLDER/names.m3u8"', REDIRECTED)],
    "a text is no list": [(b'"loadfile","FOLDER/names.txt"', b"start-file end-file")],
    "the name does not matter": [(b'"loadfile","FOLDER/list.mp4"', REDIRECTED)],
    "nested": [(b'"loadfile","FOLDER/nested.m3u"', b"start-file end-file " + REDIRECTED)],
    "in the middle": [
        (b'"loadfile","FOLDER/a.mp4"', LOADED),
        (b'"loadfile","FOLDER/nothing.m3u","append"', b""),
        (b'"loadfile","FOLDER/two.m3u","append"', b""),
        (b'"loadfile","FOLDER/b.mp4","append"', b""),
        (b'"playlist-next"', b"start-file end-file " + REDIRECTED),
    ],
    "what cannot be played": [(b'"loadfile","FOLDER/gone.m3u"', b"start-file end-file " * 2 + REDIRECTED)],
    "file URLs": [
        (b'"loadfile","file://FOLDER/What?#1.m3u"', REDIRECTED),
        (b'"playlist-next"', LOADED),
        (b'"loadfile","file://FOLDER/What%3f%231.mp4"', LOADED),
        (b'"loadfile","file://FOLDER/x.mp4?t=1"', b"start-file end-file"),
    ],
    "loadlist": [(b'"loadlist","FOLDER/nested.m3u"', REDIRECTED)],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "sub").mkdir()
    for name in ("a.mp4", "b.mp4", "sub/s.mp4", "What?#1.mp4"):
        (folder / name).symlink_to(CLIP)
    for name, text in LISTS.items():
        (folder / name).write_text(text.replace("FOLDER", str(folder)[1:]))
    return folder


@pytest.fixture(scope="module")
def speakers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Speaker, Speaker]]:
    place = tmp_path_factory.mktemp("like-mpv")
    with mpv(place) as theirs, hangd(place) as ours:
        yield theirs, ours


def told(speaker: Speaker, folder: Path, story: list[tuple[bytes, bytes]]) -> list[Any]:
    """Return what a program says of films that come and go, and its playlist, after each command of a story.

    Ids of entries count from that of the first one.
    """
    talk = speaker.connect()
    said: list[Any] = []
    first: int | None = None
    for command, until in story:
        line = b'{"command":[%s],"request_id":1}' % command.replace(b"FOLDER", str(folder).encode())
        heard = [json.loads(each) for each in talk.ask(line, until=until)]
        answer = next(each for each in heard if each.get("request_id") == 1)
        first = first if first is not None else answer["data"]["playlist_entry_id"]
        said.append([_film(event, first) for event in heard if event.get("event") in ("start-file", "end-file")])
        said.append([_film(entry, first) for entry in talk.get("playlist")])
        said.append([talk.get(name) for name in ("path", "playlist-pos", "media-title")])
    talk.ask(b'{"command":["stop"]}')
    talk.close()
    return said


def _film(said: dict[str, Any], first: int) -> dict[str, Any]:
    ids = ("id", "playlist_entry_id", "playlist_insert_id")
    return {
        key: value - first if key in ids else value
        for key, value in said.items()
        # mpv says what is wrong with a file in another word than hang, and nothing more.
        if key not in ("details", "file_error")
    }


@pytest.mark.parametrize("story", STORIES)
def test_lists_are_played_as_in_mpv(story: str, speakers: tuple[Speaker, Speaker], folder: Path) -> None:
    theirs, ours = (told(speaker, folder, STORIES[story]) for speaker in speakers)
    assert ours == theirs
    assert re.search("redirect", str(ours)) or story == "a text is no list"


def test_a_list_that_lists_itself_plays_what_else_it_lists(speakers: tuple[Speaker, Speaker], folder: Path) -> None:
    """mpv 0.35 opens it again and again, and takes a whole core for that."""
    (folder / "one.m3u").write_text("#EXTM3U\nother.m3u\n")
    (folder / "other.m3u").write_text("#EXTM3U\none.m3u\nother.m3u\na.mp4\n")
    story = [(b'"loadfile","FOLDER/one.m3u"', b"start-file end-file " + REDIRECTED)]
    said = told(speakers[1], folder, story)
    assert [entry["filename"] for entry in said[1]] == [str(folder / "a.mp4")]
