"""Lists of films in files: what mpv 0.35.1 made of the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.playlist.m3u import NotAPlaylist, is_playlist, read_playlist
from hangd.engine.playlist.playlist import Film

FOLDER = "/films"

M3U = (
    b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:12,Film One\r\nf0.mp4\r\n\r\n#comment\r\n#EXTINF:-1, Two, three \r\n"
    b"  /films/f1.mp4  \r\n#EXTINF:3,gone\nfile:///films/f%32.mp4\n../films/f3.mp4\nhttp://x/y\nf4.mp4"
)


def test_an_m3u_with_everything() -> None:
    assert read_playlist(M3U, FOLDER) == [
        Film("/films/f0.mp4", "Film One"),
        Film("/films/f1.mp4", " Two, three"),
        Film("/films/f2.mp4", "gone"),
        Film("/films/../films/f3.mp4"),
        Film("http://x/y"),
        Film("/films/f4.mp4"),
    ]


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"f0.mp4\n#nope\nf1.mp4\n\n", ["/films/f0.mp4", "/films/#nope", "/films/f1.mp4"]),
        (b"[playlist]\nFile1=f0.mp4\nTitle1=aa\nFile2=/else/f1.mp4\nLength1=3\n", ["/films/f0.mp4", "/else/f1.mp4"]),
        (b"#EXTM3U\n", []),
        (b"", []),
        (b"f\xff.mp4", ["/films/f\udcff.mp4"]),
        (
            b"#EXTM3U\nfile:///films/What?#1.mkv\nfile:///films/a%23b%zz.mkv\n",
            ["/films/What?#1.mkv", "/films/a#b%zz.mkv"],
        ),
        ("#EXTM3U\r\nПривет.mkv\r\n".encode("utf-16"), ["/films/Привет.mkv"]),
        (b"\n\n[Playlist]\nfile1=f0.mp4\n", ["/films/f0.mp4"]),
    ],
)
def test_other_lists(content: bytes, paths: list[str]) -> None:
    assert [film.path for film in read_playlist(content, FOLDER)] == paths


@pytest.mark.parametrize(
    ("head", "name", "is_list"),
    [
        (b"#EXTM3U\nf0.mp4\n", "f0.mp4", True),
        (b"\xef\xbb\xbf#EXTM3U\r\nf0.mp4\r\n", "anything", True),
        (b"[playlist]\nFile1=f0.mp4\n", "x", True),
        (b"f0.mp4\nf1.mp4\n", "x.m3u", True),
        (b"f0.mp4\nf1.mp4\n", "x.M3U8", True),
        (b"f0.mp4\nf1.mp4\n", "x.txt", False),
        (b"", "x.m3u", False),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\npiece.ts\n", "x.m3u8", False),
        (b"\x00\x00\x00\x20ftypisom", "x.m3u", False),
        (b"\x47" + bytes(187), "x.ts", False),
    ],
)
def test_a_list_is_known_by_its_first_line_or_its_name(head: bytes, name: str, is_list: bool) -> None:
    assert is_playlist(head, name) is is_list


def test_a_film_is_no_list() -> None:
    with pytest.raises(NotAPlaylist):
        read_playlist(b"\x00\x00\x00\x20ftypisom", FOLDER)


@given(st.binary() | st.lists(st.sampled_from([b"#EXTM3U", b"\n", b"[playlist]", b"File1=", b"#EXTINF:,", b"a", b"\r"]))
       .map(b"".join))  # fmt: skip
def test_whatever_is_in_a_file_it_lists_files_or_is_refused(content: bytes) -> None:
    try:
        films = read_playlist(content, FOLDER)
    except NotAPlaylist:
        return
    assert all(film.path and "\0" not in film.path and "\n" not in film.path for film in films)
