"""The page as it is served: which files, how they are compressed and kept, and their header fields."""

import gzip
import json
import posixpath
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hangd.server.web.page_text import imported, shortened
from hangd.server.web.pages import FIELDS, Pages
from hangd.transport.http import Answer, Request
from tests.support.browsers.first_load import FIRST_LOAD_MAX, counted, first_load

ROOT = Path(__file__).parents[3]
WEB = ROOT / "hangd" / "web"
PAGES = Pages.load()


def ask(path: str, **fields: str) -> Answer | None:
    values = {name.replace("_", "-"): [value] for name, value in fields.items()}
    return PAGES.answer(Request(path, lambda name: values.get(name, ())))


def get(path: str, **fields: str) -> tuple[int, bytes, dict[str, str]]:
    answer = ask(path, **fields)
    assert answer is not None
    return answer.status, answer.body, dict(answer.fields)


def test_the_index_is_the_page_itself() -> None:
    assert get("/") == get("/index.html")
    assert get("/")[1].startswith((WEB / "index.html").read_bytes().partition(b"  </head>")[0])
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
    if not path.endswith((".js", ".css", ".html", "/")):
        assert body == (WEB / path[1:]).read_bytes()
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


def test_the_first_load_is_small() -> None:
    """tests/web/test_serving.py shows that it is this that Chromium loads."""
    paths = first_load(PAGES)
    sizes = [counted(PAGES, path) for path in paths]
    bodies, heads = (sum(column) for column in zip(*sizes, strict=True))
    print(f"first load: {len(paths)} files, {bodies / 1024:.1f} KiB, and {heads / 1024:.1f} KiB of header fields")
    assert bodies + heads <= FIRST_LOAD_MAX


def test_every_script_that_is_needed_at_first_is_announced() -> None:
    index = get("/")[1].decode()
    announced = re.findall(r'<link rel="modulepreload" href="([^"]+)" />', index)
    needed = {path[1:] for path in first_load(PAGES) if path.endswith(".js")}
    assert set(announced) == needed - {"page/main.js"}
    assert len(announced) == len(set(announced)) > 50


def test_workers_are_named_so() -> None:
    """They are documents of a kind, and need the fields of such."""
    for path in PAGES.paths:
        if path.endswith(".js"):
            text = get(path)[1].decode()
            if "new Worker(" in text or ".register(" in text:
                assert re.findall(r'"[./\w]+\.js"', text)
                assert all("worker" in name for name in re.findall(r'new URL\("([./\w]+\.js)"', text))
            answer = ask(path)
            assert answer is not None
            assert ("Content-Security-Policy" in answer.without) is ("worker" not in path.rpartition("/")[2])


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("  // all", ""),
        ("/* all */", ""),
        ("  /** @type {X} */", ""),
        ("  /** @type {X} */ (y);", "/** @type {X} */ (y);"),
        ("/** some\n * lines\n */", "\n\n"),
        ("/* some\n   lines */ code();", "\ncode();"),
        ("code(); // all", "code(); // all"),
        ("code(); /* all */", "code(); /* all */"),
        ("/* one */ code(); /* two */", "/* one */ code(); /* two */"),
        ("a = b\n  / c", "a = b\n/ c"),
    ],
)
def test_comments_with_lines_of_their_own_and_indents_are_left_out(line: str, kept: str) -> None:
    assert shortened(f"a();\n{line}\nb();", script=True) == f"a();\n{kept}\nb();"
    assert shortened("// x", script=False) == "// x"


def test_scripts_mean_the_same_as_served(tmp_path: Path) -> None:
    """Both texts are parsed, with the parser that node contains."""
    pairs = []
    for path in PAGES.paths:
        if path.endswith(".js"):
            served = get(path)[1].decode()
            assert served.count("\n") == (WEB / path[1:]).read_text(encoding="utf-8").count("\n")
            pairs.append([path, (WEB / path[1:]).read_text(encoding="utf-8"), served])
    code = """
    const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
    const plain = (text) => JSON.stringify(
      parse(text, { ecmaVersion: "latest", sourceType: "module" }),
      (key, value) => (key === "start" || key === "end" ? undefined : typeof value === "bigint" ? `${value}n` : value));
    const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const wrong = pairs.filter(([, one, other]) => plain(one) !== plain(other)).map(([path]) => path);
    if (wrong.length || plain("f(`a`)") === plain("f(`\\n`)")) throw new Error(`not the same: ${wrong}`);
    const sources = (text) => parse(text, { ecmaVersion: "latest", sourceType: "module" }).body
      .map((node) => node.source?.value).filter(Boolean);
    console.log(JSON.stringify(Object.fromEntries(pairs.map(([path, one]) => [path, sources(one)]))));
    """
    done = subprocess.run(
        ["node", "--expose-internals", "-e", code], input=json.dumps(pairs), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    # The same parser tells whether all static imports are found.
    names = json.loads(done.stdout)
    for path, _, served in pairs:
        wanted = {posixpath.normpath(posixpath.join(posixpath.dirname(path), name))[1:] for name in names[path]}
        scripts = {path[1:]: served} | dict.fromkeys(wanted, "")
        assert set(imported(path[1:], scripts)) == wanted | {path[1:]}


@pytest.mark.real
def test_a_wheel_contains_the_page(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    assert {f"hangd/web{path}" for path in PAGES.paths if path not in ("/", "/files.json")} <= set(names)
