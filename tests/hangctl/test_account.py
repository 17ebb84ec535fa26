"""connect, login, register, logout, whoami and pair; and the passwords that a server or a room asks for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hangctl.conftest import Hangctl
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal
from tests.support.daemons.terminal import at_terminal

URL = "wss://films.example.org/ws"
DATA = {"account": "ada", "server": URL}
ROOM = {"room_id": "0d9f", "name": "friday", "invite": "hangs://films.example.org:443/friday", "invite_local": False}
ANSWER = {"error": "success", "data": ROOM}
NEEDS_PASSWORD = {
    "error": "error running command",
    "details": {"code": "Unauthorized", "message": "this server has a password", "need": "password"},
}

Terminal = Callable[..., tuple[int, str]]


@pytest.fixture
def server(daemon: ScriptedDaemon) -> ScriptedDaemon:
    daemon.properties["server/url"] = URL
    for command in ("server-login", "server-register", "server-logout"):
        daemon.answers[command] = {"error": "success", "data": DATA}
    return daemon


@pytest.fixture
def terminal(environment: dict[str, str]) -> Terminal:
    return lambda *words, **options: at_terminal(*words, environment=environment, **options)


def requests(daemon: ScriptedDaemon, name: str) -> list[Any]:
    return [each for each in daemon.received if (each["_name"] if isinstance(each, dict) else each[0]) == name]


def wants_password(daemon: ScriptedDaemon, right: str) -> None:
    """Let the scripted server refuse whoever comes without this password."""
    opened: list[bool] = []

    def connect(command: Any) -> dict[str, Any]:
        if isinstance(command, dict) and command["password"] == right:
            opened.append(True)
        return {"error": "success", "data": None} if opened else NEEDS_PASSWORD

    daemon.answers["server-connect"] = connect

    def unless_opened(then: Any) -> Callable[[Any], Any]:
        return lambda _: then if opened else NEEDS_PASSWORD

    for name in ("room-join", "room-list", "server-login"):
        daemon.answers[name] = unless_opened(daemon.answers.get(name, ANSWER))


def test_a_login_asks_where_what_is_typed_goes(server: ScriptedDaemon, terminal: Terminal) -> None:
    code, seen = terminal("login", "films.example.org", answers=[("Name: ", "ada"), ("Password: ", "open sesame")])
    assert (code, "open sesame" in seen) == (0, False)
    assert seen.startswith(f"log in at {URL}\n")
    assert seen.endswith(f"logged in as ada at {URL}\n")
    assert requests(server, "server-connect") == [["server-connect", "films.example.org"]]
    assert requests(server, "server-login") == [{"_name": "server-login", "name": "ada", "password": "open sesame"}]


@pytest.mark.parametrize("option", [[], ["--password-stdin"]], ids=str)
def test_a_script_passes_the_password_by_standard_input(
    server: ScriptedDaemon, hangctl: Hangctl, option: list[str]
) -> None:
    done = hangctl("login", "--name", "ada", *option, input="öpen sesame\nmore\n", stdin=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert requests(server, "server-login") == [{"_name": "server-login", "name": "ada", "password": "öpen sesame"}]
    assert requests(server, "server-connect") == [["server-connect", URL]], "the one that the daemon knows"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "its first line is empty"),
        (b"\nx\n", "its first line is empty"),
        (b"\xff\n", "it is no UTF-8 text"),
        (b"x" * 5000, "its first line is longer than 4096 bytes"),
    ],
    ids=["nothing", "empty", "not text", "long"],
)
def test_what_is_no_password_is_not_sent(server: ScriptedDaemon, hangctl: Hangctl, given: bytes, why: str) -> None:
    done = hangctl("login", "--name", "ada", input=given, stdin=None, text=False)
    assert done.returncode == 1
    assert f"cannot read the password from standard input: {why}" in done.stderr.decode()
    assert requests(server, "server-login") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["login"], "--name NAME is needed"),
        (["register"], "--name NAME is needed"),
        (["login", "--name", "ada", "--code", "ABCDEFGH"], "--code stands in for"),
        (["login", "--password-stdin", "--code", "ABCDEFGH"], "--code stands in for"),
        (["connect", "--password-stdin", "--password-file", "x"], "exclude each other"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_for_has_to_be_given(
    server: ScriptedDaemon, hangctl: Hangctl, words: list[str], why: str
) -> None:
    done = hangctl(*words)
    assert (done.returncode, server.received) == (2, [])
    assert why in done.stderr


def test_a_password_is_never_an_argument(hangctl: Hangctl) -> None:
    for command in ("login", "register", "connect", "join", "create"):
        assert "--password TEXT" not in hangctl(command, "--help").stdout
        done = hangctl(command, "--password=secret", "x")
        assert done.returncode == 2


def test_a_code_stands_in_for_name_and_password(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    assert hangctl("login", URL, "--code", "wdjb-mjht").returncode == 0
    assert requests(server, "server-login") == [{"_name": "server-login", "code": "wdjb-mjht"}]
    server.answers["server-login"] = refusal("Unauthorized", "nobody shows this code now")
    done = hangctl("login", URL, "--code", "wdjb-mjht")
    assert (done.returncode, done.stderr) == (
        6,
        "hangctl: error: cannot log in: nobody shows this code now\n"
        "hint: a code is good once and for some minutes: `hangctl pair` shows a new one\n",
    )


def test_a_wrong_password_is_no_reason_to_log_in(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    server.answers["server-login"] = refusal("Unauthorized", "the name or the password is wrong")
    done = hangctl("login", "--name", "ada", input="x\n", stdin=None)
    assert (done.returncode, done.stderr) == (6, "hangctl: error: cannot log in: the name or the password is wrong\n")


@pytest.mark.parametrize(
    ("url", "features", "words", "why"),
    [
        (
            "ws://films.example.org/ws",
            ["accounts"],
            ["login"],
            "everybody on the way to ws://films.example.org",
        ),
        ("ws://films.localhost/ws", ["accounts"], ["login"], "everybody on the way to ws://films.localhost"),
        (URL, ["web"], ["login"], "has no accounts"),
        (URL, ["accounts"], ["register"], "only the server's admin makes accounts"),
        (URL, ["accounts", "register-invited"], ["register"], "only the invited may\nhint: --invite TOKEN is what"),
    ],
)
def test_nobody_types_a_password_in_vain(
    server: ScriptedDaemon, terminal: Terminal, url: str, features: list[str], words: list[str], why: str
) -> None:
    server.properties.update({"server/url": url, "server/features": features})
    code, seen = terminal(*words)
    assert (code, "Name" in seen) == (1, False)
    assert why in seen


def test_an_account_is_made_with_a_password_typed_twice(server: ScriptedDaemon, terminal: Terminal) -> None:
    asked = r"Password \(at least 8 characters\): "
    answers = [("Name: ", "ada"), (asked, "open sesame"), ("password.*: |Repeat.*: ", "close sesame")]
    answers += [(asked, "open sesame"), ("Repeat.*: ", "open sesame")]
    code, seen = terminal("register", "--invite", "a.b.c", answers=answers)
    assert code == 0
    assert "do not match" in seen
    sent = {"_name": "server-register", "name": "ada", "password": "open sesame", "invite": "a.b.c"}
    assert requests(server, "server-register") == [sent]


def test_ctrl_c_at_a_question_ends_it(server: ScriptedDaemon, terminal: Terminal) -> None:
    code, _ = terminal("login", answers=[("Name: ", "ada"), ("Password: ", "\x03")])
    assert (code, requests(server, "server-login")) == (130, [])


def test_a_login_ends(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    for words in ([], ["--everywhere"]):
        assert hangctl("logout", *words).stdout == ""
    assert server.received == [{"_name": "server-logout"}, {"_name": "server-logout", "everywhere": "yes"}]


def test_who_one_is(server: ScriptedDaemon, hangctl: Hangctl, terminal: Terminal) -> None:
    server.properties.update({"server/account": "ada\x1b", "room/members": [{"name": "Ada B.", "self": True}]})
    done = hangctl("whoami")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ada\\x1b\n", "")
    assert json.loads(hangctl("whoami", "--json").stdout) == {"account": "ada\x1b", "server": URL, "name": "Ada B."}
    assert terminal("whoami") == (0, f"ada\\x1b\nat {URL}, in the room as Ada B.\n")
    server.properties["server/state"] = "waiting"
    assert terminal("whoami")[1].endswith("in the room as Ada B., as far as this machine knows: not connected\n")
    del server.properties["server/account"], server.properties["room/members"], server.properties["server/state"]
    done = hangctl("whoami")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"not logged in at {URL}: `hangctl login` logs you in\n"
    done = hangctl("whoami", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"account": None, "server": URL, "name": None})


@pytest.mark.parametrize("code", ["wdjbmjht", "WDJB-MJHT", "WDJB MJHT"])
def test_a_code_is_shown_in_two_groups(server: ScriptedDaemon, hangctl: Hangctl, terminal: Terminal, code: str) -> None:
    server.answers["server-pair"] = {"error": "success", "data": {"code": code, "expires_in": 300.0}}
    done = hangctl("pair")
    assert (done.returncode, done.stdout, done.stderr) == (0, "WDJB-MJHT\n", "")
    assert terminal("pair") == (
        0,
        f"WDJB-MJHT\non the other machine, once and within 5 min:\nhangctl login {URL} --code WDJB-MJHT\n",
    )
    server.properties["server/url"] = "ws://127.0.0.1:3005/ws"
    seen = terminal("pair")[1]
    assert "\nhangctl login SERVER --code WDJB-MJHT\nnote: SERVER is the address by which" in seen, (
        "it is another one there"
    )
    server.properties["server/url"] = URL
    assert json.loads(hangctl("pair", "--json").stdout) == {"code": "WDJB-MJHT", "expires_in": 300.0, "server": URL}


def test_a_server_s_own_password_is_asked_for_and_the_rest_goes_on(server: ScriptedDaemon, terminal: Terminal) -> None:
    wants_password(server, "right")
    question = f"Password of the server {URL}: "
    code, seen = terminal("join", "--server", URL, "friday", answers=[(question, "wrong"), (question, "right")])
    assert code == 0
    assert "that is not the password of the server" in seen and "joined friday" in seen
    given = {"_name": "server-connect", "url": URL}
    assert requests(server, "server-connect") == [
        ["server-connect", URL], given | {"password": "wrong"}, given | {"password": "right"},
    ]  # fmt: skip
    assert requests(server, "room-join") == [{"_name": "room-join", "room": "friday"}]


def test_it_is_asked_for_in_every_command_that_reaches_the_server(server: ScriptedDaemon, terminal: Terminal) -> None:
    asked = ("Password of the server.*: ", "right")
    for words in (["join", "friday"], ["rooms"], ["connect"], ["open", "hangs://films.example.org/friday"]):
        server.answers.update({"room-list": {"error": "success", "data": []}, "room-join": ANSWER})
        wants_password(server, "right")
        code, seen = terminal(*words, answers=[asked])
        assert code == 0, seen
    server.answers["server-login"] = {"error": "success", "data": DATA}
    wants_password(server, "right")
    assert terminal("login", URL, answers=[asked, ("Name: ", "ada"), ("Password: ", "open sesame")])[0] == 0


def test_three_wrong_ones_are_enough(server: ScriptedDaemon, terminal: Terminal) -> None:
    wants_password(server, "right")
    code, seen = terminal("connect", URL, answers=3 * [("Password of the server.*: ", "wrong")])
    assert code == 6
    assert "cannot connect to wss://films.example.org/ws: this server has a password" in seen


def test_without_a_terminal_a_sentence_says_what_to_do(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    wants_password(server, "right")
    done = hangctl("join", "--server", URL, "friday")
    assert (done.returncode, done.stderr) == (
        6,
        "hangctl: error: cannot join 'friday': this server has a password\n"
        "hint: in a terminal it is asked for; `hangctl connect URL --password-stdin` reads it from standard input\n",
    )
    assert hangctl("connect", URL, "--password-stdin", input="right\n", stdin=None).returncode == 0
    assert hangctl("join", "friday").returncode == 0


def test_a_given_password_of_the_server_is_not_asked_for(
    server: ScriptedDaemon, terminal: Terminal, tmp_path: Path
) -> None:
    wants_password(server, "right")
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    code, seen = terminal("connect", URL, "--password-file", str(secret))
    assert (code, "Password" in seen) == (6, False)
    secret.write_text("right\n")
    assert terminal("connect", URL, "--password-file", str(secret)) == (0, f"connected to {URL}\n")


def test_a_room_s_password_is_asked_for(server: ScriptedDaemon, terminal: Terminal, hangctl: Hangctl) -> None:
    def join(command: Any) -> dict[str, Any]:
        if command.get("password") == "right":
            return {"error": "success", "data": ROOM}
        return refusal("WrongPassword", "the room has a password")

    server.answers["room-join"] = join
    question = "Password of the room: "
    code, seen = terminal("join", "friday", answers=[(question, "wrong"), (question, "right")])
    assert code == 0
    assert "that is not the password of the room" in seen
    done = hangctl("join", "friday")
    assert done.returncode == 1
    assert "hint: --password asks for the room's password, --password-file FILE reads it" in done.stderr


def test_an_invite_s_token_goes_to_the_room(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    server.answers["room-join"] = {"error": "success", "data": ROOM}
    for link in ("hangs://films.example.org/friday#invite=a.b.c", "https://films.example.org/#friday&invite=a.b.c"):
        for command in ("join", "open"):
            server.received.clear()
            assert hangctl(command, link).returncode == 0
            assert requests(server, "room-join") == [{"_name": "room-join", "room": "friday", "invite": "a.b.c"}]
            assert requests(server, "server-connect") == [["server-connect", URL]]


@pytest.mark.parametrize(
    ("code", "status", "hint"),
    [
        ("InvalidInvite", 1, "who is in the room makes an invite with `hangctl invite`"),
        ("Unauthorized", 6, "`hangctl login` logs you in; `hangctl register` makes an account"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_what_helps(
    server: ScriptedDaemon, hangctl: Hangctl, code: str, status: int, hint: str
) -> None:
    server.answers["room-join"] = refusal(code, "the server's sentence")
    done = hangctl("join", "friday")
    assert done.returncode == status
    assert done.stderr.startswith(f"hangctl: error: cannot join 'friday': the server's sentence\nhint: {hint}")


@pytest.mark.parametrize(("of", "hint"), [("room", "hint: the host of a room lifts a ban from it"), ("server", "")])
def test_only_the_ban_of_a_room_is_its_hosts_to_lift(
    server: ScriptedDaemon, hangctl: Hangctl, of: str, hint: str
) -> None:
    banned = refusal("Banned", "the server's sentence")
    banned["details"]["of"] = of
    server.answers["room-join"] = banned
    done = hangctl("join", "friday")
    assert done.returncode == 1
    told = done.stderr.removeprefix("hangctl: error: cannot join 'friday': the server's sentence\n")
    assert told.startswith(hint) and bool(told) == bool(hint)


def test_what_helps_who_makes_an_account_is_about_accounts(server: ScriptedDaemon, hangctl: Hangctl) -> None:
    def hint(code: str) -> str:
        server.answers["server-register"] = refusal(code, "no")
        return str(hangctl("register", "--name", "ada", "--invite", "x", input="open sesame\n", stdin=None).stderr)

    assert "choose another name with --name; if the account is yours: `hangctl login`" in hint("NameTaken")
    assert "hint: the server's admin makes one with `hangd user invite`" in hint("InvalidInvite")


def test_a_password_that_is_too_short_is_not_typed_twice(server: ScriptedDaemon, terminal: Terminal) -> None:
    answers = [
        ("at least 8 characters", "short"),
        ("at least 8 characters.*: $", "open sesame"),
        ("Repeat", "open sesame"),
    ]
    code, seen = terminal("register", "--name", "ada", answers=answers)
    assert code == 0 and seen.count("Repeat") == 1, seen
