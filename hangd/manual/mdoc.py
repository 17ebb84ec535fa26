"""Make plain text of a manual page in mdoc(7), the language in which hang's pages are written.

It knows the macros that those pages use, and no others (a test compares the result with mandoc's). A page is a list of
blocks: headings, paragraphs, tagged lists and literal text. Words of a paragraph are gathered as pieces, among them
`_GLUE`, which stands between two pieces that have no space between them.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

_GLUE: Final = "\0"
_CLOSING: Final = frozenset(".,:;)]?!")
_OPENING: Final = frozenset("([")

_PLAIN: Final = frozenset(("Ar", "Cm", "Dv", "Em", "Ev", "Ic", "Li", "Nm", "No", "Pa", "Sx", "Sy", "Va"))
"""Macros that only choose a font."""
_AROUND: Final = {
    "Op": ("[", "]"),
    "Dq": ("“", "”"),
    "Qq": ('"', '"'),
    "Sq": ("‘", "’"),
    "Ql": ("‘", "’"),
    "Pq": ("(", ")"),
}
"""Macros that put signs around the rest of their line."""
_SIGNS: Final = {"Oo": "[", "Oc": "]", "Po": "(", "Pc": ")"}
"""Macros that put one sign; the text between two of them may have several lines."""
_INLINE: Final = _PLAIN | _AROUND.keys() | _SIGNS.keys() | {"Fl", "Nd", "Ns", "Sm", "Xr"}

_STEP: Final = 6
"""By how many columns the text under a heading, in a list, or of an example is indented."""


def text(source: str, width: int, name: str = "") -> str:
    """Return the text of a page, in lines of at most ``width`` columns where words allow it.

    ``name``: what the page is about, for lines of a page without its beginning.
    """
    page = _Page(width, name)
    for line in source.replace("\\\n", "").splitlines():  # a backslash at the end of a line continues it
        page.take(line)
    page.end_paragraph()
    return "\n".join(page.lines).strip("\n") + "\n"


def sections(source: str, topic: str) -> str:
    """Return the items of the page's lists that describe the command ``topic`` or begin with it, as lines of mdoc."""
    found = [
        line
        for commands, line in _lines_of_items(source)
        if any(f"{name} ".startswith(f"{topic} ") for name in commands)
    ]
    return "\n".join([".Bl -tag", *found, ".El"]) if found else ""


def mentioning(source: str, word: str) -> list[str]:
    """Return the commands whose items in the page's lists have this word in their text, or one that begins with it."""
    found: list[str] = []
    for commands, line in _lines_of_items(source):
        if any(one.startswith(word.lower()) for one in re.findall(r"\w+", line.lower())):
            found += [command for command in commands[:1] if command not in found]
    return found


def _lines_of_items(source: str) -> Iterator[tuple[list[str], str]]:
    """Yield each line of the page's lists, with the commands that its item describes: it may be one of several."""
    depth, commands = 0, list[str]()  # of nested lists: a command is an item of an outer one
    for line in source.splitlines():
        macro = line.split(" ")[0]
        if macro == ".It" and depth == 1:
            commands = _commands(line)
        depth += (macro == ".Bl") - (macro == ".El")
        if depth > 0:
            yield commands, line
        else:
            commands = []


def _commands(item: str) -> list[str]:
    """Return the commands that the first line of an item names: ``.It Cm play , pause`` names two."""
    words = item.split(" ")[1:]
    if not words or words[0] not in ("Cm", "Ic"):
        return []
    names: list[list[str]] = [[]]
    for word in words[1:]:
        if word in _INLINE:
            break
        if word == ",":
            names.append([])
        else:
            names[-1].append(_unescaped(word))
    return [" ".join(name) for name in names]


