"""Names of files as people and programs write them, by what mpv 0.35.1 makes of the same."""

import os

import pytest
from hypothesis import given

from hangd.file_names import absolute, file_url, is_url, path_of
from tests.support.names import file_names


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("/films/a.mkv", "/films/a.mkv"),
        ("/films//a.mkv", "/films//a.mkv"),
        ("a.mkv", "/here/a.mkv"),
        ("./a.mkv", "/here/a.mkv"),
        ("link/../a.mkv", "/here/link/../a.mkv"),
        ("What?.mkv", "/here/What?.mkv"),
        ("a%20b#c.mkv", "/here/a%20b#c.mkv"),
        ("file:a.mkv", "/here/file:a.mkv"),
        ("file:///films/a#b.mkv", "/films/a#b.mkv"),
        ("file:///films/What?.mkv", "/films/What?.mkv"),
        ("file:///films/a%23b%3F.mkv", "/films/a#b?.mkv"),
        ("file:///films/a%2520b+c.mkv", "/films/a%20b+c.mkv"),
        ("file:///films/100%.mkv", "/films/100%.mkv"),
        ("file:///films/%zz%C3%A4%FF.mkv", "/films/%zz\N{LATIN SMALL LETTER A WITH DIAERESIS}\udcff.mkv"),
        ("file:///films/\udcff.mkv", "/films/\udcff.mkv"),
        ("FILE:///films/a.mkv", "/films/a.mkv"),
        ("file://a.mkv", "/here/a.mkv"),
        # mpv takes this for a folder of that name. Other programs write this machine's name so.
        ("file://localhost/films/a.mkv", "/films/a.mkv"),
        ("http://films.example/a.mkv", None),
        ("smb://films/a.mkv", None),
    ],
)
def test_names_and_what_is_meant_by_them(name: str, path: str | None) -> None:
    assert path_of(name, "/here") == path


@given(file_names())
def test_every_name_has_a_url_that_leads_back_to_it(name: bytes) -> None:
    path = f"/films/{os.fsdecode(name)}"
    url = file_url(path)
    assert url.isascii() and url.isprintable() and url == url.strip()
    assert is_url(url)
    assert path_of(url, "/here") == path_of(path, "/here") == path


@given(file_names())
def test_a_name_in_a_folder_is_that_name(name: bytes) -> None:
    assert absolute(os.fsdecode(name), "/here") == f"/here/{os.fsdecode(name)}"
