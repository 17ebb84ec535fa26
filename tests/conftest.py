"""Settings for all tests: the processes that they start import this checkout, wherever hangd is installed from."""

import collections
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code: no test is judged by it.
settings.register_profile("hang", deadline=None)
# For further Pythons, of which other answers to the same questions are wanted, and not new questions.
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "hang"))


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """Log in one test what it logs alone, although another one has run a whole command in this process."""
    before = _levels()
    yield
    for logger, level in _levels().items():
        if level != before.get(logger, logging.NOTSET):
            logger.setLevel(before.get(logger, logging.NOTSET))


def _levels() -> dict[logging.Logger, int]:
    named = (one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger))
    return {logger: logger.level for logger in (logging.root, *named)}


_ROOT = str(Path(__file__).parents[1])

if _ROOT not in (paths := os.environ.get("PYTHONPATH", "").split(os.pathsep)):
    os.environ["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, paths)])

_LONG: Final = {
    "integration/test_room_of_two.py": 155,
    "trust/test_commands.py": 95,
    "abuse/test_churn.py": 92,
    "output/test_window.py": 90,
    "support_checks/test_bench_server.py": 87,
    "integration/test_returning.py": 85,
    "abuse/test_crowds.py": 85,
    "session/test_session_trust.py": 85,
    "integration/test_mpris.py": 80,
    "page/test_page_trust.py": 79,
    "session/test_session.py": 78,
    "integration/test_service.py": 76,
    "integration/test_restart.py": 68,
    "hangctl/test_real_daemon.py": 67,
    "app/test_app.py": 64,
    "processes/test_two_faults.py": 63,
    "page/test_page_access.py": 60,
    "app/test_app_worker.py": 56,
    "hostile/test_hostile_server.py": 47,
    "player/test_player_steps.py": 47,
    "session/test_session_away.py": 45,
    "vlc/test_odd_films.py": 44,
    "hangctl/test_real_trust.py": 44,
    "integration/test_away.py": 41,
    "processes/test_everywhere.py": 40,
    "faults/test_file_damaged.py": 40,
    "store/test_commands.py": 37,
    "output/test_display.py": 37,
    "abuse/test_guessing.py": 37,
    "vlc/test_description.py": 35,
    "contract/test_player.py": 33,
    "integration/test_clients.py": 31,
    "server/test_app.py": 31,
    "faults/test_clock_stepped.py": 31,
    "web/test_serving.py": 31,
    "integration/test_accounts.py": 29,
}
"""Seconds that the longest files take, roughly."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and then those with most tests.

    So none of them begins when the other workers have nothing left to do (.ci/test, where each file is one worker's).
    """
    counts = collections.Counter(item.path for item in items)
    items.sort(
        key=lambda item: (-_LONG.get(f"{item.path.parent.name}/{item.path.name}", 0), -counts[item.path], item.path)
    )
