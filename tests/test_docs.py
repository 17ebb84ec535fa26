"""Documents that must agree with the code."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["dev"], *groups["bench"]]
    rows = re.findall(r"^\| (.+?) \| ", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    reasoned = {name for row in rows for name in row.split(", ")}
    assert {re.split(r"[<>=;\[ ]", one)[0] for one in wanted} <= reasoned
