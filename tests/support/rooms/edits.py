"""People who edit a room's queue and change its film at random, and what the members are told of it."""

from random import Random

from hangd.protocol.codec import encode_server
from hangd.protocol.messages import (
    ClientMessage,
    QueueInsert,
    QueueMove,
    QueueRemove,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
)
from hangd.protocol.model import QUEUE_END, QUEUE_MAX, FileInfo, QueueItem
from tests.support.rooms.films import queue
from tests.support.rooms.stage import Stage

__all__ = ["NAMES", "edits", "frames", "request", "room"]

NAMES = ("ann", "bob", "cy")
_FILMS = 6


def _hash(number: int) -> str:
    return f"{number:064x}"


def _file(number: int, chance: Random) -> FileInfo:
    """Return a film, of which more or less is known."""
    duration = float(60 + number) if chance.random() < 0.5 else None
    return FileInfo(100 + number, duration=duration, quick_hash=_hash(1000 + number) if chance.random() < 0.5 else None)


def _hash_of(number: int, chance: Random) -> str | None:
    return _hash(number) if chance.random() < 0.7 else None


def room(chance: Random) -> Stage:
    """Return a room of three full members, who watch the film 0."""
    stage = Stage()
    file = FileInfo(100, quick_hash=_hash(1000)) if chance.random() < 0.8 else None
    stage.create(NAMES[0], file=file, file_hash=_hash(0))
    for name in NAMES[1:]:
        stage.join(name, file=file, file_hash=_hash(0))
    return stage


def request(stage: Stage, chance: Random) -> ClientMessage:
    """Return something that a member may ask: most is about the queue, and some of it is refused or changes nothing."""
    there = [entry.id for entry in queue(stage).entries]
    some = chance.sample([*there, "0-9"], chance.randint(0, min(4, len(there) + 1)))
    one = chance.choice([*there, *there, "0-9"])
    film = chance.randrange(_FILMS)
    match chance.randrange(9):
        case 0 | 1:
            films = [chance.randrange(_FILMS) for _ in range(chance.choice((0, 1, 1, 2, 5, 40, QUEUE_MAX - 5)))]
            items = tuple(QueueItem(_file(film, chance), _hash_of(film, chance)) for film in films)
            return QueueInsert(chance.choice((None, one, QUEUE_END)), items)
        case 2:
            return QueueRemove(tuple(chance.choice((some, some, there))))
        case 3 | 4:
            ids = chance.choice((some, some, chance.sample(there, len(there))))
            return QueueMove(tuple(ids), chance.choice((None, one, QUEUE_END)))
        case 5:
            clear, play = chance.random() < 0.2, chance.random() < 0.3
            if chance.random() < 0.6:
                return SetMedia(entry=one, clear=clear, play=play)
            return SetMedia(_hash(film), _file(film, chance), clear=clear, play=play)
        case 6:
            return SetEntry(one, _hash_of(film, chance), _file(film, chance) if chance.random() < 0.7 else None)
        case 7:
            shown = stage.room.view().file
            mine = film if shown is None or chance.random() < 0.1 else shown.size - 100
            return SetFile(_file(mine, chance), _hash_of(mine, chance), queue(stage).current)
        case _:
            return chance.choice((SetReady(chance.random() < 0.5), SetPolicy(start=chance.choice(("anyone", "ready")))))


def edits(stage: Stage, chance: Random) -> None:
    """Let one of the members that are in the room ask for something."""
    who = chance.choice(stage.ids)
    stage.says(who, request(stage, chance), re=chance.choice((None, 1)))


def frames(stage: Stage, client_id: str) -> list[bytes]:
    """Take what this client was told since the last call, as it comes over the wire."""
    return [encode_server(message, re) for message, re in stage.answers(client_id)]
