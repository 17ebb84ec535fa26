"""The invite and the link for browsers, as they are printed and drawn."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import segno

from hangctl.client import ControlError
from hangctl.qr import draw_qr
from tests.hangctl.conftest import Hangctl
from tests.support.daemons.scripted_daemon import ScriptedDaemon
from tests.support.daemons.terminal import at_terminal

INVITE = "hangs://films.example.org:443/friday"
LINK = "https://films.example.org/#friday"
ROOM = {"room_id": "0d9f", "invite": INVITE, "invite_local": False, "link": LINK}


def squares(drawn: str) -> list[list[bool]]:
    """Return which squares of a drawing are dark, without the border."""
    rows = [[one in "▄ " for one in line] for line in drawn.splitlines()]
    low = [[one in "▀ " for one in line] for line in drawn.splitlines()]
    both = [row for pair in zip(rows, low, strict=True) for row in pair]
    size = len(both[0]) - 8
    return [row[4 : 4 + size] for row in both[4 : 4 + size]]


def code(text: str) -> list[list[bool]]:
    return [[bool(one) for one in row] for row in segno.make(text, micro=False).matrix]


def test_the_link_is_below_the_invite(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties.update({"room": ROOM, "room/id": "0d9f"})
    assert hangctl("invite").stdout == f"{INVITE}\n{LINK}\n"
    found = json.loads(hangctl("invite", "--json").stdout)
    unknown = dict.fromkeys(("id", "role", "expires_in", "uses"))
    assert found == {"invite": INVITE, "link": LINK, "invite_local": False, **unknown}
    daemon.properties["room"] = {"room_id": "0d9f", "invite": INVITE, "invite_local": False}
    assert hangctl("invite").stdout == f"{INVITE}\n"
    assert json.loads(hangctl("invite", "--json").stdout)["link"] is None


def test_a_friend_is_notified_under_a_name(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    assert hangctl("invite", "--to", "Bob", "--to", "Zoë").stdout == ""
    assert daemon.received == [["room-invite", "Bob"], ["room-invite", "Zoë"]]
    assert "--to excludes the other options" in hangctl("invite", "--to", "Bob", "--qr").stderr


def test_outside_a_room_there_is_no_invite(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties.update({"room": None, "room/id": None})
    done = hangctl("invite", "--qr")
    assert (done.returncode, done.stdout) == (5, "")


def test_a_qr_code_is_that_of_the_link(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties.update({"room": ROOM, "room/id": "0d9f"})
    drawn = hangctl("invite", "--qr").stdout
    assert drawn.endswith(f"\n{INVITE}\n{LINK}\n")
    assert squares("\n".join(drawn.splitlines()[:-2])) == code(LINK)
    quiet = hangctl("invite", "--qr", "--json")
    assert json.loads(quiet.stdout)["link"] == LINK
    assert squares(quiet.stderr) == code(LINK)


def test_create_draws_it_beside_its_only_line(daemon: ScriptedDaemon, hangctl: Hangctl, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    data = {**ROOM, "host": True}
    daemon.answers["room-create"] = {"error": "success", "data": data}
    done = hangctl("create", "film.mkv", "--qr")
    assert done.stdout == "0d9f\n"
    assert squares(done.stderr) == code(LINK)
    assert hangctl("create", "film.mkv").stderr == ""
    del data["link"]
    assert squares(hangctl("create", "film.mkv", "--qr").stderr) == code(INVITE)


def test_the_code_of_a_long_link_fits_a_usual_terminal(
    daemon: ScriptedDaemon, hangctl: Hangctl, environment: dict[str, str]
) -> None:
    link = f"{LINK}&invite={460 * 'x'}"
    daemon.properties.update({"room": ROOM | {"link": link}, "room/id": "0d9f"})

    def drawn(columns: int) -> list[str]:
        _, seen = at_terminal("invite", "--qr", environment=environment, columns=columns)
        return [line.removeprefix("\x1b[38;5;231;48;5;16m").removesuffix("\x1b[0m") for line in seen.splitlines()]

    size = len(code(link))
    assert size == 77, "as that of a signed invite"
    for columns, border in ((100, 4), (80, 1), (84, 3), (0, 4)):
        assert next(len(line) for line in drawn(columns) if line[:1] in set("█▀▄")) == size + 2 * border
    assert drawn(78) == [
        "note: the QR code does not fit: it has 79 columns, and this terminal has 78", INVITE, link,
    ]  # fmt: skip
    assert squares("\n".join(hangctl("invite", "--qr").stdout.splitlines()[:-2])) == code(link)


def test_a_terminal_gets_black_and_white() -> None:
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    draw_qr(LINK, terminal)
    lines = terminal.getvalue().splitlines()
    assert all(line.startswith("\x1b[38;5;231;48;5;16m") and line.endswith("\x1b[0m") for line in lines)


def test_without_unicode_it_is_drawn_of_spaces() -> None:
    words = "import sys; from hangctl.qr import draw_qr; draw_qr('https://h/#a', sys.stdout)"
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii"}
    )
    assert len(done.stdout.decode("ascii").splitlines()) >= 21


def test_what_is_too_long_is_refused_in_a_sentence() -> None:
    with pytest.raises(ControlError, match="too long for a QR code"):
        draw_qr("x" * 5000, io.StringIO())


def test_what_a_server_calls_its_room_is_escaped(daemon: ScriptedDaemon, hangctl: Hangctl, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    hostile = "\x1b]0;owned\x07\x1b[2J"
    data = {**ROOM, "host": True, "room_id": hostile, "invite": INVITE + hostile, "link": LINK + hostile}
    daemon.answers["room-create"] = {"error": "success", "data": data}
    daemon.properties.update({"room": data, "room/id": hostile})
    for command in (("create", "film.mkv"), ("invite",)):
        done = hangctl(*command)
        assert done.returncode == 0 and r"\x1b]0;owned\x07\x1b[2J" in done.stdout, done
        assert "\x1b" not in done.stdout + done.stderr and "\x07" not in done.stdout + done.stderr
