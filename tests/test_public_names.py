"""A name with an underscore is private to its module, a public name is imported from the module that defines it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for package in ("hangd", "hangctl", "tools") for path in (ROOT / package).rglob("*.py"))


def imports(source: Path) -> Iterator[tuple[str, str]]:
    """Yield the modules of this project that ``source`` imports names from, each with the name."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] in ("hangd", "hangctl", "tools")
        ):
            yield from ((node.module, alias.name) for alias in node.names)


def defined(module: Path) -> set[str]:
    """Return the names that a module defines at its top level."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_public_and_come_from_where_they_are_defined(source: Path) -> None:
    for module, name in imports(source):
        assert not name.startswith("_"), f"{name} is private to {module}"
        path = ROOT.joinpath(*module.split("."))
        if path.is_dir():  # a module of a package
            assert path.joinpath(f"{name}.py").exists() or path.joinpath(name).is_dir(), f"{module} has no {name}"
        else:
            assert name in defined(path.with_suffix(".py")), f"{module} only imports {name}"
