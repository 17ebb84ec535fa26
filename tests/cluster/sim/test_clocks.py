"""Servers on machines of their own, one of which stands still for a moment, and its clock with it."""

from unittest import mock

import pytest

from hangd.rooms.clustered import timekeeping
from tests.cluster.sim.party import Party
from tests.cluster.sim.world import Server, World, world

_BOOTS = ("a", "b", "c", "d")


def _pause(told: World, server: Server, seconds: float) -> None:
    """Let a virtual machine be moved to another host, which takes so long."""
    server.process.is_stopped = True
    told.time.run(seconds)
    server.process.ahead -= seconds
    server.process.is_stopped = False


def _late(told: World) -> list[float]:
    """Return by how much each server tells another time than the world's."""
    return [server.hub._node.time.clock.now() - told.time.now for server in told.servers]


@pytest.mark.parametrize("seconds", [0.06, 0.2, 0.8, 2.5])
@pytest.mark.parametrize("tells_time", [True, False])
def test_only_clients_of_the_machine_that_stood_still_come_back(seconds: float, tells_time: bool) -> None:
    for seed in range(3):
        boots = iter(_BOOTS)
        with mock.patch.object(timekeeping, "machine_clock", lambda boots=boots: next(boots)), world(seed) as told:
            party = Party(told)
            told.run(15.0)
            before = _late(told)
            still = next(one for one in told.servers if one.hub._node.time.leads == tells_time)
            people = (party.ada, party.bob, party.cem)
            connections = [person.connections for person in people]
            is_there = [person.server is still for person in people]
            _pause(told, still, seconds)
            told.run(8.0)
            back = [person.connections for person in people]
            assert back == [had + moved for had, moved in zip(connections, is_there, strict=True)]
            assert _late(told) == pytest.approx(before, abs=2e-3), "the time of the rooms has not moved"
            assert not (still.hub._node.time.leads and tells_time)
            assert sum(server.hub._node.time.leads for server in told.servers) == 1
            assert party.answers(party.bob, 2.0) < 1.0
            party.finish()
