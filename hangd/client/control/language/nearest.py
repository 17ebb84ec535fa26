"""What was probably meant by a name that there is not: for the complaints about files of key bindings."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that says that there is no such ``word``: "; did you mean X?", or ""."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
