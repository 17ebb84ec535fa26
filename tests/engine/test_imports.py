"""The protocol and the engine import nothing that waits or reads a clock: in a new interpreter, and in the source."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import hangd.engine
import hangd.protocol

# Modules that wait, read, write or look at a clock. ``time`` is only in the second list, which is for the source: the
# interpreter loads it before anything else.
WAITING = {"asyncio", "socket", "_socket", "logging", "threading", "select", "selectors", "ssl", "subprocess", "random"}
UNWANTED = WAITING | {"time", "datetime", "secrets", "queue", "concurrent", "multiprocessing", "os", "pathlib"}

# msgspec is the one dependency of the protocol, and what it loads is not counted. It loads _socket through
# typing_extensions, which only looks at the type of an object in it.
BY_MSGSPEC = {"_socket"}

PROBE = """
import json, sys
import msgspec, msgspec.json, msgspec.structs
before = set(sys.modules)
for name in json.loads(sys.argv[1]):
    __import__(name)
print(json.dumps({"before": sorted(before), "ours": sorted(set(sys.modules) - before)}))
"""


def sources() -> list[Path]:
    found = [path for package in (hangd.protocol, hangd.engine) for path in Path(package.__path__[0]).rglob("*.py")]
    assert len(found) > 10
    return found


def module_name(source: Path) -> str:
    parts = source.relative_to(Path(hangd.engine.__path__[0]).parent.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_importing_protocol_and_engine_loads_nothing_that_waits() -> None:
    names = [module_name(path) for path in sources()]
    # -I: neither this process's environment nor start-up files may load something first.
    probe = f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}\n{PROBE}"
    done = subprocess.run(
        [sys.executable, "-I", "-c", probe, json.dumps(names)], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = json.loads(done.stdout)
    assert set(names) <= set(loaded["ours"])
    assert WAITING.isdisjoint(loaded["ours"]), WAITING & set(loaded["ours"])
    assert WAITING & set(loaded["before"]) <= BY_MSGSPEC, "msgspec loads more of these now: add them to BY_MSGSPEC"


@pytest.mark.parametrize("source", sources(), ids=module_name)
def test_the_source_imports_nothing_that_waits(source: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            imported.add((node.module or "").partition(".")[0])
    assert UNWANTED.isdisjoint(imported), UNWANTED & imported
