"""The golden stories of the link and the pings (tests/golden/make_links.py): each comes out the same."""

import json

import pytest

from tests.golden.make_links import LINKS, STORIES, make


def test_there_is_a_file_of_each_story_and_no_other() -> None:
    assert {path.stem for path in LINKS.iterdir()} == set(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_a_golden_story_comes_out_the_same(name: str) -> None:
    recorded = (LINKS / f"{name}.jsonl").read_bytes().splitlines(keepends=True)
    assert recorded == make(name), "if intended, run python -m tests.golden.make_links"


def test_the_stories_contain_every_input_and_every_effect() -> None:
    steps = [json.loads(line) for name in STORIES for line in make(name)[1:]]
    inputs = {(step["input"] or {"type": None})["type"] for step in steps}
    effects = {effect["type"] for step in steps for effect in step["effects"]}
    assert inputs == {
        None,
        *("Wanted", "Unwanted", "Dialed", "DialFailed", "Welcomed", "Lost"),
        *("Started", "Stopped", "Ponged", "StateAsked", "StateCame"),
    }
    assert effects == {"Dial", "SendHello", "HangUp", "StateChanged", "SendPing", "GiveUp"}
