"""Which of several bindings counts, and what keys mean that are pressed one after the other or held down."""

import pytest

from hangd.client.control.language.input_conf import Binding
from hangd.client.control.tables.bindings import Bindings


@pytest.fixture
def bindings() -> Bindings:
    made = Bindings()
    made.set_defaults([Binding("a", "default a", is_weak=True), Binding("b", "default b", is_weak=True)])
    return made


def does(bindings: Bindings, *keys: str) -> str | None:
    found = [bindings.pressed(key) for key in keys][-1]
    return None if found is None else found.command


def test_clients_count_before_the_file_and_the_file_before_defaults(bindings: Bindings) -> None:
    assert (does(bindings, "a"), does(bindings, "b"), does(bindings, "c")) == ("default a", "default b", None)
    bindings.set_file([Binding("a", "file a"), Binding("b", "file b", is_weak=True), Binding("c", "c", section="s")])
    assert (does(bindings, "a"), does(bindings, "b"), does(bindings, "c")) == ("file a", "file b", None)
    assert bindings.bind(Binding("a", "client a"))
    assert does(bindings, "a") == "client a"
    assert [each.command for each in bindings.effective()] == ["file b", "client a"]
    bindings.set_file([])
    assert (does(bindings, "a"), does(bindings, "b")) == ("client a", "default b")
    assert [each.command for each in bindings.all()] == ["default a", "default b", "client a"]


def test_without_defaults_weak_bindings_do_nothing(bindings: Bindings) -> None:
    bindings.set_file([Binding("a", "file a", is_weak=True), Binding("b", "file b")])
    bindings.uses_defaults = False
    assert (does(bindings, "a"), does(bindings, "b")) == (None, "file b")
    assert [each.command for each in bindings.effective()] == ["file b"]


def test_the_longest_sequence_counts(bindings: Bindings) -> None:
    bindings.set_file(
        [Binding("g", "ignore"), Binding("g-a", "g, a"), Binding("g-x-a", "g, x, a"), Binding("z-b", "no")]
    )
    assert does(bindings, "a") == "default a"
    assert does(bindings, "g", "a") == "g, a"
    assert does(bindings, "a") == "default a", "what was done begins anew"
    assert does(bindings, "g", "x", "a") == "g, x, a"
    assert does(bindings, "g", "y", "a") == "default a"
    assert does(bindings, "g", "b", "a") == "default a", "b did something of its own"


def test_a_strong_key_counts_before_a_weak_sequence(bindings: Bindings) -> None:
    bindings.set_file([Binding("g", "ignore"), Binding("g-a", "weak", is_weak=True), Binding("a", "strong")])
    assert does(bindings, "g", "a") == "strong"


def test_a_key_that_is_held_down_does_what_it_did(bindings: Bindings) -> None:
    bindings.set_file([Binding("g", "ignore"), Binding("g-a", "g, a")])
    assert bindings.repeated("a") is None
    assert does(bindings, "g", "a") == "g, a"
    repeated = bindings.repeated("a")
    assert repeated is not None and repeated.command == "g, a"
    assert bindings.repeated("b") is None
    bindings.pressed("x")
    assert bindings.repeated("a") is None
