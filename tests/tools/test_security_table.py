"""docs/security.md contains the tables of what is allowed, kept out and refused, as they are in the tests."""

import re
from pathlib import Path

import pytest

from tests.abuse.table import AMPLIFIED, ATTACKS, Attack
from tests.rooms.trust_table import MESSAGES
from tests.server.trust.ban_table import CODES, TRIES, WHO
from tests.server.trust.replayed import REPLAYED, Replayed
from tools.security_table import PAGE, amplified, attacks, bans, forged, put_into, table

TESTS = Path(__file__).parent.parent


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert put_into(page) == page, "python -m tools.security_table"


def test_every_message_is_printed() -> None:
    printed = table()
    assert [name for name in MESSAGES if name not in printed] == []


def test_no_table_is_empty() -> None:
    parts = table().split("\n\n")
    assert len([part for part in parts if part.startswith("| ")]) >= 8
    assert all(part.count("\n") >= 3 for part in parts if part.startswith("| "))


def test_all_that_a_banned_member_tries_is_printed() -> None:
    lines = bans().splitlines()
    assert len(lines) == 2 + len(TRIES) and {line.count("|") for line in lines} == {len(WHO) + 2}
    assert all(len(row) == len(WHO) and set("".join(row)) <= set(CODES) for row in TRIES.values())


def test_a_cell_of_the_bans_says_where_it_holds() -> None:
    (connects,) = (line for line in bans().splitlines() if line.startswith("| connects again "))
    assert connects.split(" | ")[1:3] == ["Banned; from another network let in", "Banned"]


@pytest.mark.parametrize("one", REPLAYED, ids=lambda one: one.tried)
def test_what_is_printed_as_tried_has_a_test(one: Replayed) -> None:
    file, _, function = one.test.partition("::")
    assert re.search(rf"^(async )?def {function}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert one.tried in forged()


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.tried)
def test_what_is_printed_as_an_attack_has_a_test(one: Attack) -> None:
    file, _, function = one.test.partition("::")
    assert re.search(rf"^(async )?def {function}\(", (TESTS / "abuse" / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert f"| {one.tried} | {one.before} | {one.now} |" in attacks()


def test_all_messages_that_were_measured_are_printed() -> None:
    assert [name for name in AMPLIFIED if f"| {name} | " not in amplified()] == []
