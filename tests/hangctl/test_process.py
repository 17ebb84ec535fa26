"""hangctl as a process: exit codes, imports, stdout and stderr, and signals."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hangctl.client import Exit
from tests.support.daemons.scripted_daemon import ScriptedDaemon, refusal

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]
StartHangctl = Callable[..., "subprocess.Popen[str]"]


def test_the_exit_codes_are_frozen() -> None:
    assert {code.name: code.value for code in Exit} == {
        "DONE": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "NO_DAEMON": 3,
        "TIMED_OUT": 4,
        "NOT_IN_ROOM": 5,
        "NO_SERVER": 6,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("WrongPassword", 1),
        ("FileHashMismatch", 1),
        ("Forbidden", 1),
        ("NoMedia", 1),
        ("TimedOut", 4),
        ("NotInRoom", 5),
        ("NotConnected", 6),
        ("NoServer", 6),
        ("Unauthorized", 6),
        ("SomethingNew", 1),
    ],
)
def test_a_refusal_prints_one_line_and_sets_the_exit_code(
    daemon: ScriptedDaemon, hangctl: Hangctl, code: str, exit_code: int
) -> None:
    daemon.answers["room-leave"] = refusal(code, "it is \x1b[31mso")
    done = hangctl("leave")
    assert done.returncode == exit_code
    assert done.stdout == ""
    line, *hints = done.stderr.splitlines()
    assert line == r"hangctl: error: cannot leave: it is \x1b[31mso"
    assert all(hint.startswith("hint: ") for hint in hints) and len(hints) <= 1


def test_a_refused_join_names_the_room_and_gives_a_hint(
    daemon: ScriptedDaemon, hangctl: Hangctl, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    daemon.answers["room-join"] = refusal("WrongPassword", "wrong password")
    done = hangctl("join", "friday", "film.mkv")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "hangctl: error: cannot join 'friday': wrong password"
    assert done.stderr.splitlines()[1].startswith("hint: --password")


def test_a_room_may_refuse_after_the_daemon_has_accepted(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.answers["hang-wait"] = refusal("Forbidden", "only the host may do that")
    assert hangctl("play").returncode == 1
    assert hangctl("play", "--no-wait").returncode == 0


def test_no_daemon_exits_with_a_hint(hangctl: Hangctl) -> None:
    done = hangctl("play")
    assert done.returncode == 3
    assert done.stderr.splitlines()[1] == "hint: start one with `hangctl daemon start`"


def test_a_daemon_that_does_not_answer_times_out(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    finished = threading.Event()

    def wait(_: object) -> None:
        finished.wait(60)

    daemon.answers["hang-wait"] = wait
    for options in (["--timeout", "0.2", "wait", "playing"], ["wait", "playing", "--timeout", "0.2"]):
        assert hangctl(*options).returncode == 4
    finished.set()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paly"],
        ["seek"],
        ["seek", "ten"],
        ["seek", "--no-wiat", "5"],
        ["speed", "3"],
        ["speed", "nan"],
        ["volume", "loud"],
        ["--timeout", "nan", "play"],
        ["--timeout", "-1", "play"],
        ["ready", "perhaps"],
        ["subs", "add"],
        ["audio", "1", "2"],
        ["policy", "lock"],
        ["chapter", "0"],
        ["chapter", "last"],
        ["playlist", "lst"],
        ["playlist", "add"],
        ["playlist", "move", "1"],
        ["playlist", "move", "0", "1"],
        ["playlist", "remove", "current"],
        ["playlist", "play", "-1"],
        ["watch"],
        ["ipc", "{"],
        ["ipc", "5"],
        ["status", "-f", "${pause}", "--json"],
        ["status", "-f", "${pause}", "--waybar"],
        ["status", "--waybar", "--json"],
        ["status", "--tmux", "--json"],
        ["daemon"],
        ["daemon", "restart"],
        ["desktop"],
        ["desktop", "show"],
        ["open", "hang://films.example/friday", "film.mkv"],
        ["open", "https://films.example/"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line(hangctl: Hangctl, arguments: list[str]) -> None:
    done = hangctl(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr and "Traceback" not in done.stderr


def test_a_misspelt_subcommand_gets_a_suggestion(hangctl: Hangctl) -> None:
    assert "did you mean 'play'?" in hangctl("paly").stderr


def test_a_traceback_is_shown_only_with_hang_debug(hangctl: Hangctl) -> None:
    assert "Traceback" not in hangctl("play").stderr
    assert "Traceback" in hangctl("play", variables={"HANG_DEBUG": "1"}).stderr


@pytest.mark.parametrize("arguments", [["play"], ["pause"], ["toggle"], ["next"], ["seek", "-10"], ["volume", "+5"]])
def test_a_key_press_imports_only_what_it_needs(
    daemon: ScriptedDaemon, environment: dict[str, str], arguments: list[str]
) -> None:
    program = (
        "import json, sys; from hangctl.main import run; code = run(sys.argv[1:]);"
        "print(json.dumps([code, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout)
    assert code == 0
    unwanted = {"asyncio", "rich", "websockets", "vlc", "msgspec", "platformdirs", "pathlib", "subprocess", "ssl"}
    assert not unwanted & {name.partition(".")[0] for name in modules}
    ours = {name for name in modules if name.startswith("hang")}
    subcommands = "hangctl.commands.film.player" if arguments[0] == "volume" else "hangctl.commands.film.playback"
    assert ours == {
        "hangctl",
        "hangctl.main",
        "hangctl.client",
        "hangctl.options",
        "hangctl.commands",
        "hangctl.commands.film",
        subcommands,
        "hangd",
        "hangd.interrupt",
        "hangd.paths",
    }


def test_an_interrupt_prints_nothing(daemon: ScriptedDaemon, start_hangctl: StartHangctl) -> None:
    process = start_hangctl("events")
    assert process.stdout is not None
    wait_until_connected(daemon, process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (130, "", "")


def wait_until_connected(daemon: ScriptedDaemon, process: "subprocess.Popen[str]") -> None:
    """Send events until one is printed, because nothing else tells that hangctl listens."""
    assert process.stdout is not None
    while not select.select([process.stdout], [], [], 0.1)[0]:
        assert process.poll() is None
        daemon.emit({"event": "idle"})
    while select.select([process.stdout], [], [], 0.1)[0]:
        process.stdout.readline()


def test_a_closed_pipe_prints_nothing(daemon: ScriptedDaemon, start_hangctl: StartHangctl) -> None:
    process = start_hangctl("events")
    wait_until_connected(daemon, process)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    while process.poll() is None:
        daemon.emit({"event": "idle"})
        select.select([process.stderr], [], [], 0.05)
    assert (process.returncode, process.stderr.read()) == (0, "")


def on_terminal(
    arguments: list[str], environment: dict[str, str], folder: Path, *, answers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run hangctl on a new terminal, type the answer to each prompt, and return the exit code and what appeared."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hangctl.main", *arguments],
        env=environment,
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    screen, waiting = "", dict(answers or {})
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # EIO on Linux when no process has the terminal open any more
            break
        if not data:
            break
        screen += data.decode()
        for prompt in [prompt for prompt in waiting if prompt in screen]:
            os.write(master, waiting.pop(prompt).encode() + b"\n")
    os.close(master)
    return process.wait(timeout=60), screen.replace("\r\n", "\n")


def test_a_room_that_moves_on_is_told_of_on_a_terminal(
    daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ep2.mkv").write_bytes(b"film")
    daemon.answers["room-media"] = {"error": "success", "data": {"moved": True, "film": "ep2.mkv"}}
    code, screen = on_terminal(["media", "ep2.mkv"], environment, tmp_path)
    assert (code, screen) == (0, "note: the room has moved on to ep2.mkv\n")


@pytest.mark.parametrize("subcommand", ["create", "join"])
def test_create_and_join_print_the_next_steps_on_a_terminal(
    daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path, subcommand: str
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    room = {"room_id": "0d9f", "name": "fri\x1bday", "invite": "hang://h:1/0d9f?a", "host": True, "verifying": True}
    daemon.answers[f"room-{subcommand}"] = {"error": "success", "data": room}
    arguments = ["create", "film.mkv"] if subcommand == "create" else ["join", "friday", "film.mkv"]
    code, screen = on_terminal(arguments, environment, tmp_path)
    assert code == 0
    assert "\x1b" not in screen
    if subcommand == "create":
        assert screen.startswith("0d9f\n")
        assert "hangctl join 'hang://h:1/0d9f?a' FILE" in screen
        assert "this machine only" not in screen
    else:
        assert r"joined fri\x1bday as its host" in screen
        assert "being checked" in screen


def test_create_says_that_an_invite_to_this_machine_is_of_no_use_elsewhere(
    daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    room = {"room_id": "0d9f", "invite": "hang://127.0.0.1:3005/0d9f", "invite_local": True, "host": True}
    daemon.answers["room-create"] = {"error": "success", "data": room}
    code, screen = on_terminal(["create", "film.mkv"], environment, tmp_path)
    assert code == 0
    assert "note: the invite works on this machine only, for that is where its server is\n" in screen


def test_a_password_is_read_without_echo(daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path) -> None:
    daemon.answers["room-join"] = {"error": "success", "data": {"room_id": "0d9f"}}
    code, screen = on_terminal(
        ["join", "friday", "--password"], environment, tmp_path, answers={"Password:": "open sesame"}
    )
    assert code == 0
    assert "sesame" not in screen
    assert daemon.received[0] == {"_name": "room-join", "room": "friday", "password": "open sesame"}


def test_a_member_that_joins_is_told_that_the_room_waits_for_it(
    daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path
) -> None:
    daemon.answers["room-join"] = {"error": "success", "data": {"room_id": "0d9f"}}
    hint = "the film starts when all members are ready: `hangctl ready` says that you are"
    for rule, playing in (("ready", False), ("ready", True), ("anyone", False)):
        daemon.properties = {"room/policy": {"start": rule}, "room/timeline": {"playing": playing}}
        screen = on_terminal(["join", "friday"], environment, tmp_path)[1]
        assert (hint in screen) is (rule == "ready" and not playing)


def test_the_others_are_told_of_the_password(
    daemon: ScriptedDaemon, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film")
    (tmp_path / "secret").write_bytes(b"sesame\n")
    daemon.answers["room-create"] = {"error": "success", "data": {"room_id": "0d9f", "invite": "hang://h:1/a"}}
    for more, option in ([], ""), (["--password-file", "secret"], "--password "):
        screen = on_terminal(["create", "film.mkv", *more], environment, tmp_path)[1]
        assert f"the others join with: hangctl join {option}hang://h:1/a FILE" in screen


def test_a_password_prompt_needs_a_terminal(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    done = hangctl("join", "friday", "--password")
    assert done.returncode == 2
    assert "--password-file" in done.stderr


def test_long_hashing_shows_progress_and_does_not_time_out(
    daemon: ScriptedDaemon, hangctl: Hangctl, tmp_path: Path
) -> None:
    (tmp_path / "film.mkv").write_bytes(b"film" * 1000)

    def hashing(_: object) -> dict[str, object]:
        for step in range(1, 11):
            select.select([], [], [], 0.25)
            daemon.change("media/hash-progress", step / 10)
        return {"error": "success", "data": {"room_id": "0d9f"}}

    daemon.answers["room-create"] = hashing
    done = hangctl("create", "film.mkv", "--timeout", "1.5")
    assert (done.returncode, done.stdout) == (0, "0d9f\n")
    assert done.stderr.splitlines()[-1] == "hashing film.mkv: 100 %"


def test_versions_are_printed(daemon: ScriptedDaemon, hangctl: Hangctl) -> None:
    daemon.properties["hang-version"] = "0.1.0"
    assert hangctl("version").stdout.splitlines()[1] == "hangd 0.1.0"
    assert json.loads(hangctl("version", "--json").stdout)["hangd"] == "0.1.0"


def test_a_command_that_the_room_does_not_answer_succeeds_and_says_so_on_a_terminal(
    daemon: ScriptedDaemon, hangctl: Hangctl
) -> None:
    daemon.answers["hang-wait"] = {"error": "success", "data": {"away": True}}
    terminal, end = pty.openpty()
    done = hangctl("pause", capture_output=False, stdout=subprocess.PIPE, stderr=end)
    assert (done.returncode, done.stdout) == (0, "")
    note = b"note: the server does not answer: this machine is on its own until it does"
    assert os.read(terminal, 1000).rstrip() == note
    os.close(end)
    os.close(terminal)
    done = hangctl("pause")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
