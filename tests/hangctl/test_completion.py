"""Shell completion: what is offered, and that names which other people chose do no harm."""

import functools
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]

MEMBERS = [
    {"client_id": "c1", "name": "anna"},
    {"client_id": "c2", "name": "Amélie.2"},
    {"client_id": "c3", "name": "$(reboot)"},
    {"client_id": "c4", "name": "two words"},
    {"client_id": "c5", "name": "--ban\x1b[2J"},
    {"client_id": "c6", "name": "*"},
    {"client_id": "`reboot`", "name": "a;b"},
]


_PATIENT = """
from hangctl import completers
completers._TIMEOUT = 60.0
from hangctl.main import main
main()
"""
"""Runs a hangctl that waits for as long as a daemon may need on a busy machine, and not only while a shell may hang."""


@pytest.fixture
def usual(hangctl: Hangctl) -> Hangctl:
    return hangctl


@pytest.fixture
def hangctl(usual: Hangctl) -> Hangctl:
    return functools.partial(usual, program=("-c", _PATIENT))


@pytest.fixture
def offered(hangctl: Hangctl) -> Callable[..., list[str]]:
    """Complete the last of some words as bash asks for it, and return what is offered. Nothing is printed on stderr."""

    def complete(*words: str, hangctl: Hangctl = hangctl) -> list[str]:
        variables = {
            "_HANGCTL_COMPLETE": "bash_complete",
            "COMP_WORDS": "\n".join(["hangctl", *words]),
            "COMP_CWORD": str(len(words)),
        }
        done = hangctl(variables=variables)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.removeprefix("plain,") for line in done.stdout.splitlines() if line]

    return complete


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(hangctl: Hangctl, shell: str) -> None:
    done = hangctl("completion", shell)
    assert done.returncode == 0
    assert "_HANGCTL_COMPLETE" in done.stdout


def test_subcommands_are_completed(hangctl: Hangctl) -> None:
    done = hangctl(variables={"_HANGCTL_COMPLETE": "bash_complete", "COMP_WORDS": "hangctl pl", "COMP_CWORD": "1"})
    assert set(done.stdout.split()) == {"plain,play", "plain,playlist"}


@pytest.mark.parametrize("subcommand", [["get"], ["set"], ["cycle"], ["observe"], ["observe", "mute"]], ids=" ".join)
def test_property_names_are_offered(
    daemon: ScriptedDaemon, offered: Callable[..., list[str]], subcommand: list[str]
) -> None:
    daemon.properties["property-list"] = ["pause", "path", "room/name", "room/members", "$(reboot)", 5]
    assert offered(*subcommand, "pa") == ["pause", "path"]
    assert offered(*subcommand, "room/") == ["room/name", "room/members"]
    assert "$(reboot)" not in offered(*subcommand, "")


@pytest.mark.parametrize("subcommand", ["kick", "ban", "role"])
def test_members_are_offered_by_name_or_by_id_if_the_name_is_not_harmless(
    daemon: ScriptedDaemon, offered: Callable[..., list[str]], subcommand: str
) -> None:
    daemon.properties["room/members"] = MEMBERS
    assert offered(subcommand, "") == ["anna", "Amélie.2", "c3", "c4", "c5", "c6"]
    assert offered(subcommand, "an") == ["anna"]


def test_bans_and_invites_are_offered(daemon: ScriptedDaemon, offered: Callable[..., list[str]]) -> None:
    assert offered("unban", "") == []
    daemon.answers["room-bans"] = {
        "error": "success",
        "data": [{"id": "b1", "name": "anna"}, {"id": "b2", "name": "$(reboot)"}, {"id": "`reboot`", "name": "*"}, 5],
    }
    daemon.answers["room-invites"] = {"error": "success", "data": [{"id": "K7f2-x"}, {"id": "$(reboot)"}, None]}
    assert offered("unban", "") == ["anna", "b2"]
    assert offered("invite", "revoke", "") == ["K7f2-x"]
    assert offered("invite", "") == ["list", "revoke"]
    assert offered("policy", "access", "") == ["anyone", "accounts", "invited"]
    daemon.answers["room-bans"] = {"error": "error running command"}
    assert offered("unban", "") == []


