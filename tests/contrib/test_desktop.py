"""contrib/desktop and what desktops do with it: films are opened and invites joined by a click, through xdg-open."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from hangctl.commands.desktop import _with_command
from hangd.client.desktop.bus.interfaces import MIME_TYPES
from tests.support.daemons.party import CLIP, TRACKS, Person, person, room_server, wait_for
from tests.support.desktop.bus import message_bus
from tests.support.desktop.desktop_services import DesktopServices
from tests.support.desktop.desktops import commands_of

FILES: Final = Path(__file__).parent.parent.parent / "contrib" / "desktop"


# ---- the files ------------------------------------------------------------------------------------------------------


def check(*words: str | Path) -> None:
    if shutil.which(str(words[0])) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run([*words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_desktop_entry_is_valid() -> None:
    check("desktop-file-validate", FILES / "hang.desktop")


def test_the_desktop_entry_and_the_player_on_the_bus_open_the_same() -> None:
    found = re.search(r"^MimeType=(.*);$", (FILES / "hang.desktop").read_text(), re.MULTILINE)
    assert found is not None
    opened = found[1].split(";")
    films = [name for name in MIME_TYPES if name.startswith("video/")]
    assert [name for name in opened if not name.startswith("x-scheme-handler/")] == films
    assert {"x-scheme-handler/hang", "x-scheme-handler/hangs"} <= set(opened)


def test_the_metainfo_is_valid_and_names_the_entry() -> None:
    check("appstreamcli", "validate", "--no-net", FILES / "hang.metainfo.xml")
    root = ElementTree.parse(FILES / "hang.metainfo.xml").getroot()
    assert root.findtext("launchable") == "hang.desktop"


def test_the_icon_is_square_and_draws_only_by_itself() -> None:
    root = ElementTree.parse(FILES / "hang.svg").getroot()
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("256", "256", "0 0 256 256")
    assert not any("href" in name for element in root.iter() for name in element.attrib)


@pytest.mark.parametrize(
    ("words", "tried", "run"),
    [
        (["/opt/hang/bin/hangctl"], "/opt/hang/bin/hangctl", "/opt/hang/bin/hangctl"),
        (["/a b/python", "-m", "hangctl"], "/a b/python", '"/a b/python" -m hangctl'),
        (["/100%/$x/hangctl"], "/100%/$x/hangctl", '"/100%%/\\\\$x/hangctl"'),
    ],
)
def test_an_entry_starts_the_hangctl_that_installed_it(tmp_path: Path, words: list[str], tried: str, run: str) -> None:
    entry = tmp_path / "hang.desktop"
    entry.write_text(_with_command((FILES / "hang.desktop").read_text(), words))
    lines = entry.read_text().splitlines()
    assert f"TryExec={tried}" in lines and f"Exec={run} open --notify %U" in lines
    check("desktop-file-validate", entry)


# ---- what desktops do with them -------------------------------------------------------------------------------------


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    """Ada, who has run `hangctl desktop install`, and no daemon yet."""
    with person("ada", tmp_path, player="simulated") as ada:
        ada.ctl("desktop", "install")
        yield ada


def click(ada: Person, name: str | Path) -> None:
    """Open a file or a link as a file manager or a browser does, on a desktop of no kind that xdg-open knows."""
    ask_desktop(ada, "xdg-open", str(name))


def opener(ada: Person) -> str:
    """Return the name of the desktop entry that opens invites; "" if there is none."""
    return ask_desktop(ada, "xdg-mime", "query", "default", "x-scheme-handler/hang").strip()


def ask_desktop(ada: Person, *words: str) -> str:
    environment = commands_of(ada) | {"DISPLAY": ":1", "XDG_DATA_DIRS": str(ada.folder / "none")}
    done = subprocess.run(words, env=environment, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=60)
    return done.stdout


@pytest.mark.real
def test_a_click_on_an_invite_joins_and_finds_the_film(ada: Person, tmp_path: Path) -> None:
    with room_server() as server, person("ben", tmp_path, player="simulated") as ben:
        ben.ctl("create", CLIP, "--server", server.url, "--name", "Friday & friends")
        click(ada, ben.get("room/invite"))
        assert ada.get("room/name") == "Friday & friends"
        assert ada.get("media/missing")["name"] == CLIP.name

        other = ada.run("open", TRACKS)
        assert (other.returncode, ben.get("filename")) == (1, CLIP.name)
        assert "the room shows clip.mp4" in other.stderr
        click(ada, CLIP)
        wait_for(lambda: ada.get("path") == str(CLIP) and ada.get("media/missing") is None, "ada's film")

        assert ada.run("open", CLIP).returncode == 0  # it is open already
        assert ada.run("open", TRACKS).stderr.splitlines() == [
            f"hangctl: error: cannot open '{TRACKS}': you are in the room 'Friday & friends'",
            "hint: `hangctl media FILE` opens a film in the room, for everyone; `hangctl leave` leaves the room",
        ]
        assert ben.get("filename") == CLIP.name


@pytest.mark.real
def test_a_click_on_a_film_plays_it_and_installing_is_undone(ada: Person, tmp_path: Path) -> None:
    film = tmp_path / "What? 100%.mp4"
    shutil.copy(CLIP, film)
    click(ada, film)
    assert (ada.get("path"), ada.get("pause")) == (str(film), False)
    ada.ctl("pause")
    ada.ctl("open", film.as_uri(), TRACKS)
    wait_for(lambda: not ada.get("pause") and ada.get("playlist-count") == 2, "both films")

    assert opener(ada) == "hang.desktop"
    ada.ctl("desktop", "remove")
    assert [path.name for path in (ada.folder / "home" / ".local" / "share").rglob("*.*")] == []
    assert opener(ada) == ""


@pytest.mark.real
def test_a_room_with_a_password_says_what_to_type(ada: Person, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    with room_server() as server, person("ben", tmp_path, player="simulated") as ben:
        ben.ctl("create", CLIP, "--server", server.url, "--name", "friday", "--password-file", tmp_path / "password")
        invite = f"hang://127.0.0.1:{server.port}/friday"
        assert (
            ada.run("open", invite).stderr.splitlines()[1] == f"hint: in a terminal: hangctl join --password {invite}"
        )


@pytest.mark.real
def test_what_went_wrong_is_told_on_the_desktop(ada: Person, tmp_path: Path) -> None:
    with message_bus(tmp_path / "bus") as bus, DesktopServices(bus.address) as desktop:
        ada.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        click(ada, tmp_path / "<b>lost</b>.mp4")  # xdg-open says that itself
        ada.run("open", "--notify", tmp_path / "<b>lost</b>.mp4")
        click(ada, "hang://127.0.0.1:1/friday")
        notes = desktop.notes
    lost = f"cannot read '{tmp_path}/&lt;b&gt;lost&lt;/b&gt;.mp4': no such file or directory"
    refused = "cannot join 'friday': no server is running at 127.0.0.1:1"
    assert (notes[0]["summary"], notes[0]["body"]) == ("hang", lost)
    assert notes[1]["body"].splitlines()[0] == refused
