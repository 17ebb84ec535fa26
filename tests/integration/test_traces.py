"""Traces of real daemons, from `hangctl debug dump` to `hangd replay`."""

import json
import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.party import BIN, CLIP, PATIENCE, Person, person, room_server, wait_for

pytestmark = pytest.mark.real


@pytest.fixture
def couple(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    """Two people who watch a film in one room."""
    with (
        room_server() as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        (tmp_path / "Heimat.mp4").write_bytes(CLIP.read_bytes())
        secret = tmp_path / "secret"
        secret.write_text("open sesame\n")
        film = tmp_path / "Heimat.mp4"
        room = ada.ctl("create", film, "--name", "parlour", "--password-file", secret, "--server", server.url)
        bob.ctl("join", room, film, "--password-file", secret, "--server", server.url)
        ada.ctl("play")
        bob.ctl("wait", "synced", "--timeout", "30")
        yield ada, bob


def replay(path: str | Path) -> dict[str, Any]:
    done = subprocess.run([BIN / "hangd", "replay", path, "--json"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    replayed: dict[str, Any] = json.loads(done.stdout)
    return replayed


def set_video_offset(somebody: Person, milliseconds: float) -> None:
    config = somebody.folder / "home" / ".config" / "hang" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"[client]\nvideo_offset_ms = {milliseconds}\n")
    os.kill(somebody.pid(), signal.SIGHUP)


def by_drift(event: dict[str, Any]) -> bool:
    return (event["event"], event["action"], event["reason"]) == ("sync-corrected", "trim", "drift")


def test_a_replay_has_the_same_effects(couple: tuple[Person, Person]) -> None:
    ada, bob = couple
    ada.ctl("seek", "5")
    bob.ctl("pause")
    ada.ctl("say", "good night")
    for somebody in couple:
        path = Path(somebody.ctl("debug", "dump"))
        replayed = replay(path)
        assert replayed["same"] and replayed["steps"] > 20
        assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
        text = path.read_text()
        for secret in ("Heimat", "parlour", "sesame", "good night", "ada", "bob", str(ada.folder.parent)):
            assert secret not in text.partition("\n")[2]
        header = json.loads(text.partition("\n")[0])
        assert (header["type"], header["format"], header["player"]) == ("trace", 3, "simulated")


def test_a_correction_event_has_its_action_and_reason(couple: tuple[Person, Person], tmp_path: Path) -> None:
    _, bob = couple
    heard = tmp_path / "heard"
    with heard.open("wb") as file:
        listening = subprocess.Popen(
            [BIN / "hangctl", "events", "sync-corrected"], env=bob.environment, stdout=file, stdin=subprocess.DEVNULL
        )
    try:
        bob.ctl("seek", "0")
        wait_for(lambda: bob.get("time-pos") > 3, "the end of the phase after a start")
        # The picture of a screen that shows late has to come earlier: from now on this viewer is behind.
        set_video_offset(bob, 30)
        event = wait_for(
            lambda: next(filter(by_drift, map(json.loads, heard.read_text().splitlines())), None), "a trim"
        )
    finally:
        listening.kill()
        listening.wait()
    assert -0.15 < event["error"] < -0.015, "30 ms, plus the error of a busy machine"
    assert 0 < event["bound"] < 0.1
    assert event["rate"] > 1 and event["seconds"] > 0
    assert replay(bob.ctl("debug", "dump"))["corrections"]["trim"] >= 1


def test_every_member_sees_the_errors_and_bounds_of_all(couple: tuple[Person, Person]) -> None:
    for somebody in couple:
        members = wait_for(partial(_measured, somebody), "everybody's reports")
        assert {member["name"] for member in members} == {"ada", "bob"}
        for member in members:
            assert abs(member["error"]) < 0.2 and 0 < member["clock_error"] < 0.1
        for words in (somebody.ctl("status"), somebody.ctl("members")):
            for name in ("ada", "bob"):
                assert re.search(rf"{name} .* [+-]\d+ ms, known to \d+ ms", words), words


def _measured(somebody: Person) -> list[dict[str, Any]] | None:
    members: list[dict[str, Any]] = somebody.status()["members"]
    known = all(one["state"] == "playing" and one["clock_error"] and one["error"] is not None for one in members)
    return members if known else None


def test_a_trace_is_copied_where_asked_and_old_traces_are_removed(tmp_path: Path) -> None:
    with person("ada", tmp_path, player="simulated") as ada:
        ada.start_daemon()
        paths = [ada.ctl("debug", "dump") for _ in range(4)]
        copied = tmp_path / "mine.jsonl"
        assert ada.ctl("debug", "dump", copied) == str(copied)
        assert replay(copied)["same"]
        stdout = ada.ctl("debug", "dump", "-")
        assert json.loads(stdout.splitlines()[0])["type"] == "trace"
        paths.append(json.loads(ada.ctl("debug", "dump", "--json"))["path"])
        assert sorted(map(str, Path(paths[0]).parent.iterdir()))[-1] == paths[-1]
        assert not Path(paths[0]).exists() and not Path(paths[1]).exists()
        assert len(list(Path(paths[0]).parent.iterdir())) == 5
        assert ada.run("debug", "dump", tmp_path / "no" / "such").returncode == 1
