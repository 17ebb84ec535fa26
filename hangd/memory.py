"""`limit_heaps`: keep what libVLC frees from staying in the process. The daemon calls it first of all.

glibc gives each new thread a heap of its own, up to eight for each core, and VLC starts a dozen threads for each film.
Measured (3.0.23, two cores): nothing of a film that was closed stays in use, but pieces of it keep heaps from being
given back, so the process grew from 141 to 166 MiB in 120 loads of small films. With one heap it has 111 MiB after 20
loads as after 500. And glibc raises the size from which it maps pages for a single piece, and gives them back, as
soon as a large piece is freed: then the pictures of a 1080p film lie in the heap as well (267 MiB, and 131 without).
"""

import ctypes
from typing import Final

_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
"""``M_ARENA_MAX`` and ``M_MMAP_THRESHOLD`` of malloc.h."""
_MAPPED_FROM: Final = 2**20
"""Bytes. A picture of a small film; what is smaller is needed too often."""


def limit_heaps() -> None:
    """Let all threads have one heap, and large pieces none. Call it before the first thread. Without glibc: nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _MAPPED_FROM)
