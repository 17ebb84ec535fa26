"""Make the manual page hang-input(5) from hang's default bindings: ``python -m tools.input_manual > man/hang-input.5``.

The text around the list of keys is in ``input_manual.mdoc`` beside this module, where the line ``.@ keys`` stands for
the list.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hangd.client.control.commands import complaint
from hangd.client.control.language.input_conf import parse
from hangd.client.control.server.key_files import DEFAULTS
from hangd.client.control.tables.bindings import together
from tools.ipc_manual import escaped

_FRAME: Final = Path(__file__).with_name("input_manual.mdoc")


def page() -> str:
    lines: list[str] = []
    for line in _FRAME.read_text(encoding="utf-8").splitlines():
        lines.extend(_keys() if line == ".@ keys" else [line])
    return "\n".join(lines) + "\n"


def _keys() -> Iterator[str]:
    """Return a list under the heading of each part of the file, with an item for all keys that do the same."""
    for part in DEFAULTS.read_text(encoding="utf-8").split("\n\n"):
        heading, _, rest = part.partition("\n")
        if keys := together(parse(rest, complaint)[0]):
            yield f".Ss {escaped(heading.removeprefix('# '))}"
            yield ".Bl -tag -width Ds"
            for (_, comment), names in keys.items():
                yield f".It Ic {' No or Ic '.join(map(escaped, names))}"
                yield f"{escaped(comment[0].upper() + comment[1:])}."
            yield ".El"


if __name__ == "__main__":
    print(page(), end="")
