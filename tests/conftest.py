"""Settings for all tests: the processes that they start import this checkout, wherever hangd is installed from."""

import os
from pathlib import Path

from hypothesis import settings

# How long an example takes says more of the machine than of the code: no test is judged by it.
settings.register_profile("hang", deadline=None)
# For further Pythons, of which other answers to the same questions are wanted, and not new questions.
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "hang"))

_ROOT = str(Path(__file__).parents[1])

if _ROOT not in (paths := os.environ.get("PYTHONPATH", "").split(os.pathsep)):
    os.environ["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, paths)])
