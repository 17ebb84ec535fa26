"""The page as it is served: which files, how they are compressed and kept, and their header fields."""

import gzip
import posixpath
import re
import sys
import zipfile
from pathlib import Path

import pytest

from hangd.server.pages import FIELDS, Pages
from hangd.transport.http import Answer, Request

ROOT = Path(__file__).parents[2]
WEB = ROOT / "hangd" / "web"
PAGES = Pages.load()
FIRST_LOAD_MAX = 150 * 1024


def ask(path: str, **fields: str) -> Answer | None:
    values = {name.replace("_", "-"): [value] for name, value in fields.items()}
    return PAGES.answer(Request(path, lambda name: values.get(name, ())))


def get(path: str, **fields: str) -> tuple[int, bytes, dict[str, str]]:
    answer = ask(path, **fields)
    assert answer is not None
    return answer.status, answer.body, dict(answer.fields)


def test_the_index_is_the_page_itself() -> None:
    assert get("/") == get("/index.html")
    assert get("/")[1] == (WEB / "index.html").read_bytes()
    assert get("/?x=y")[0] == 200


def test_every_file_of_the_page_is_served_and_nothing_else() -> None:
    endings = {".html", ".js", ".css", ".svg", ".png", ".webmanifest"}
    files = {f"/{path.relative_to(WEB)}" for path in WEB.rglob("*") if path.suffix in endings}
    assert set(PAGES.paths) == files | {"/", "/files.json"}
    for path in (
        "/__init__.py",
        "/package.json",
        "/../cli.py",
        "//index.html",
        "/page",
        "/page/",
        "/index.html/",
        "/%2e",
    ):
        assert ask(path) is None


@pytest.mark.parametrize("path", sorted(set(PAGES.paths) - {"/files.json"}))
def test_a_file_has_its_type_and_its_tag(path: str) -> None:
    status, body, fields = get(path)
    assert status == 200
    assert body == (WEB / (path[1:] or "index.html")).read_bytes()
    ending = (path if path != "/" else "index.html").rpartition(".")[2]
    assert ("charset=utf-8" in fields["Content-Type"]) is (ending in ("html", "js", "css"))
    assert get(path, If_None_Match=fields["ETag"])[:2] == (304, b"")
    assert get(path, If_None_Match='"other"')[0] == 200


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=1.0", True),
        ("gzip; q=0.01", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br", False),
        ("", False),
    ],
)
def test_it_is_compressed_for_those_who_accept_that(accepted: str, compressed: bool) -> None:
    path = max((path for path in PAGES.paths if path.endswith(".js")), key=lambda path: len(get(path)[1]))
    plain, small = get(path), get(path, Accept_Encoding=accepted)
    assert (small[2].get("Content-Encoding") == "gzip") is compressed
    assert (gzip.decompress(small[1]) if compressed else small[1]) == plain[1]
    assert (small[2]["ETag"] != plain[2]["ETag"]) is compressed
    assert small[2]["Vary"] == plain[2]["Vary"] == "Accept-Encoding"
    assert len(small[1]) < len(plain[1]) or not compressed


def test_tags_are_compared_as_proxies_write_them() -> None:
    tag = get("/", Accept_Encoding="gzip")[2]["ETag"]
    for written in (f"W/{tag}", f'"a", {tag}', "*"):
        assert get("/", Accept_Encoding="gzip", If_None_Match=written)[0] == 304


def test_the_header_fields_of_all_answers() -> None:
    fields = dict(FIELDS) | get("/")[2]
    policy = dict(part.split(" ", 1) for part in fields["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "media-src": "blob:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert fields["Cache-Control"] == "no-cache"
    assert fields["Cross-Origin-Opener-Policy"] == fields["Cross-Origin-Resource-Policy"] == "same-origin"
    assert fields["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Referrer-Policy"] == "no-referrer"
    assert "microphone=()" in fields["Permissions-Policy"] and "fullscreen=(self)" in fields["Permissions-Policy"]


def test_no_address_in_the_page_leaves_its_folder() -> None:
    """It is served under any path, and refers to nobody else."""
    for path in PAGES.paths:
        text = (WEB / (path[1:] or "index.html")).read_text(encoding="utf-8") if path.endswith((".html", "/")) else ""
        assert [found for found in re.findall(r'(?:src|href)="([^"]*)"', text) if re.match(r"[a-z]+:|/", found)] == []


def first_load() -> list[str]:
    """Return the paths of the page, and of all that it loads before it runs."""
    found, waiting = [], ["/"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.append(path)
        text = get(path)[1].decode()
        if path == "/":
            named = re.findall(r'(?:src|href)="([^"#]+\.(?:js|css|svg|webmanifest))"', text)
        elif path.endswith(".js"):
            named = re.findall(r'^(?:import|export|\}) ?[^"\';]*"(\.[^"]+)";?$', text, re.MULTILINE)
        else:
            named = re.findall(r'@import (?:url\()?"([^"]+)"', text) if path.endswith(".css") else []
        waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in named]
    return found


def test_the_first_load_is_small() -> None:
    """Compressed, and with the fields of the answers, which are not."""
    bodies = heads = 0
    paths = first_load()
    for path in paths:
        _, body, own = get(path, Accept_Encoding="gzip")
        bodies += len(body)
        heads += sum(len(name) + len(value) + 4 for name, value in [*FIELDS, *own.items()]) + 80
    print(f"first load: {len(paths)} files, {bodies / 1024:.1f} KiB, and {heads / 1024:.1f} KiB of header fields")
    assert bodies + heads <= FIRST_LOAD_MAX


@pytest.mark.real
def test_a_wheel_contains_the_page(tmp_path: Path) -> None:
    import subprocess

    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert {f"hangd/web{path}" for path in PAGES.paths if path not in ("/", "/files.json")} <= set(names)
