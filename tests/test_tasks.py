"""in_thread: results, errors, deadlines; a call that never returns delays neither its caller nor the process exit."""

import asyncio
import os
import subprocess
import sys
import threading
import time

import pytest

from hangd.tasks import in_thread, lower_priority


async def test_the_result_and_the_error_of_the_work_are_passed_on() -> None:
    assert await in_thread(lambda a, b: a + b, 1, 2, deadline=10, doing="adding") == 3
    with pytest.raises(FileNotFoundError):
        await in_thread(open, "/nonexistent", deadline=10, doing="opening")
    with pytest.raises(TimeoutError, match="the work's own"):
        await in_thread(_time_out, deadline=10, doing="waiting")


def _time_out() -> None:
    raise TimeoutError("the work's own")


async def test_the_deadline_is_told_as_a_sentence_and_the_loop_goes_on() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError, match=r"^reading film\.mkv took longer than 0\.05 seconds$"):
        await in_thread(release.wait, deadline=0.05, doing="reading film.mkv")
    release.set()
    assert await in_thread(lambda: 1, deadline=10, doing="counting") == 1


async def test_a_cancelled_caller_is_not_told_later() -> None:
    release = threading.Event()
    task = asyncio.create_task(in_thread(release.wait, deadline=None, doing="waiting"))  # noqa: TID251
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    await asyncio.sleep(0.01)


def test_a_call_that_never_returns_does_not_delay_the_end_of_the_process() -> None:
    code = (
        "import asyncio, contextlib, threading\n"
        "from hangd.tasks import in_thread\n"
        "async def main():\n"
        "    with contextlib.suppress(TimeoutError):\n"
        "        await in_thread(threading.Event().wait, deadline=0.1, doing='waiting')\n"
        "asyncio.run(main())\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert time.monotonic() - began < 50, "it waited for the thread"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is done")
async def test_a_low_priority_is_that_of_one_thread() -> None:
    def lowered() -> int:
        lower_priority()
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert await in_thread(lowered, deadline=10.0, doing="lowering") == max(before, 15)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
