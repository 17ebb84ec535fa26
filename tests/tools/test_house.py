"""The table of the source tree counts what it says, on a tree small enough to count by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.house import compared, measure, printed

ROOT = Path(__file__).parents[2]
FILES = {
    "hangd/__init__.py": '"""The package."""\n',
    "hangd/cli.py": "import sys\n\nfrom hangd.engine.room import room\n\nprint(sys.argv, room)\n",
    "hangd/engine/__init__.py": "",
    "hangd/engine/timeline.py": (
        '"""One line.\n\nAnd another.\n"""\n\nRATE = 1.0\n"""Its meaning."""\n# Why it is so.\nx = 1  # noqa: E501\n'
    ),
    "hangd/engine/room/__init__.py": "",
    "hangd/engine/room/room.py": (
        "import hangd.engine.timeline\nfrom hangd.engine.room.queue import Queue\n"
        "from hangd.engine.timeline import RATE\n\n\ndef late():\n    from hangd.engine.follower import drift\n"
    ),
    "hangd/engine/room/queue.py": "class Queue: ...\n",
    "hangd/engine/follower/__init__.py": "",
    "hangd/engine/follower/drift.py": "\n" * 301,
    "hangctl/__init__.py": "",
    "hangctl/main.py": "import hangd.paths\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_folders(tree: Path) -> None:
    folders = measure(tree)["Folders"]
    assert list(folders) == ["hangctl", "hangd", "hangd/engine", "hangd/engine/follower", "hangd/engine/room", "total"]
    # Seven of the nine lines are not blank; the blank line in the docstring is not one of them. The string under RATE
    # is a comment on it.
    assert folders["hangd/engine"] == {"files": 1, "lines": 9, "docstrings": 3 / 7, "comments": 2 / 7}
    assert folders["hangd/engine/room"]["files"] == 2
    assert folders["total"]["files"] == 6
    assert folders["total"]["lines"] == sum(text.count("\n") for text in FILES.values())


def test_imports(tree: Path) -> None:
    tables = measure(tree)
    # room.py imports timeline (twice, counted once), queue and drift; cli.py imports room.
    assert tables["Imports inside a folder"]["hangd/engine"] == {
        "between files": 3,
        "across sub-folders": 2,
        "pairs of sub-folders": 2,
    }
    # hangd.paths is not there, so what hangctl names is the package itself.
    assert tables["Imports between the top folders"] == {
        "hangctl to hangd": {"imports": 1},
        "hangd to hangd/engine": {"imports": 1},
    }


def test_what_is_too_large(tree: Path) -> None:
    for number in range(15):
        (tree / "hangctl" / f"verb{number}.py").write_text("")
    tables = measure(tree)
    assert tables["Modules over 300 lines"] == {"hangd/engine/follower/drift.py": {"lines": 301}}
    assert tables["Folders over 15 files"] == {"hangctl": {"files": 16}}


def test_markdown(tree: Path) -> None:
    lines = printed(measure(tree)).splitlines()
    assert "| | files | lines | docstrings | comments |" in lines
    assert "| hangd/engine | 1 | 9 | 42.9 % | 28.6 % |" in lines
    assert lines[-3:] == ["## Folders over 15 files", "", "None."]


def test_comparison(tree: Path) -> None:
    before = measure(tree)
    (tree / "hangd/engine/follower/drift.py").rename(tree / "hangd/engine/drift.py")
    (tree / "hangd/engine/follower/__init__.py").unlink()
    (tree / "hangd/rooms").mkdir()
    (tree / "hangd/rooms/hub.py").write_text("x = 1\n")
    lines = compared(before, measure(tree)).splitlines()
    assert "| | imports before | after | difference |" in lines
    assert any(
        line.startswith("| hangd/engine | 1 | 2 | +1 | 9 | 310 | +301 | 42.9 % | 42.9 % | 0.0 % |") for line in lines
    )
    assert "| hangd/engine/follower | 1 |  | gone | 301 |  | gone | 0.0 % |  | gone | 0.0 % |  | gone |" in lines
    assert "| hangd/rooms |  | 1 | new |  | 1 | new |  | 0.0 % | new |  | 0.0 % | new |" in lines
    assert "| hangd/engine/follower/drift.py | 301 |  | gone |" in lines


def test_command_compares_with_a_revision(tree: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=first"]):
        subprocess.run([*git, *arguments], cwd=tree, check=True, capture_output=True)
    (tree / "hangd/cli.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "tools.house", "--compare", "HEAD"],
        cwd=tree,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "| hangd to hangd/engine | 1 |  | gone |" in done.stdout
