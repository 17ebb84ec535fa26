"""Where stories begin."""

from collections.abc import Iterator

import pytest

from tests.cluster.sim.party import Party
from tests.cluster.sim.world import World, world


@pytest.fixture
def cluster() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def party(cluster: World) -> Party:
    return Party(cluster)
