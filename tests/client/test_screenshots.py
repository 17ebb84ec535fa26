"""Where screenshots are written, and how the player's answer reaches the command that asked for one."""

import asyncio
import threading
from pathlib import Path

import pytest

from hangd.client import screenshots
from hangd.client.control.port import CommandRefused
from hangd.client.screenshots import Screenshots
from hangd.engine.player_messages import CommandFailed, PictureTaken, PlayerDied, PlayerEvent, TakePicture

TAKEN = PictureTaken(1)


class Camera:
    """A player that writes pictures, or gives these ``answers``. ``paths`` holds where it was told to write."""

    def __init__(self, *answers: PlayerEvent) -> None:
        self.paths: list[Path] = []
        self.answers = answers or (TAKEN,)
        self.screenshots = Screenshots(self._do)

    def _do(self, command: TakePicture) -> None:
        path = Path(command.path)
        self.paths.append(path)
        for answer in self.answers:
            if answer == TAKEN:
                path.touch()
            asyncio.get_running_loop().call_soon(self.screenshots.heard, answer)


async def refusal(camera: Camera, folder: Path, name: str | None = None) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        await camera.screenshots.take(folder, name)
    assert caught.value.error == "error running command"
    return caught.value


async def test_pictures_are_numbered_in_a_folder_that_is_made(tmp_path: Path) -> None:
    camera, folder = Camera(), tmp_path / "Pictures" / "hang"
    taken = await asyncio.gather(*(camera.screenshots.take(folder, None) for _ in range(3)))
    assert taken == [str(folder / f"hang-shot000{number}.png") for number in (1, 2, 3)]
    (folder / "hang-shot0002.png").unlink()
    assert await camera.screenshots.take(folder, None) == str(folder / "hang-shot0002.png")
    assert await camera.screenshots.take(folder, None) == str(folder / "hang-shot0004.png")


@pytest.mark.parametrize("name", ["x.png", "sub/x.PNG", "./sub/../x.png", "{folder}/x.png"])
async def test_names_within_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    camera = Camera()
    await camera.screenshots.take(tmp_path, name.format(folder=tmp_path))
    (path,) = camera.paths
    assert path.is_relative_to(tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "../x.png", "/etc/x.png", "out/x.png", "nowhere/x.png", "link.png"])
async def test_names_that_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    (folder / "link.png").symlink_to(tmp_path / "x.png")
    camera = Camera()
    refused = await refusal(camera, folder, name)
    assert (refused.code, str(folder) in str(refused)) == ("Forbidden", True)
    assert camera.paths == []


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.png\0", "round.png"])
async def test_names_that_are_not_those_of_a_png_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "round.png").symlink_to(tmp_path / "round.png")
    camera = Camera()
    assert (await refusal(camera, tmp_path, name)).code == "FileUnusable"
    assert camera.paths == []


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = await refusal(Camera(), tmp_path / "file" / "folder")
    assert (refused.code, str(refused).startswith(str(tmp_path))) == ("FileUnusable", True)


@pytest.mark.parametrize("answer", [CommandFailed(1, "TakePicture", "it is dark"), PlayerDied(1, "hung", "it is dark")])
async def test_the_players_reason_is_passed_on(tmp_path: Path, answer: PlayerEvent) -> None:
    refused = await refusal(Camera(answer), tmp_path)
    assert (refused.code, str(refused)) == ("NotTaken", "it is dark")


async def test_failures_of_other_commands_are_ignored(tmp_path: Path) -> None:
    camera = Camera(CommandFailed(1, "SelectTrack", "there is none"), TAKEN)
    await camera.screenshots.take(tmp_path, None)
    camera.screenshots.heard(TAKEN)  # no command waits for it


async def test_a_folder_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()
    monkeypatch.setattr(screenshots, "_DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: back.wait(60))
    assert (await refusal(Camera(), tmp_path)).code == "TimedOut"
    back.set()
