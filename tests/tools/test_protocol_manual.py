"""hang-protocol(7): the file in man/ is up to date, and has every message, field, error and close code."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from hangd.protocol import errors
from hangd.protocol.codec import decode_client
from hangd.protocol.messages import CLIENT_TYPES, SERVER_TYPES, SyncCommand
from hangd.protocol.schema import schema
from tools.protocol_manual import page

PAGE = Path(__file__).parents[2] / "man" / "hang-protocol.7"
SOURCE = PAGE.read_text(encoding="utf-8")
PLAIN = {"text", "integer", "number", "true", "object", "list", "or", "null", "false"}


def section(title: str) -> str:
    return SOURCE.partition(f".Sh {title}\n")[2].partition("\n.Sh ")[0]


def items(text: str) -> list[str]:
    return re.findall(r"^\.It Sy (\w+)", text, re.MULTILINE)


def test_file_is_up_to_date() -> None:
    assert page() == SOURCE, "python -m tools.protocol_manual > man/hang-protocol.7"


def test_every_message_has_an_item() -> None:
    actions = [kind.__name__ for kind in get_args(SyncCommand)]
    assert sorted(items(section("MESSAGES OF CLIENTS"))) == sorted([*actions, *set(CLIENT_TYPES) - {"SyncCommand"}])
    assert sorted(items(section("MESSAGES OF THE SERVER"))) == sorted(SERVER_TYPES)


def test_every_object_of_the_schema_has_an_item() -> None:
    messages = {*CLIENT_TYPES, *SERVER_TYPES, "ClientFrame", "ServerFrame", "RequestId"}
    messages |= {kind.__name__ for kind in get_args(SyncCommand)}
    assert sorted(items(section("OBJECTS"))) == sorted(set(schema()["$defs"]) - messages)


@pytest.mark.parametrize("name", [name for name in (*CLIENT_TYPES, *SERVER_TYPES) if name != "SyncCommand"])
def test_every_message_is_described_with_all_its_fields(name: str) -> None:
    (item,) = re.findall(rf"^\.It Sy {name}\n(.*?)^(?:\.It Sy|\.Ss|\.Sh)", SOURCE, re.MULTILINE | re.DOTALL)
    assert not item.startswith("."), "it has no docstring"
    kind: type[msgspec.Struct] = (CLIENT_TYPES | SERVER_TYPES)[name]  # type: ignore[assignment]
    found = re.findall(r"^\.It Va (\w+) Pq (.*)$", item, re.MULTILINE)
    assert [field for field, _ in found] == list(kind.__struct_fields__)
    required = [field.name for field in msgspec.structs.fields(kind) if field.required]
    assert [field for field, words in found if not re.search(r", (optional|default)", words)] == required


def test_every_type_that_a_field_has_is_explained() -> None:
    known = {*items(section("OBJECTS")), *items(section("TYPES"))}
    named = {
        word
        for words in re.findall(r"^\.It Va \w+ Pq (.*)$", SOURCE, re.MULTILINE)
        for word in re.findall(r"\b[A-Z]\w+", words.partition(", default")[0])
    }
    assert len(named) > 40
    assert named - known - {"Action"} == set()
    assert {*items(section("TYPES"))} - named == set(), "types that no field has"


def test_every_error_and_close_code_is_explained() -> None:
    part = section("ERROR CODES")
    assert items(part) == list(get_args(errors.ErrorCode))
    own = {str(value) for name, value in vars(errors).items() if name.startswith("CLOSE_")}
    assert {code for code in re.findall(r"^\.It Li (\d+)", part, re.MULTILINE) if code.startswith("4")} == own


def test_nothing_is_said_that_only_readers_of_the_source_understand() -> None:
    assert not re.search(r"`|None|hangd\.[a-z]|ROOM_ITSELF", SOURCE)


def test_its_frames_are_frames() -> None:
    frames = re.findall(r'\{"type".*$', SOURCE, re.MULTILINE)
    assert len(frames) == 6
    for frame in (frame for frame in frames if "..." not in frame):
        decode_client(frame)
    for frame in (frame for frame in frames if "..." in frame):
        name = re.findall(r'"type": "(\w+)"', frame)[0]
        assert name in CLIENT_TYPES or name in SERVER_TYPES


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_reports_nothing() -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)
