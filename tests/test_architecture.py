"""docs/architecture.md names functions that exist, and describes each of the two paths in ten steps."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([a-z_.]+:[A-Za-z_.]+)`", PAGE)))


def test_there_are_names_to_look_at() -> None:
    assert len(NAMES) > 25


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_the_page_names_exists(name: str) -> None:
    module, _, qualified = name.partition(":")
    found = importlib.import_module(f"hangd.{module}")
    for part in qualified.split("."):
        found = getattr(found, part)
    assert callable(found)


@pytest.mark.parametrize("title", re.findall(r"^## (How a .*)$", PAGE, re.MULTILINE))
def test_a_path_has_ten_steps(title: str) -> None:
    section = PAGE.split(f"## {title}")[1].split("\n## ")[0]
    assert re.findall(r"^(\d+)\. ", section, re.MULTILINE) == [str(number) for number in range(1, 11)]
