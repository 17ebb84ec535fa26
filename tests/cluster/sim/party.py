"""Three people in one room, each at another server: where most stories begin."""

from typing import Final

from tests.cluster.sim.people import Person
from tests.cluster.sim.world import World

SOON: Final = 0.2


class Party:
    """Ada at the owner, Bob at the second server, Cem, who is basic, at the third one: all in one room."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.one, self.two, self.three = world.servers
        self.ada = world.person("ada", self.one)
        self.bob = world.person("bob", self.two)
        self.cem = world.person("cem", self.three, full=False)
        world.run(SOON)
        self.ada.create("films")
        world.until(lambda: self.ada.is_inside, 1.0)
        self.bob.join("films")
        self.cem.join("films")
        world.until(lambda: self.bob.is_inside and self.cem.is_inside, 1.0)
        world.run(SOON)  # Until Redis knows where they are.
        assert self.ada.room_id is not None
        self.room_id = self.ada.room_id
        assert world.owner(self.room_id) is self.one

    def answers(self, person: Person, within: float) -> float:
        """Let somebody put a film into the queue. Returns how long the answer takes, which it must within this time."""
        name = person.queue()
        return self.world.until(lambda: self.world.entries[name].answered_at is not None, within)

    def finish(self) -> None:
        self.world.settle()
        self.world.end()
