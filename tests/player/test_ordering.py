from hangd.engine.player_messages import Load, Sampled, SeekTo, Settled
from hangd.player.ordering import EventGate


def test_only_the_newest_load_is_heard() -> None:
    gate = EventGate()
    gate.take(Load(path="/a", generation=1))
    assert gate.admits(Settled(1, 0.0, 0.0))
    gate.take(Load(path="/b", generation=2))
    assert not gate.admits(Settled(1, 0.0, 0.0))
    assert gate.admits(Settled(2, 0.0, 0.0))


def test_a_sample_that_a_seek_overtook_is_not_heard() -> None:
    gate = EventGate()
    assert gate.admits(Sampled(0, 1.0, 1.0, 1.0))
    gate.take(SeekTo(5.0))
    assert not gate.admits(Sampled(0, 1.0, 1.0, 1.0))
    assert gate.admits(Settled(0, 5.0, 2.0))
    assert gate.admits(Sampled(0, 5.0, 3.0, 1.0))


def test_nothing_is_heard_once_it_is_closed() -> None:
    gate = EventGate()
    gate.close()
    assert gate.closed
    assert not gate.admits(Settled(0, 5.0, 2.0))
