"""How many rooms there may be at a server holds in a cluster, too, where a room goes only when Redis has answered."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.cluster.sim.world import Server, world


def staying(server: Server) -> int:
    """Return how many rooms there are or will be at a server, without those that go."""
    directory = server.rooms.directory
    return sum(not hosted.is_closing for hosted in directory) + directory._reserved.total()


@pytest.mark.parametrize(("most", "most_of_one"), [(1000, 10), (10, 1000)])
def test_rooms_made_at_once_cost_a_room_each(most: int, most_of_one: int) -> None:
    with world(max_rooms=most, max_rooms_per_address=most_of_one) as told:
        one = told.servers[0]
        people = [told.person(f"p{number}", one) for number in range(40)]
        told.run(0.3)
        for attempt in range(4):
            for number, person in enumerate(people):
                person.create(f"room {attempt} {number}")
            told.run(1.0)
            inside = [person for person in people if person.is_inside]
            assert (len(inside), len(one.rooms.directory)) == (10, 10)
            for person in inside:
                person.leave()
            told.run(1.0)
        told.settle()
        told.end()


@seed(0)
@given(
    chance=st.integers(0, 2**32),
    slowest=st.sampled_from([0.001, 0.02, 0.3]),
    most=st.integers(1, 6),
    most_of_one=st.integers(1, 6),
    story=st.lists(
        st.tuples(st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.02, 0.4]), st.integers(0, 9), st.booleans()), max_size=60
    ),
)
@settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
def test_there_are_never_more_than_there_may_be(
    chance: int, slowest: float, most: int, most_of_one: int, story: list[tuple[float, int, bool]]
) -> None:
    def delay(random: Random) -> float:
        return random.choice((0.0002, 0.001, slowest))

    with world(chance, delay, max_rooms=most, max_rooms_per_address=most_of_one) as told:
        one = told.servers[0]
        people = [told.person(f"p{number}", one) for number in range(10)]
        told.run(1.0)
        for number, (seconds, who, stays) in enumerate(story):
            person = people[who]
            if person.is_inside and not person.pending and not stays:
                person.leave()
            elif person.view is None and person._greeted and not person.pending:
                person.create(f"room {number}")
            told.run(seconds)
            assert staying(one) <= min(most, most_of_one)
        told.settle()
        assert len(one.rooms.directory) <= min(most, most_of_one)
