"""get, observe and ipc: direct access to the control socket."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]
StartHangctl = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.parametrize(
    ("value", "printed"),
    [(True, b"yes\n"), (12.5, b"12.5\n"), ("bad\udcff name", b"bad\xff name\n"), ({"a": "\x1b"}, b'{"a":"\\u001b"}\n')],
)
def test_a_property_is_printed_unescaped_to_a_program(
    daemon: ScriptedDaemon, hangctl: Hangctl, value: Any, printed: bytes
) -> None:
    daemon.properties = {"it": value}
    assert hangctl("get", "it", text=False).stdout == printed
    assert json.loads(hangctl("get", "it", "--json").stdout) == value


def test_a_property_without_a_value_is_refused(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    done = hangctl("get", "time-pos")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hangctl: error: cannot get 'time-pos': it has no value now\n"


def test_a_value_that_is_not_possible_is_told_what_the_property_is(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["set_property"] = {"error": "unsupported format for accessing property"}
    for value, words in (True, "write yes or no"), (1.5, "it cannot have this value; it is 1.5 now"):
        daemon.properties = {"it": value}
        assert hangctl("set", "it", "maybe").stderr == f"hangctl: error: cannot set 'it' to 'maybe': {words}\n"


def test_a_property_that_does_not_exist_cannot_be_cycled(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["cycle"] = {"error": "error running command"}
    daemon.answers["get_property"] = {"error": "property not found"}
    done = hangctl("cycle", "nosuch")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        1,
        "hangctl: error: cannot cycle 'nosuch': there is no such property",
    )


def test_observed_properties_are_printed_as_they_change(daemon: ScriptedDaemon, start_hangctl: StartHangctl) -> None:
    daemon.properties = {"pause": False}
    process = start_hangctl("observe", "pause", "room/name")
    assert process.stdout is not None
    assert process.stdout.readline() == "pause=no\n"
    assert process.stdout.readline() == "room/name=\n"
    daemon.change("room/name", "friday")
    assert process.stdout.readline() == "room/name=friday\n"
    daemon.change("room/name", "friday\r\npause=yes")
    assert process.stdout.readline() == "room/name=friday\\r\\npause=yes\n"


def test_observed_properties_are_printed_as_json(daemon: ScriptedDaemon, start_hangctl: StartHangctl) -> None:
    process = start_hangctl("observe", "pause", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"name": "pause", "data": None}


def test_ipc_prints_the_answer_and_exits_by_its_error(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties = {"pause": True}
    done = hangctl("ipc", '{"command": ["get_property", "pause"], "request_id": "mine"}')
    assert (done.returncode, json.loads(done.stdout)) == (0, {"data": True, "error": "success", "request_id": "mine"})
    done = hangctl("ipc", '["get_property", "nothing"]')
    assert (done.returncode, json.loads(done.stdout)["error"]) == (1, "property unavailable")