class _Page:
    def __init__(self, width: int, name: str) -> None:
        self.lines: list[str] = []
        self._width = width
        self._name = name
        self._section = ""
        self._lists: list[bool] = []
        """For each list that is open, whether its items follow one another without an empty line."""
        self._pieces: list[str] = []
        self._spaced = True
        self._literal = False
        self._hanging = 0
        """By how many columns the lines of this paragraph after its first one are indented further."""

    @property
    def _indent(self) -> int:
        return _STEP * (1 + len(self._lists))

    def take(self, line: str) -> None:
        if line.startswith('.\\"'):
            return
        if not line.startswith("."):
            if self._literal:
                self.lines.append(" " * (self._indent + _STEP) + _unescaped(line))
            else:
                self._pieces.append(line)
            return
        macro, *words = _words(line[1:])
        match macro:
            case "Sh" | "Ss":
                self._heading(" ".join(map(_unescaped, words)), sub=macro == "Ss")
            case "Pp":
                self.end_paragraph()
                self._space()
            case "Bl":
                self.end_paragraph()
                self._lists.append("-compact" in words)
            case "It":
                self._item(words)
            case "El":
                self.end_paragraph()
                self._lists.pop()
                self._space()
            case "Bd":
                self.end_paragraph()
                self._space()
                self._literal = True
            case "Ed":
                self._literal = False
                self._space()
            case "Dl":
                self.end_paragraph()
                self.lines.append(" " * (self._indent + _STEP) + self._joined(self._inline(words)))
            case "Nm" if self._section == "SYNOPSIS":
                self.end_paragraph()
                self._hanging = len(self._name) + 1
                self._pieces += self._inline([macro, *words])
            case "Dd" | "Dt" | "Os":
                pass
            case _:
                if macro == "Nm" and not self._name:
                    self._name = " ".join(words)
                pieces = self._inline([macro, *words])
                self._pieces += pieces if self._spaced else [each for piece in pieces for each in (piece, _GLUE)][:-1]

    def _heading(self, title: str, *, sub: bool) -> None:
        self.end_paragraph()
        self._space()
        self._section = title
        self.lines.append(" " * (_STEP // 2 * sub) + title)

    def _item(self, words: list[str]) -> None:
        self.end_paragraph()
        if not self._lists[-1]:
            self._space()
        head = self._joined(self._inline(words))
        self._wrap(head, self._indent - _STEP, _STEP)

    def _space(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def end_paragraph(self) -> None:
        if self._pieces:
            self._wrap(self._joined(self._pieces), self._indent, self._hanging)
        self._pieces, self._hanging = [], 0

    def _wrap(self, text: str, indent: int, hanging: int) -> None:
        """Add lines that are indented, those after the first one further by ``hanging``."""
        first, others = " " * indent, " " * (indent + hanging)
        self.lines += textwrap.wrap(
            text, self._width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
        )

    # ---- within a line ----------------------------------------------------------------------------------------------

    def _inline(self, words: list[str]) -> list[str]:
        """Return the pieces that the words of a macro's line make. A word that is a macro has an effect on the rest."""
        pieces: list[str] = []
        dash = False
        for index, word in enumerate(words):
            rest = words[index + 1 :]
            match word:
                case "Op" | "Dq" | "Qq" | "Sq" | "Ql" | "Pq":
                    end = len(rest)
                    while end and rest[end - 1] in _CLOSING:
                        end -= 1
                    first, last = _AROUND[word]
                    inner = self._inline(rest[:end])
                    return [*pieces, first, _GLUE, *inner, _GLUE, last, *rest[end:]]
                case "Oo" | "Po":
                    pieces += [_SIGNS[word], _GLUE]
                case "Oc" | "Pc":
                    pieces += [_GLUE, _SIGNS[word]]
                case "Fl":
                    dash = True
                    continue
                case "Nm" if not rest or rest[0] in _CLOSING or rest[0] in _INLINE:
                    pieces.append(self._name)
                case "Ar" if not rest:
                    pieces.append("file ...")
                case "Nd":
                    pieces.append("–")
                case "Ns":
                    pieces.append(_GLUE)
                case "Sm":
                    self._spaced = rest[:1] == ["on"]
                    return pieces
                case "Xr":
                    section = f"({rest[1]})" if len(rest) > 1 else ""
                    return [*pieces, f"{rest[0]}{section}", *self._inline(rest[2:])]
                case _ if word in _PLAIN:
                    pass
                case _:
                    known = word not in _CLOSING and word not in _OPENING and word != "|"
                    pieces.append("-" * (dash and known) + word)
                    continue
            dash = False
        return pieces

    def _joined(self, pieces: Iterable[str]) -> str:
        line, glued = "", True
        for piece in pieces:
            if piece == _GLUE:
                glued = True
                continue
            line += ("" if glued or piece in _CLOSING else " ") + _unescaped(piece)
            glued = piece in _OPENING
        return line


def _words(line: str) -> list[str]:
    """Split a macro's line into words; quotation marks hold words together."""
    return [quoted or word for quoted, word in re.findall(r'"([^"]*)"|(\S+)', line)]


_ESCAPES: Final = {r"\&": "", r"\-": "-", r"\e": "\\", r"\(dq": '"'}


def _unescaped(word: str) -> str:
    return re.sub(r"\\(?:[&e-]|\(dq)", lambda found: _ESCAPES[found[0]], word)
