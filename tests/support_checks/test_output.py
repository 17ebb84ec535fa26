"""Output: a process can say as much as it likes, and is heard."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support.daemons.party import PATIENCE
from tests.support.output import Output

_SAYS_MUCH = """
import sys
print("begins", file=sys.stderr, flush=True)
sys.stdin.readline()
for number in range(20_000):
    print(f"line {number} " + 80 * "-", file=sys.stderr)
print("has said all", file=sys.stderr, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def run() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process with this code. It is killed at the end: whoever closes a pipe waits for its reader."""
    started = []

    def start(code: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", code]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_process_that_says_more_than_a_pipe_holds_goes_on(run: Callable[[str], subprocess.Popen[str]]) -> None:
    process = run(_SAYS_MUCH)
    assert process.stdin is not None
    output = Output(process.stderr)
    assert output.line("begin", timeout=PATIENCE) == "begins"
    process.stdin.write("go on\n")
    process.stdin.flush()
    assert output.line("has said all", timeout=PATIENCE) == "has said all"
    assert output.line("line 19999", timeout=PATIENCE).endswith("--"), "the last lines are kept"
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    output.wait(PATIENCE)
    assert process.stderr is not None and process.stderr.closed


def test_a_process_that_ends_without_the_word_is_told_with_what_it_said(
    run: Callable[[str], subprocess.Popen[str]],
) -> None:
    output = Output(run("import sys; sys.exit('no such port')").stderr)
    with pytest.raises(AssertionError, match=r"did not say 'listening', but:\nno such port"):
        output.line("listening", timeout=PATIENCE)
