"""Settings for all tests: the processes that they start import this checkout, wherever hangd is installed from."""

import collections
import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code: no test is judged by it.
settings.register_profile("hang", deadline=None)
# For further Pythons, of which other answers to the same questions are wanted, and not new questions.
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "hang"))

_ROOT = str(Path(__file__).parents[1])

if _ROOT not in (paths := os.environ.get("PYTHONPATH", "").split(os.pathsep)):
    os.environ["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, paths)])

_LONG: Final = {
    "integration/test_damaged.py": 50,
    "integration/test_keys_in_window.py": 47,
    "web/test_session.py": 40,
    "web/test_session_away.py": 40,
    "web/test_app_worker.py": 30,
    "web/test_app.py": 30,
    "web/test_rooms.py": 30,
    "web/test_page_room.py": 30,
    "web/test_page_access.py": 30,
    "web/test_session_hidden.py": 25,
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
