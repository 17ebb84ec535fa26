"""One film that was watched: the record of it, and counting it while it plays. Times are handed in.

A record is of one file in one room, or alone: another file, or another room, begins another record. Paused time is not
counted, and does not end it.
"""

import os
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from hangd.engine.skew import Skew

_NAMES_MAX: Final = 100
"""Names of others in one record. In a larger room the number says how many there were."""


class Record(Struct, frozen=True, omit_defaults=True):
    """A film that was watched. Moments are Unix times; everything is in seconds."""

    id: str
    path: bytes
    """The file. Bytes: names of files need not be text."""
    started_at: float
    ended_at: float
    """When it last played."""
    seconds: float
    """How long it played."""
    duration: float | None = None
    room_id: str | None = None
    """None: it was watched alone."""
    room: str | None = None
    """The room's name. None: it has none."""
    names: tuple[str, ...] = ()
    """The others who had the film and were there while it played, unless the room's rules say that this is not kept."""
    others: int = 0
    """The most of them at one time."""
    corrections: int = 0
    """How often this player jumped or waited to be where the room is."""
    skew_p50: float | None = None
    """Of this player's errors, as absolute values (`hangd.engine.skew`). None: there were too few, or it was alone."""
    skew_p95: float | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as control clients get it."""
        path = os.fsdecode(self.path)
        return {
            "film": os.path.basename(path) or path,
            "path": path,
            "started": self.started_at,
            "ended": self.ended_at,
            "seconds": self.seconds,
            "duration": self.duration,
            "room_id": self.room_id,
            "room": self.room,
            "with": list(self.names),
            "others": self.others,
            "corrections": self.corrections,
            "skew_p50": self.skew_p50,
            "skew_p95": self.skew_p95,
        }


class Company(NamedTuple):
    """A room, as far as it is of interest here."""

    room_id: str
    name: str | None
    others: tuple[str, ...]
    """The names of the other members that are there and have the film."""
    keeps_names: bool
    """Whether its rules allow that these are kept."""


class Scene(NamedTuple):
    """What there is to see at this machine at one moment."""

    path: str | None
    is_running: bool
    """Whether the picture moves."""
    duration: float | None
    company: Company | None
    """None: the viewer is alone."""


class Watching(Struct, kw_only=True):
    """A film that is being watched. Call `see` whenever the scene may have changed."""

    id: str
    path: str
    room_id: str | None
    started_at: float
    ended_at: float
    seconds: float = 0.0
    runs_since: float | None = None
    """Local time from which it runs, as far as that is not counted yet. None: it does not run."""
    duration: float | None = None
    room: str | None = None
    names: dict[str, None] = field(default_factory=dict)
    others: int = 0
    corrections: int = 0
    skew: Skew = field(default_factory=Skew)

    @classmethod
    def of(cls, scene: Scene, id: str, wall: float) -> "Watching | None":
        """Begin with this scene, if a film runs in it."""
        if scene.path is None or not scene.is_running:
            return None
        room_id = None if scene.company is None else scene.company.room_id
        return cls(id=id, path=scene.path, room_id=room_id, started_at=wall, ended_at=wall)

    def is_in(self, scene: Scene) -> bool:
        """Tell whether it is still this film in this room."""
        room_id = None if scene.company is None else scene.company.room_id
        return (scene.path, room_id) == (self.path, self.room_id)

    def count(self, now: float, wall: float) -> None:
        """Count the time until ``now``."""
        if self.runs_since is not None:
            self.seconds += max(0.0, now - self.runs_since)
            self.runs_since, self.ended_at = now, wall

    def see(self, scene: Scene, now: float, wall: float) -> None:
        """Take in a scene that it is in."""
        self.count(now, wall)
        self.runs_since = now if scene.is_running else None
        self.duration = scene.duration if scene.duration is not None else self.duration
        company = scene.company
        if company is None:
            return
        self.room = company.name
        if not company.keeps_names:
            self.names.clear()
        if scene.is_running:
            self.others = max(self.others, len(company.others))
            for name in company.others if company.keeps_names else ():
                if len(self.names) < _NAMES_MAX:
                    self.names[name] = None

    def record(self) -> Record:
        return Record(
            id=self.id,
            path=os.fsencode(self.path),
            started_at=self.started_at,
            ended_at=self.ended_at,
            seconds=self.seconds,
            duration=self.duration,
            room_id=self.room_id,
            room=self.room,
            names=tuple(self.names),
            others=self.others,
            corrections=self.corrections,
            skew_p50=self.skew.percentile(0.5),
            skew_p95=self.skew.percentile(0.95),
        )
