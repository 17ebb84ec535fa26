"""Processes on simulated time end as real ones do: at once, and without a word."""

import gc
import warnings

from tests.cluster.sim.processes import Time


async def nothing() -> None:
    pass


def test_a_process_that_is_killed_in_the_middle_of_a_turn_does_no_more() -> None:
    time, done = Time(), list[str]()
    process = time.process("one")
    process.call_soon(done.append, "before")
    process.call_soon(process.kill)
    process.call_soon(done.append, "after")
    time.run(1.0)
    assert done == ["before"]


def test_a_task_that_has_not_begun_when_its_process_is_killed_is_no_warning() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        process = Time().process("one")
        process.create_task(nothing(), name="nothing")
        process.kill()
        del process
        gc.collect()
    assert [str(warning.message) for warning in told] == []
