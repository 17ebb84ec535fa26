"""What the changes of a page's connection say of its losses."""

from tests.bench.web.page_link import LinkChange, losses_of


def up(at: float, node: str | None = "one", client_id: str | None = "ada") -> LinkChange:
    return LinkChange(at, "up", node, client_id)


def waits(at: float) -> LinkChange:
    return LinkChange(at, "waiting", None, "ada")


def test_no_loss_before_it_is_in_a_room() -> None:
    assert losses_of([LinkChange(0, "connecting", None, None), up(1, client_id=None), waits(2), up(3)]) == []


def test_it_comes_back_in_its_place() -> None:
    changes = [up(0), waits(1), LinkChange(2, "connecting", None, "ada"), up(3, "two"), waits(4), up(5, "three")]
    first, second = losses_of(changes)
    assert (first.at, first.back, first.in_its_place) == (1, changes[3], True)
    assert (second.at, second.before, second.back, second.in_its_place) == (4, changes[3], changes[5], True)


def test_it_does_not_come_back() -> None:
    (loss,) = losses_of([up(0), waits(1), up(2, client_id=None)])
    assert (loss.at, loss.back, loss.in_its_place) == (1, None, False)


def test_it_comes_back_as_another_member() -> None:
    """It is up before it has joined again, and the page shows the room of before until then."""
    for told in ([up(2, "two", "bob")], [up(2, "two"), up(3, "two", "bob")]):
        (loss,) = losses_of([up(0), waits(1), *told])
        assert (loss.back, loss.in_its_place) == (told[-1], False)


def test_the_loss_and_the_way_back_are_told_as_one() -> None:
    (loss,) = losses_of([up(0), up(1, "two")])
    assert (loss.at, loss.back, loss.in_its_place) == (1, up(1, "two"), True)
