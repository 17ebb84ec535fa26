"""What a member is known by stays with it: its accounts whatever its devices are, and its login until it logs out."""

from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import LOGIN, Identity, is_account, is_lasting, merged

KEPT = 8


def tag(kind: str, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sampled_from(["", *(f"{kind}{number}" for number in range(most))]).map(lambda one: (one,) if one else ())


def stories(accounts: int) -> st.SearchStrategy[list[tuple[Identity, bool]]]:
    """Who one client is, one after the other, and whether it says that itself when it has no login any more."""
    identity = st.tuples(tag("acc:", accounts), tag("dev:", 30), tag("net:", 2), tag(LOGIN, 3)).map(
        lambda parts: Identity(tuple(one for part in parts for one in part))
    )
    return st.lists(st.tuples(identity, st.booleans()), min_size=1, max_size=60)


def told(story: list[tuple[Identity, bool]]) -> list[tuple[str, ...]]:
    """Return what the client is known by after each step."""
    tags: tuple[str, ...] = ()
    steps = []
    for identity, logged_out in story:
        tags = merged(tags, identity, logged_out=logged_out)
        steps.append(tags)
    return steps


@given(stories(KEPT))
def test_no_number_of_devices_pushes_an_account_out(story: list[tuple[Identity, bool]]) -> None:
    seen: list[str] = []
    for (identity, _), tags in zip(story, told(story), strict=True):
        seen += [one for one in identity.tags if is_account(one) and one not in seen]
        assert [one for one in tags if is_account(one)] == seen


@given(stories(30))
def test_the_first_of_each_kind_stay_and_who_it_is_now(story: list[tuple[Identity, bool]]) -> None:
    """By the first account a room knows the invites of a member."""
    first: dict[str, list[str]] = {"acc:": [], "dev:": []}
    for (identity, _), tags in zip(story, told(story), strict=True):
        assert set(identity.tags) <= set(tags)
        assert len(tags) == len(set(tags)) <= 2 * (KEPT + 1) + 2
        for kind, seen in first.items():
            seen += [one for one in identity.tags if one.startswith(kind) and one not in seen]
            assert [one for one in tags if one.startswith(kind)][:KEPT] == seen[:KEPT]
        assert [one for one in tags if one.startswith("net:")] == [one for one in identity.tags if one[:4] == "net:"]


@given(stories(2))
def test_a_login_stays_until_another_comes_or_it_logs_out(story: list[tuple[Identity, bool]]) -> None:
    login: list[str] = []
    for (identity, logged_out), tags in zip(story, told(story), strict=True):
        brought = [one for one in identity.tags if one.startswith(LOGIN)]
        login = brought or ([] if logged_out else login)
        assert [one for one in tags if one.startswith(LOGIN)] == login
        assert not any(map(is_lasting, login)), "nobody is banned by a login"
