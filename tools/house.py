"""Measure how the source is laid out: ``python -m tools.house``, or ``make house``.

Prints Markdown tables for hangd and hangctl: files, lines, docstrings and comments of each folder; how many imports
lead from one folder to another; the modules and the folders that are larger than they should be. ``--compare REV``
measures a git revision as well and prints both and the difference.
"""

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

PACKAGES: Final = ("hangd", "hangctl")
INSIDE: Final = ("hangd/engine", "hangd/client", "hangd/client/control", "hangd/player", "hangd/player/vlc")
"""The folders inside which the imports between sub-folders are counted, beside those between the packages' folders."""
LONG_MODULE, FULL_FOLDER = 300, 15
DIRECTIVES: Final = ("noqa", "type:", "fmt:", "pragma:", "!")
"""How comments begin that are instructions to a tool. They are not counted."""

Row = Mapping[str, float]
Tables = Mapping[str, Mapping[str, Row]]
"""Figures by title, row and column. A share is a float; everything else is an int."""
Arrow = tuple[PurePosixPath, PurePosixPath]
"""A file, or a folder, and another one that it imports."""


@dataclass(frozen=True)
class Module:
    """Figures of one source file. ``filled`` is the number of lines that are not blank.

    ``comments`` counts the lines with a comment, and those of a string under a constant or a field, which is one.
    """

    path: PurePosixPath
    lines: int
    filled: int
    docstrings: int
    comments: int
    imports: set[PurePosixPath]


def measure(root: Path) -> Tables:
    """Return the tables for the source tree under ``root``."""
    paths = {PurePosixPath(path.relative_to(root)) for name in PACKAGES for path in (root / name).rglob("*.py")}
    modules = [_module(root, path, paths) for path in sorted(paths)]
    folders: dict[str, list[Module]] = defaultdict(list)
    for module in modules:
        folders[str(module.path.parent)].append(module)
    arrows = {(module.path, target) for module in modules for target in module.imports}
    return {
        "Folders": {name: _shares(own) for name, own in sorted(folders.items())} | {"total": _shares(modules)},
        "Imports inside a folder": {base: _inside(base, arrows) for base in (*PACKAGES, *INSIDE)},
        "Imports between the top folders": {
            f"{source} to {target}": {"imports": count}
            for (source, target), count in sorted(_crossing(arrows, depth=2).items())
        },
        f"Modules over {LONG_MODULE} lines": {
            str(module.path): {"lines": module.lines} for module in modules if module.lines > LONG_MODULE
        },
        f"Folders over {FULL_FOLDER} files": {
            name: {"files": count} for name, own in sorted(folders.items()) if (count := _files(own)) > FULL_FOLDER
        },
    }


def _module(root: Path, path: PurePosixPath, known: set[PurePosixPath]) -> Module:
    source = (root / path).read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source)
    filled = {number for number, line in enumerate(lines, 1) if line.strip()}
    docstrings, notes = _strings(tree)
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and not token.string.lstrip("#").strip().startswith(DIRECTIVES)
    }
    imports = {*_imports(tree, path, known)} - {path}
    return Module(path, len(lines), len(filled), len(docstrings & filled), len(comments | notes & filled), imports)


def _strings(tree: ast.Module) -> tuple[set[int], set[int]]:
    """Return the lines of docstrings, and those of strings under an assignment, which are comments on what it names."""
    docstrings: set[int] = set()
    notes: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        before: ast.AST | None = None
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                if isinstance(statement.value.value, str):
                    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
                    (notes if isinstance(before, (ast.Assign, ast.AnnAssign)) else docstrings).update(lines)
            before = statement
    return docstrings, notes


def _imports(tree: ast.Module, path: PurePosixPath, known: set[PurePosixPath]) -> Iterator[PurePosixPath]:
    """Yield the files under the root that a module imports; imports inside functions count too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]  # relative imports are not used here
        else:
            continue
        for name in names:
            # The name is a module, or something that the module before the last dot defines.
            place = PurePosixPath(*name.split("."))
            files = [place.with_suffix(".py"), place / "__init__.py"]
            files += [place.parent / "__init__.py", place.parent.with_suffix(".py")] if len(place.parts) > 1 else []
            yield from [file for file in files if file in known][:1]


def _shares(modules: list[Module]) -> Row:
    filled = sum(module.filled for module in modules) or 1
    return {
        "files": _files(modules),
        "lines": sum(module.lines for module in modules),
        "docstrings": sum(module.docstrings for module in modules) / filled,
        "comments": sum(module.comments for module in modules) / filled,
    }


def _files(modules: list[Module]) -> int:
    return sum(module.path.name != "__init__.py" for module in modules)


def _inside(base: str, arrows: set[Arrow]) -> Row:
    """Count the imports below ``base``; the files that lie directly in it count as one more sub-folder."""
    below = {ends for ends in arrows if all(end.is_relative_to(base) for end in ends)}
    crossing = _crossing(below, depth=len(PurePosixPath(base).parts) + 1)
    return {"between files": len(below), "across sub-folders": crossing.total(), "pairs of sub-folders": len(crossing)}


def _crossing(arrows: set[Arrow], depth: int) -> Counter[Arrow]:
    """Count the imports from each folder to each other one, with every folder's path cut to ``depth`` parts."""
    cut = ((source.parent.parts[:depth], target.parent.parts[:depth]) for source, target in arrows)
    return Counter((PurePosixPath(*source), PurePosixPath(*target)) for source, target in cut if source != target)


def printed(tables: Tables) -> str:
    """Return the tables as Markdown."""
    return _markdown(
        (title, [(name, [_figure(figure) for figure in row.values()]) for name, row in rows.items()], _columns(rows))
        for title, rows in tables.items()
    )


def compared(before: Tables, after: Tables) -> str:
    """Return both as Markdown; where only one has a row, the row is called new or gone."""
    rendered = []
    for title, new in after.items():
        old = before[title]
        columns = _columns(new) or _columns(old)
        names = sorted({*old, *new}, key=lambda name: (name == "total", name))
        rows = [(row, [cell for key in columns for cell in _cells(old.get(row), new.get(row), key)]) for row in names]
        rendered.append((title, rows, [head for key in columns for head in (f"{key} before", "after", "difference")]))
    return _markdown(rendered)


def _cells(old: Row | None, new: Row | None, key: str) -> list[str]:
    figures = ["" if row is None else _figure(row[key]) for row in (old, new)]
    if old is None or new is None:
        return [*figures, "gone" if old else "new"]
    change = new[key] - old[key]
    return [*figures, ("+" if change > 0 else "") + _figure(change)]


def _figure(figure: float) -> str:
    return str(figure) if isinstance(figure, int) else f"{100 * figure:.1f} %"


def _columns(rows: Mapping[str, Row]) -> list[str]:
    return list(next(iter(rows.values()), {}))


def _markdown(tables: Iterable[tuple[str, list[tuple[str, list[str]]], list[str]]]) -> str:
    parts = []
    for title, rows, columns in tables:
        head = [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"] if rows else ["None."]
        body = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
        parts.append("\n".join([f"## {title}", "", *head, *body]))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Print the tables of the checkout in the current folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--compare", metavar="REV", help="a git revision, measured as well")
    revision = parser.parse_args().compare
    now = measure(Path.cwd())
    if revision is None:
        print(printed(now), end="")
        return
    archive = subprocess.run(["git", "archive", revision, *PACKAGES], check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
        print(compared(measure(Path(folder)), now), end="")


if __name__ == "__main__":
    main()
