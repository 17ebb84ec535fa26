"""Say that there is no such command, and which one was probably meant. `hangd.cli` and `hangctl.main` call it.

First a table of what people type counts, because a word can be near to one command in its letters and to another one
in its meaning ("chat" and "watch"); then commands that begin with the word; then those that differ by a slip or two;
then words of the table that do.
"""

from collections.abc import Collection, Mapping

_SHOWN = 3
"""How many commands are suggested at most."""


def unknown_command(word: str, commands: Collection[str], meant: Mapping[str, str]) -> str:
    """Return one sentence about a ``word`` that is none of ``commands``.

    Args:
        meant: what other words stand for: commands separated by commas, with arguments where they need them.
    """
    typed = word.lower()
    near = meant[typed].split(", ") if typed in meant else _near(typed, commands) or _meant_nearly(typed, meant)
    suggestions = " or ".join(f"'{one}'" for one in near[:_SHOWN])
    return f"there is no command '{word}'" + (f"; did you mean {suggestions}?" if near else "")


def _meant_nearly(word: str, meant: Mapping[str, str]) -> list[str]:
    """Return what is meant by the one longer word of the table that differs from this word by a slip."""
    near = [other for other in meant if len(word) > 4 and len(other) > 4 and _distance(word, other) == 1]
    return meant[near[0]].split(", ") if len(near) == 1 else []


def _near(word: str, commands: Collection[str]) -> list[str]:
    begun = [command for command in commands if len(word) > 1 and command.startswith(word)]
    if begun:
        return begun
    distances = {command: _distance(word, command) for command in commands}
    least = min(distances.values())
    # One slip in a short word, two in a longer one: more of them make another word.
    allowed = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
    return [command for command, distance in distances.items() if distance == least <= allowed]


def _distance(word: str, other: str) -> int:
    """Return how many letters have to be added, left out, replaced, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, above, row = row, before, [i]
        for j, wanted in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted)))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                row[j] = min(row[j], above[j - 2] + 1)
    return row[-1]
