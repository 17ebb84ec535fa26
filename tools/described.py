"""What docstrings say about structs, their fields, and types, as lines of mdoc for the manual pages.

Python keeps no docstring of a field or of a type's name, so they are read from the source.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import NamedTuple


class Field(NamedTuple):
    """A field as it stands in the source: its type, the module that this is written in, and the docstring below it."""

    type: ast.expr
    module: ModuleType
    about: str
    """"" if there is none."""


def fields(kind: type) -> dict[str, Field]:
    """Return the fields of a struct by name, those of its bases first."""
    found: dict[str, Field] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.startswith("hangd."):
            module = sys.modules[each.__module__]
            body = next(
                node for node in _tree(module).body if isinstance(node, ast.ClassDef) and node.name == each.__name__
            ).body
            found |= {
                node.target.id: Field(node.annotation, module, about)
                for node, about in _with_docstrings(body)
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            }
    return found


def names(module: ModuleType) -> dict[str, tuple[ast.expr, str]]:
    """Return what a module defines by ``NAME = ...`` at its top level, with the docstring below it, by name."""
    return {
        target.id: (node.value, about)
        for node, about in _with_docstrings(_tree(module).body)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def prose(text: str, words: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the lines of a docstring in mdoc, one for each sentence. An empty line begins a paragraph.

    Args:
        words: what to write in place of words that only readers of the source know.
    """
    for number, paragraph in enumerate(re.split(r"\n\s*\n", inspect.cleandoc(text))):
        if number:
            yield ".Pp"
        line = re.sub(r" \(`hangd[^`]*`\)", "", " ".join(paragraph.split()))  # where readers of the source find more
        line = line.replace("``", '"').replace("`", '"')
        for word, instead in (words or {}).items():
            line = line.replace(word, instead)
        for sentence in re.split(r'(?<=\.) (?=["A-Z])', line):
            escaped = sentence.replace("\\", "\\e").replace("-", "\\-")
            yield f"\\&{escaped}" if escaped[0] in ".'" else escaped


def _with_docstrings(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        about = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            about = after.value.value
        yield node, about


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))