def test_zsh_shows_the_name_beside_a_members_id(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties["room/members"] = MEMBERS
    done = hangctl(variables={"_HANGCTL_COMPLETE": "zsh_complete", "COMP_WORDS": "hangctl kick c5", "COMP_CWORD": "2"})
    assert done.stdout.splitlines() == ["plain", "c5", r"--ban\x1b[2J"]


def test_tracks_and_devices_are_offered(daemon: ScriptedDaemon, offered: Callable[..., list[str]]) -> None:
    daemon.properties["track-list"] = [
        {"id": 1, "type": "audio", "lang": "eng"}, {"id": 2, "type": "audio", "title": "\x1b[2J"},
        {"id": 1, "type": "sub"}, {"id": "$(reboot)", "type": "sub"}, 5,
    ]  # fmt: skip
    daemon.properties["audio-device-list"] = [{"name": "auto"}, {"name": "pulse/usb", "description": "USB"}, None]
    assert offered("audio", "") == ["list", "next", "off", "device", "1", "2"]
    assert offered("subs", "") == ["list", "next", "off", "add", "1"]
    assert offered("audio", "device", "") == ["list", "1", "auto", "2", "pulse/usb"]
    assert offered("audio", "1", "") == []


def test_zsh_shows_the_language_and_title_beside_a_tracks_number(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties["track-list"] = [{"id": 2, "type": "sub", "lang": "deu", "title": "Signs"}]
    done = hangctl(variables={"_HANGCTL_COMPLETE": "zsh_complete", "COMP_WORDS": "hangctl subs 2", "COMP_CWORD": "2"})
    assert done.stdout.splitlines() == ["plain", "2", "deu Signs"]


@pytest.mark.parametrize("answer", [None, {"error": "success"}, {"error": "success", "data": "pause"}])
def test_nothing_is_offered_if_the_daemon_has_no_list(
    daemon: ScriptedDaemon, offered: Callable[..., list[str]], answer: dict[str, Any] | None
) -> None:
    daemon.answers["get_property"] = lambda _: answer
    assert offered("get", "") == []


def test_nothing_is_offered_without_a_daemon_or_if_it_hangs(
    offered: Callable[..., list[str]], usual: Hangctl, tmp_path: Path
) -> None:
    assert offered("get", "") == []
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(tmp_path / "s"))
        stuck.listen()
        assert offered("--socket", str(tmp_path / "s"), "kick", "", hangctl=usual) == []


def test_completion_uses_the_socket_on_the_command_line(offered: Callable[..., list[str]], tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        daemon.properties["property-list"] = ["pause"]
        assert offered("--socket", str(tmp_path / "s"), "get", "p") == ["pause"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sta"], ["status"]),
        (["playlist", "re"], ["remove"]),
        (["playlist", "list", "--js"], ["--json"]),
        (["status", "--way"], ["--waybar"]),
        (["daemon", "s"], ["start", "stop"]),
        (["chapter", "p"], ["previous"]),
        (["subs", "a"], ["add"]),
        (["role", "anna", "v"], ["viewer"]),
        (["wait", "p"], ["playing", "paused"]),
    ],
    ids=str,
)
def test_subcommands_options_and_choices_are_offered(
    offered: Callable[..., list[str]], words: list[str], expected: list[str]
) -> None:
    assert offered(*words) == expected


@pytest.mark.parametrize(
    "words",
    [
        ["create"],
        ["join", "friday"],
        ["media"],
        ["playlist", "add"],
        ["playlist", "add", "one"],
        ["subs", "add"],
        ["debug", "dump"],
        ["--socket"],
        ["join", "--password-file"],
    ],
    ids=" ".join,
)
def test_file_arguments_are_completed_by_the_shell(offered: Callable[..., list[str]], words: list[str]) -> None:
    assert [line.partition(",")[0] for line in offered(*words, "fi")] == ["file"]


def test_completion_works_in_bash(daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path) -> None:
    daemon.properties = {"property-list": ["pause", "path", "mute"], "room/members": MEMBERS}
    (tmp_path / "hangctl").write_text(f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(_PATIENT)} "$@"\n')
    (tmp_path / "hangctl").chmod(0o755)
    program = """
        source <(hangctl completion bash)
        complete() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _hangctl_completion hangctl
            echo "${COMPREPLY[@]}"
        }
        complete hangctl get pa
        complete hangctl kick ""
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        env=environment | {"PATH": f"{tmp_path}:{environment['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout.splitlines(), done.stderr) == (["pause path", "anna Amélie.2 c3 c4 c5 c6"], "")
