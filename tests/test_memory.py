"""Threads that the process starts share one heap, so that what libVLC frees is used again and not kept in twelve."""

import re
import subprocess
import sys

import pytest

# Twenty threads allocate, and glibc is asked for its heaps.
_CODE = """
import ctypes, sys, threading
from hangd.memory import limit_heaps
if sys.argv[1] == "limited":
    limit_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(20)
def work():
    together.wait()
    libc.malloc(ctypes.c_size_t(5000))
    together.wait()
threads = [threading.Thread(target=work) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="malloc_info is glibc's")
def test_all_threads_have_one_heap() -> None:
    def heaps(argument: str) -> int:
        done = subprocess.run([sys.executable, "-c", _CODE, argument], capture_output=True, text=True, check=True)
        return len(re.findall(r"<heap ", done.stdout))

    assert heaps("limited") == 1
    assert heaps("as usual") > 1, "else this test shows nothing"
