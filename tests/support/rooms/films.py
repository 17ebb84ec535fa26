"""Steps and looks for tests of a `Stage` whose room has more than one film."""

from typing import Any

from hangd.protocol.films import MediaChanged
from hangd.protocol.messages import QueueInsert, SetFile, SetMedia
from hangd.protocol.model import QUEUE_END, FileInfo, Queue, QueueItem
from tests.support.rooms.stage import OTHER_HASH, Stage

__all__ = ["NEXT", "THIRD", "THIRD_HASH", "adds", "has", "ids", "is_gated", "moved", "names", "queue", "starts", "two"]

NEXT = FileInfo(size=5000, duration=90.0, name="next.mkv")
THIRD_HASH = "ef" * 32
THIRD = FileInfo(size=7000, duration=30.0, name="third.mkv")


def two() -> Stage:
    """Return a room of ann, the host, and bob, both with full clients. They watch FILE, which lasts 60 s."""
    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.goes_on()
    return stage


def queue(stage: Stage) -> Queue:
    return stage.room.view().queue


def names(stage: Stage) -> list[str | None]:
    return [entry.file.name for entry in queue(stage).entries]


def ids(stage: Stage) -> tuple[str, ...]:
    return tuple(entry.id for entry in queue(stage).entries)


def adds(
    stage: Stage, client_id: str, file_hash: str | None = OTHER_HASH, file: FileInfo = NEXT, **fields: Any
) -> None:
    """Let a member append a film to the queue."""
    stage.says(client_id, QueueInsert(QUEUE_END, (QueueItem(file, file_hash),)), **fields)


def has(stage: Stage, client_id: str, file_hash: str = OTHER_HASH, file: FileInfo = NEXT) -> None:
    """Let a member open the film that the room changed to, and settle at its start."""
    stage.reports(client_id, "buffering")
    stage.says(client_id, SetFile(file=file, file_hash=file_hash))
    stage.reports(client_id, "paused", stage.timeline.position)


def moved(stage: Stage, client_id: str) -> MediaChanged:
    """Take the one MediaChanged that this client received."""
    (message,) = [message for message in stage.heard(client_id) if isinstance(message, MediaChanged)]
    return message


def is_gated(stage: Stage) -> bool:
    return stage.timeline.gate == "seeking"


def starts(stage: Stage, client_id: str = "ann", **fields: Any) -> None:
    stage.says(client_id, SetMedia(**{"file_hash": OTHER_HASH, "file": NEXT, "play": True, **fields}))
