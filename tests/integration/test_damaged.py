"""Twenty-four damaged films, one after the other, in one daemon with real libVLC; two thousand with `make damaged`."""

from pathlib import Path

import pytest

from tests.bench.damaged import films
from tests.bench.skew.clips import available
from tests.support.clips.damage import sources
from tests.support.daemons.endurance import ANSWER_SECONDS, Endurance

SEED = 1
COUNT = 24
"""Three for each container."""


@pytest.mark.real
@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_damaged_films_do_no_harm(tmp_path: Path) -> None:
    whole = sources(tmp_path / "sources")
    fates: dict[str, list[int]] = {}
    with Endurance(tmp_path) as daemon:
        for film in whole:
            assert daemon.watch(film) == "played", film
        size = daemon.memory()
        for index, film in films(SEED, range(COUNT), tmp_path, whole):
            fates.setdefault(daemon.watch(film), []).append(index)
        assert daemon.slowest < ANSWER_SECONDS
        # 105 MiB after the whole films, and 118 at most after two thousand damaged ones. With a heap for each thread of
        # libVLC's it was 151 after fifty, and 188 after two hundred.
        assert daemon.memory() < 1.25 * size, [daemon.memory(), size]
    assert "died" not in fates, fates
    assert len(fates["played"]) > len(fates["refused"]) > 0, "the damage is neither slight nor total"
