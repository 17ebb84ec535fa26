from hangd.engine.player_messages import Load, PlayerOpened, Sampled, SeekTo, Settled
from hangd.player.ordering import EventFilter


def test_only_events_of_the_newest_load_pass() -> None:
    events = EventFilter()
    events.commanded(Load(path="/a", generation=1))
    assert events.passes(Settled(1, 0.0, 0.0))
    events.commanded(Load(path="/b", generation=2))
    assert not events.passes(Settled(1, 0.0, 0.0))
    assert events.passes(Settled(2, 0.0, 0.0))


def test_the_opening_passes_whatever_was_loaded_meanwhile() -> None:
    events = EventFilter()
    events.commanded(Load(path="/a", generation=1))
    assert events.passes(PlayerOpened(0, "vlc 3.0.24"))


def test_a_sample_that_a_seek_has_overtaken_does_not_pass() -> None:
    events = EventFilter()
    assert events.passes(Sampled(0, 1.0, 1.0, 1.0))
    events.commanded(SeekTo(5.0))
    assert not events.passes(Sampled(0, 1.0, 1.0, 1.0))
    assert events.passes(Settled(0, 5.0, 2.0))
    assert events.passes(Sampled(0, 5.0, 3.0, 1.0))


def test_nothing_passes_once_it_is_closed() -> None:
    events = EventFilter()
    events.closed = True
    assert not events.passes(Settled(0, 5.0, 2.0))
