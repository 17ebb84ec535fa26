"""hang.toml(5): the file in man/ is up to date, describes every key, and its examples are settings that hangd takes."""

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from hangd.config import SECTIONS, load, variables
from hangd.manual import mdoc
from tools.described import fields
from tools.toml_manual import page

PAGE = Path(__file__).parents[2] / "man" / "hang.toml.5"
SOURCE = PAGE.read_text(encoding="utf-8")


def test_file_is_up_to_date() -> None:
    assert page() == SOURCE, "python -m tools.toml_manual > man/hang.toml.5"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_described_in_its_section(section: str) -> None:
    kind = SECTIONS[section]
    part = SOURCE.partition(f".Ss [{section}]\n")[2].partition("\n.S")[0]
    assert re.findall(r"^\.It Va (\w+) Pq \S", part, re.MULTILINE) == list(kind.__struct_fields__)
    assert [name for name, field in fields(kind).items() if not field.about] == [], "keys without a docstring"


def test_every_variable_is_there() -> None:
    assert set(re.findall(r"HANG_[A-Z_]+", SOURCE)) == set(variables())


def test_nothing_is_said_that_only_readers_of_the_source_understand() -> None:
    assert not re.search(r"`|None|hangd\.(?!sock)[a-z]", SOURCE)


def test_a_key_has_its_type_its_default_its_option_and_its_variable() -> None:
    text = " ".join(mdoc.text(SOURCE, 240).split())
    assert "sub_pos (whole number from 0 to 100) How far down" in text
    assert 'The default is ["0.0.0.0:3005", "[::]:3005"]. Option --listen, variable HANG_LISTEN.' in text
    assert "Option --motd-file, variable HANG_MOTD." in text
    assert "The default is true. Variable HANG_SHARE_FILE_NAME." in text


@pytest.mark.parametrize("number", range(3))
def test_examples_are_right(number: int, tmp_path: Path) -> None:
    examples = re.findall(r"^\.Bd -literal -offset indent\n(\[.*?)^\.Ed$", SOURCE, re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    file = tmp_path / "config.toml"
    file.write_text(examples[number])
    config = load(file=str(file), environment={})
    assert len(config.origins) == examples[number].count(" = ")


def test_limits_are_those_that_hold(tmp_path: Path) -> None:
    """The page's words about numbers, taken at their word."""
    numbers = re.findall(
        r"^\.It Va (\w+) Pq (?:\\&)?(whole )?number from (\S+) (?:\\&)?to (\S+)$", SOURCE, re.MULTILINE
    )
    assert len(numbers) > 10
    for name, _, low, high in numbers:
        kind = next(kind for kind in SECTIONS.values() if name in kind.__struct_fields__)
        field = next(field for field in msgspec.structs.fields(kind) if field.name == name)
        least, most = (float(text.replace("\\-", "-").replace("\\&", "")) for text in (low, high))
        for value, right in ((least, True), (most, True), (least - 1, False), (most + 1, False)):
            try:
                msgspec.convert(int(value) if value == int(value) else value, field.type)
                assert right, name
            except msgspec.ValidationError:
                assert not right, name


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
def test_mandoc_reports_nothing() -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.returncode) == ("", 0)
