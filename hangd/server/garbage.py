"""Garbage: full collections of reference cycles, once a minute at most as a rule.

A full collection looks at every object that can be part of a cycle, and nobody is served meanwhile: for 30 ms and more
in a server with 900 rooms. By itself Python makes one whenever there are a quarter more objects than at the last one,
so whoever makes many rooms makes many of them, too. What is there when the server starts stays, and is not looked at
again.

Nothing large waits for them: what a connection has still to send is let go of when it ends.
"""

import asyncio
import gc
from typing import Final

_POLL_SECONDS: Final = 5.0
_SECONDS: Final = 60.0
_YOUNGEST: Final = 700
_YOUNG: Final = 10
"""Thresholds of younger objects, as Python had them until 3.12: between two collections there are 7,000 more objects
than were freed."""
_SOME: Final = 10
"""Collections of younger objects, after which a full one makes sense: Python's own number."""
_MANY: Final = 100
"""After so many it is not put off any longer: some 50 MiB may have become garbage."""
_NEVER: Final = 1 << 30


async def collect_seldom() -> None:
    """Make all full collections, until this is cancelled. Call it when all modules are loaded."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNGEST, _YOUNG, _NEVER)
    loop = asyncio.get_running_loop()
    due = loop.time() + _SECONDS
    try:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            younger = gc.get_count()[2]
            if younger >= _MANY or (younger >= _SOME and loop.time() >= due):
                gc.collect()
                due = loop.time() + _SECONDS
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
