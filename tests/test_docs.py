"""The documents keep up with the code: dependencies, and the files and modules that they name."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["dev"], *groups["bench"]]
    rows = re.findall(r"^\| (.+?) \| ", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    reasoned = {name for row in rows for name in row.split(", ")}
    assert {re.split(r"[<>=;\[ ]", one)[0] for one in wanted} <= reasoned


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_a_page_names_exists(page: Path) -> None:
    """Paths are relative to the repository or to hangd/."""
    paths = re.findall(r"[\w./-]*\w/[\w-]+\.py\b", page.read_text(encoding="utf-8"))
    assert [path for path in paths if not ((ROOT / path).is_file() or (ROOT / "hangd" / path).is_file())] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_a_page_links_to_exists(page: Path) -> None:
    links = re.findall(r"\]\(([^():#]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_module_that_a_page_names_exists(page: Path) -> None:
    names = re.findall(r"`((?:hangd|hangctl)(?:\.\w+)+)[(`]", page.read_text(encoding="utf-8"))
    assert [name for name in names if not exists(name)] == []


def exists(name: str) -> bool:
    """Tell whether ``name`` is a module or a package, or a name that one of them defines at its top level."""
    path = ROOT.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module = path.parent / "__init__.py" if path.parent.is_dir() else path.parent.with_suffix(".py")
    if not module.is_file():
        return False
    defined = ast.parse(module.read_text(encoding="utf-8")).body
    return path.name in {getattr(node, "name", None) for node in defined}


def test_a_missing_module_is_found() -> None:
    assert exists("hangd.log") and exists("hangd.log.escape") and exists("hangd.engine")
    assert not exists("hangd.missing") and not exists("hangd.log.missing") and not exists("hangd.missing.missing")
