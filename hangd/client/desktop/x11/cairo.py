"""Load cairo, which draws panels and the icon. A machine without it has a window all the same."""

import functools
import importlib
from typing import Any


@functools.cache
def cairo() -> Any:
    """Return the module cairocffi, or None."""
    try:
        return importlib.import_module("cairocffi")
    except (ImportError, OSError):  # `hangd.client.desktop.canvas` says what is missing
        return None
