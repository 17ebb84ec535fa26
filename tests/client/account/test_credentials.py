"""The file with logins and servers' passwords, which daemons share."""

# ruff: noqa: ASYNC220, ASYNC240 - nothing else runs in these loops

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hangd.client.account import credentials as module
from hangd.client.account.credentials import Credentials, CredentialsFile, CredentialsUnusable, Login
from hangd.client.private_file import write_private
from hangd.tasks import Tasks

URL, OTHER = "wss://films.test/ws", "wss://other.test/ws"
ADA = Credentials(Login("ada", "access", "refresh-" * 3, 1000.0, 900.0), "sesame")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "credentials.json"


async def keep(file: CredentialsFile, credentials: Credentials, url: str = URL) -> None:
    async with file.held():
        await file.write(url, credentials)


async def test_what_is_kept_is_there_for_another_daemon(path: Path) -> None:
    await keep(CredentialsFile(path), ADA)
    other = CredentialsFile(path)
    assert await other.read(URL) == ADA and await other.read(OTHER) == Credentials()
    await keep(other, Credentials(password="x"), OTHER)
    assert await other.read(URL) == ADA and await other.read(OTHER) == Credentials(password="x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(path.parent)) == ["credentials.json", "credentials.json.lock"]


async def test_what_is_taken_away_is_gone(path: Path) -> None:
    file = CredentialsFile(path)
    await keep(file, ADA)
    await keep(file, replace(ADA, login=None))
    assert await file.read(URL) == Credentials(password="sesame") and b"refresh-" not in path.read_bytes()
    await keep(file, Credentials())
    assert json.loads(path.read_bytes()) == {"servers": {}}


async def test_without_a_file_it_is_kept_in_memory() -> None:
    file = CredentialsFile(None)
    await keep(file, ADA)
    assert await file.read(URL) == ADA and await CredentialsFile(None).read(URL) == Credentials()


async def test_what_a_newer_version_has_written_stays(path: Path) -> None:
    path.parent.mkdir()
    newer: dict[str, Any] = {
        "version": 9,
        "servers": {URL: {"fingerprint": "f", "password": "old"}, OTHER: {"login": {"kind": "certificate"}}},
    }
    path.write_text(json.dumps(newer))
    path.chmod(0o600)
    file = CredentialsFile(path)
    assert await file.read(OTHER) == Credentials()
    await keep(file, ADA)
    now = json.loads(path.read_bytes())
    assert now["version"] == 9 and now["servers"][OTHER] == {"login": {"kind": "certificate"}}
    assert now["servers"][URL]["fingerprint"] == "f" and now["servers"][URL]["password"] == "sesame"


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]", b'{"servers": 5}', b'{"servers": {', b"nonsense"])
async def test_a_file_that_cannot_be_understood_is_kept_aside(
    path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    file = CredentialsFile(path)
    assert await file.read(URL) == await file.read(URL) == Credentials()
    assert path.read_bytes() == content, "to read changes nothing"
    assert caplog.text.count("counts as empty") == 1
    await keep(file, ADA)
    assert await file.read(URL) == ADA
    (aside,) = [one for one in path.parent.iterdir() if one.name not in (path.name, f"{path.name}.lock")]
    assert aside.read_bytes() == content and aside.name in caplog.text


@pytest.mark.parametrize("exists", [True, False])
async def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path, exists: bool) -> None:
    path.parent.mkdir()
    elsewhere = tmp_path / "elsewhere"
    if exists:
        elsewhere.write_text('{"servers": {}}')
    path.symlink_to(elsewhere)
    file = CredentialsFile(path)
    with pytest.raises(CredentialsUnusable, match="symbolic link"):
        await file.read(URL)
    with pytest.raises(CredentialsUnusable, match="symbolic link"):
        await keep(file, ADA)
    assert path.is_symlink() and elsewhere.exists() is exists
    assert not exists or elsewhere.read_text() == '{"servers": {}}'


async def test_what_others_can_read_is_made_private_and_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await keep(CredentialsFile(path), ADA)
    path.chmod(0o644)
    assert await CredentialsFile(path).read(URL) == ADA
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and "could be read by others" in caplog.text


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(CredentialsUnusable, match="cannot be locked"):
        await keep(CredentialsFile(tmp_path / "state" / "credentials.json"), ADA)


async def test_a_write_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CredentialsFile(path)
    await keep(file, ADA)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_private", full)
    with pytest.raises(CredentialsUnusable, match="No space left"):
        await keep(file, Credentials())
    assert await CredentialsFile(path).read(URL) == ADA
    monkeypatch.undo()
    await keep(file, Credentials())  # The lock was given back.


async def test_one_daemon_at_a_time(path: Path) -> None:
    """Each adds one to a number, between reading and writing which anything may happen."""

    async def add() -> None:
        file = CredentialsFile(path)
        for _ in range(5):
            async with file.held():
                number = int((await file.read(URL)).password or "0")
                await asyncio.sleep(0)
                await file.write(URL, Credentials(password=str(number + 1)))

    await asyncio.gather(*(add() for _ in range(4)))
    assert (await CredentialsFile(path).read(URL)).password == "20"


async def test_a_lock_that_is_not_given_back_is_not_waited_for_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS", 0.2)
    async with CredentialsFile(path).held():
        with pytest.raises(CredentialsUnusable, match="another hangd"):
            await keep(CredentialsFile(path), ADA)
    await keep(CredentialsFile(path), ADA)


async def test_a_daemon_that_is_killed_gives_the_lock_back(path: Path) -> None:
    path.parent.mkdir()
    code = "import sys, time; from pathlib import Path; from hangd.client.account.credentials import _locked\n"
    code += "held = _locked(Path(sys.argv[1])); print('held', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        waiting = Tasks().start(keep(CredentialsFile(path), ADA), name="keep")
        await asyncio.sleep(0.3)
        assert not waiting.done()
        other.kill()
        await asyncio.wait_for(waiting, 20)
    assert await CredentialsFile(path).read(URL) == ADA


async def test_a_change_that_was_cancelled_keeps_the_lock_until_the_disk_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another daemon would renew the login with what is about to be overwritten."""
    finished = 0.0

    def slow(path: Path, content: bytes) -> None:
        nonlocal finished
        time.sleep(0.5)
        write_private(path, content)
        finished = time.monotonic()

    monkeypatch.setattr(module, "write_private", slow)
    task = Tasks().start(keep(CredentialsFile(path), ADA), name="keep")
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert finished == 0.0
    other = CredentialsFile(path)
    async with other.held():
        assert 0.0 < finished <= time.monotonic() and await other.read(URL) == ADA
