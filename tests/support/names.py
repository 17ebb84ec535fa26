"""Names of files for tests: every name that Linux allows."""

from typing import Final

from hypothesis import strategies as st

__all__ = ["HARD_NAMES", "file_names"]

_LENGTH_MAX: Final = 255

HARD_NAMES: Final = (
    b"bad\xff\xfe.mp4", b"\xed\xa0\xbd.mp4", b"\xc3", "Привет 😀.mp4".encode(), b"new\nline.mp4", b"a\rb.mp4",
    b"tab\t\x01\x1b[31m.mp4",
    b"\"quotes'`.mp4", b"-dash.mp4", b"a#b.mp4", b"What?.mp4", b"a%20b.mp4", b"100%.mp4", b"file:x.mp4", b"http:x.mp4",
    b"@at.mp4", b"#hash.mp4", b"trailing  ", b"  leading.mp4", b"back\\slash\\n.mp4", b"a;b,c|d.mp4", b'{"json".mp4',
    b"$HOME ${path}.mp4", b"~", b"...", b"C:x.mp4", "\N{RIGHT-TO-LEFT OVERRIDE}rtl.mp4".encode(), b"x" * _LENGTH_MAX,
)  # fmt: skip
"""Names that a program might take for something else, or that are no text."""


def file_names() -> st.SearchStrategy[bytes]:
    """Return a strategy for names of files: any bytes but the slash and NUL."""
    any_bytes = st.binary(min_size=1, max_size=_LENGTH_MAX)
    texts = st.text(min_size=1, max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    odd = st.lists(st.sampled_from(HARD_NAMES), min_size=1, max_size=3).map(b"".join)
    names = (any_bytes | texts | odd).map(lambda name: name.translate(None, b"/\0")[:_LENGTH_MAX])
    return names.filter(lambda name: name not in (b"", b".", b".."))
