"""Who is invited under which name, whose a name is, and where messages may go."""

import pytest
from msgspec.structs import replace

from hangd.protocol.errors import RequestRefused
from hangd.protocol.push import PushKeys, PushSubscribe, PushUnsubscribe
from hangd.server.push import book as module
from hangd.server.push.book import Book
from hangd.server.push.endpoints import check_endpoint
from hangd.server.settings import check_push_services, contact_url

KEYS = PushKeys("x" * 87, "x" * 22)
ANN = PushSubscribe("Ann", "https://push.example/ann", KEYS, "secret of ann's phone")
DAY = 86400.0


def refusal(book: Book, message: PushSubscribe, today: float = 0.0) -> str:
    before = book.all()
    with pytest.raises(RequestRefused) as caught:
        book.subscribe(message, today)
    assert book.all() == before
    return caught.value.code


def test_the_first_has_the_name_also_where_it_is_written_otherwise() -> None:
    book = Book()
    assert book.subscribe(ANN, 0.0)[1]
    for name in ("Ann", "ann", "\uff21nn", "A\u200dnn"):
        other = PushSubscribe(name, "https://push.example/eve", KEYS, "secret of somebody else")
        assert refusal(book, other) == "NameTaken"
    assert book.find("ANN") is not None


def test_the_secret_moves_a_name_to_another_browser_and_a_browser_to_another_name() -> None:
    book = Book()
    book.subscribe(ANN, 0.0)
    moved, is_new = book.subscribe(replace(ANN, endpoint="https://push.example/new"), 1.0)
    assert is_new
    assert book.all() == [moved]
    renamed, _ = book.subscribe(replace(ANN, name="Bob", endpoint="https://push.example/new"), 2.0)
    assert book.all() == [renamed]
    assert book.find("Ann") is None


def test_a_renewal_is_not_new_and_is_remembered() -> None:
    book = Book()
    book.subscribe(ANN, 0.0)
    again, is_new = book.subscribe(ANN, 5 * DAY)
    assert not is_new
    assert again.seen == 5 * DAY


def test_who_has_learned_an_address_cannot_take_it_over() -> None:
    book = Book()
    book.subscribe(ANN, 0.0)
    thief = PushSubscribe("Eve", ANN.endpoint, KEYS, "secret of somebody else")
    assert refusal(book, thief) == "Forbidden"


def test_only_the_secret_gives_a_name_up() -> None:
    book = Book()
    book.subscribe(ANN, 0.0)
    assert not book.unsubscribe(PushUnsubscribe("ann", "secret of somebody else"))
    assert len(book) == 1
    assert book.unsubscribe(PushUnsubscribe("ann", ANN.secret))
    assert len(book) == 0


def test_what_leads_nowhere_is_dropped_but_not_what_has_replaced_it() -> None:
    book = Book()
    old, _ = book.subscribe(ANN, 0.0)
    new, _ = book.subscribe(replace(ANN, endpoint="https://push.example/new"), 1.0)
    assert not book.drop(old)
    assert book.drop(new)
    assert len(book) == 0


def test_a_full_book_forgets_only_who_has_not_come_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    book = Book()
    book.subscribe(ANN, 0.0)
    book.subscribe(replace(ANN, name="Bob", endpoint="https://push.example/bob"), 80 * DAY)
    third = replace(ANN, name="Cid", endpoint="https://push.example/cid")
    assert refusal(book, third, 81 * DAY) == "ServerFull"
    book.subscribe(third, 91 * DAY)
    assert [one.name for one in book.all()] == ["Bob", "Cid"]


def test_the_secret_itself_is_not_kept() -> None:
    book = Book()
    book.subscribe(ANN, 0.0)
    assert ANN.secret not in repr(book.all())


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
        "https://fcm.googleapis.com:443/x",
        "https://own.example:8443/x",
    ],
)
def test_messages_go_to_push_services(endpoint: str) -> None:
    check_endpoint(endpoint, ["own.example:8443"])


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "https://evil.example/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com/x",
        "https://push.services.mozilla.com.evil.example/",
        "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com@evil.example/x",
        "https://evil.example#@fcm.googleapis.com/x",
        "https://evil.example\\@fcm.googleapis.com/x",
        "https://user:pass@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com:99999/x",
        "http://fcm.googleapis.com/x",
        "https://own.example/x",
        "https://[::1",
        "https:///x",
    ],
)
def test_messages_go_nowhere_else(endpoint: str) -> None:
    with pytest.raises(RequestRefused):
        check_endpoint(endpoint, ["own.example:8443"])


def test_the_settings() -> None:
    assert contact_url("me@example.org") == contact_url("mailto:me@example.org") == "mailto:me@example.org"
    for wrong in ("me", "me@host", "@example.org", "a b@example.org", "https://example.org"):
        with pytest.raises(ValueError, match="e-mail"):
            contact_url(wrong)
    check_push_services(["h", "h:1"])
    for wrong in ("", "h:", "h:x", "https://h", "a@h"):
        with pytest.raises(ValueError, match="HOST"):
            check_push_services([wrong])
