"""Files of key bindings as the daemon reads them, and what hang binds by itself."""

import os
from pathlib import Path

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings, read_bindings
from hangd.client.control.tables.bindings import Bindings
from tests.support.daemons.recording_viewer import RecordingViewer


@pytest.fixture
def properties() -> Properties:
    return Properties(RecordingViewer())


def bound(properties: Properties) -> dict[str, str]:
    return {each.key: each.command for each in properties.state(Bindings).all()}


def test_each_default_binding_is_right_and_has_a_description(properties: Properties) -> None:
    bindings = default_bindings(properties)
    assert len({each.key for each in bindings}) == len(bindings) > 90
    assert all(each.is_weak for each in bindings)
    assert [each.key for each in bindings if not each.comment] == ["MBTN_LEFT"]


async def test_a_file_is_read_again_and_its_wrong_lines_are_named(
    properties: Properties, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "input.conf"
    changed: list[frozenset[str]] = []
    properties.changed = changed.append
    file.write_bytes(
        b"a seek 5\nb cycle deband\nc add volumme 2\nd set ${x} 5\ne loadfile \xff.mkv\nf cycle-values !reverse x 1"
    )
    await read_bindings(properties, file, named=True)
    assert bound(properties) == {"a": "seek 5", "d": "set ${x} 5", "e": "loadfile \udcff.mkv"}
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"{file}:2: there is no property deband",
        f"{file}:3: there is no property volumme; did you mean volume?",
        f"{file}:6: there is no property x",
    ]
    assert changed == [frozenset({"input-bindings"})]
    file.write_text("b cycle mute")
    await read_bindings(properties, file, named=True)
    assert bound(properties) == {"b": "cycle mute"}
    file.unlink()
    await read_bindings(properties, file, named=False)
    assert bound(properties) == {}


@pytest.mark.parametrize("kind", ["directory", "pipe", "large", "forbidden"])
async def test_a_file_that_cannot_be_read_changes_nothing(
    properties: Properties, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    file = tmp_path / "input.conf"
    file.write_text("a seek 5")
    await read_bindings(properties, file, named=False)
    file.unlink()
    match kind:
        case "directory":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "large":
            file.write_text("# note\n" * 200_000)
        case _:
            file.symlink_to(file)
    await read_bindings(properties, file, named=False)
    assert bound(properties) == {"a": "seek 5"}
    assert "the key bindings cannot be read" in caplog.text


async def test_many_wrong_lines_do_not_fill_the_log(
    properties: Properties, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "input.conf"
    file.write_text("nokey ignore\n" * 100)
    await read_bindings(properties, file, named=True)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (len(warnings), warnings[-1]) == (21, f"{file}: 80 more lines are wrong")


async def test_a_file_that_was_named_has_to_be_there(
    properties: Properties, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await read_bindings(properties, tmp_path / "none.conf", named=False)
    assert not caplog.records
    await read_bindings(properties, tmp_path / "none.conf", named=True)
    assert "there is no such file of key bindings" in caplog.text
