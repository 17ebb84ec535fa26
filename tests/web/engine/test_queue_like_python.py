"""What the page knows of a room and its queue, beside what hangd knows: the same, on random stories of edits."""

import json
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hangd.client.server.room_view import RoomView
from hangd.protocol.codec import decode_server, encode_server
from hangd.protocol.films import EntryChanged, MediaChanged, QueueChanged
from hangd.protocol.messages import RoomJoined
from tests.support.rooms import edits

_FOLLOW: Path = Path(__file__).parents[1] / "unit" / "client" / "follow_room.js"
_STORIES = 120

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


def _told(seed: int) -> list[bytes]:
    """Return what a member was told while all edit the queue. Of every third story some of it is missing."""
    chance = Random(seed)
    stage = edits.room(chance)
    frames = edits.frames(stage, "cy")
    for _ in range(60):
        edits.edits(stage, chance)
        if "cy" not in stage.ids:
            break
        frames += [frame for frame in edits.frames(stage, "cy") if seed % 3 or chance.random() > 0.2]
        if chance.random() < 0.05:
            frames.append(encode_server(stage.asks("cy")))
    return frames


def _known(view: RoomView) -> dict[str, Any]:
    """Return what hangd knows, as follow_room.js says it."""
    file = view.file
    return {
        "rev": view.queue.rev,
        "current": view.queue.current,
        "entries": [[one.id, one.file.size, one.file.duration, one.file_hash] for one in view.queue.entries],
        "behind": view.is_behind,
        "film": [view.file_hash, file and file.size, file and file.duration],
        "members": [
            [one.client_id, one.ready, one.verifying, one.film, one.file and one.file.size]
            for one in view.members.values()
        ],
        "starts": view.start is not None,
    }


def _after_each(frames: list[bytes]) -> list[dict[str, Any] | None]:
    view: RoomView | None = None
    after: list[dict[str, Any] | None] = []
    for frame in frames:
        message = decode_server(frame).message
        if isinstance(message, RoomJoined):
            view = RoomView(message.room, message.client_id, "ws://hang.example/ws")
        elif view is not None:
            view.learn(message)
        after.append(None if view is None else _known(view))
    return after


def test_the_page_knows_the_same_as_hangd_after_each_message() -> None:
    stories = [_told(seed) for seed in range(_STORIES)]
    lines = "".join(json.dumps([frame.decode() for frame in frames]) + "\n" for frames in stories)
    done = subprocess.run(["node", str(_FOLLOW)], input=lines, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(said) == len(stories)
    for frames, after in zip(stories, said, strict=True):
        for frame, hangd, page in zip(frames, _after_each(frames), after, strict=True):
            assert page == json.loads(json.dumps(hangd)), frame
    counted = [type(decode_server(frame).message) for frames in stories for frame in frames]
    assert all(counted.count(kind) > 100 for kind in (QueueChanged, MediaChanged, EntryChanged))
    assert any(one is not None and one["behind"] for after in said for one in after)
