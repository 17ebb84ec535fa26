"""Open what ``--metrics`` asks for. prometheus-client is imported only then."""

import importlib.util
import logging
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack

from hangd.server.listening import WrongSetting, bind, url_of
from hangd.server.metrics.sources import Sources

_log = logging.getLogger(__name__)


def bind_metrics(place: str | None) -> list[socket.socket]:
    """Bind sockets for the metrics. They are the caller's to close. None: no metrics are asked for.

    Raises:
        StartFailed: as `hangd.server.listening.bind` does; WrongSetting, if prometheus-client is not installed.
    """
    if place is None:
        return []
    check_extra()
    return bind([place], "--metrics")


def check_extra() -> None:
    """Raises WrongSetting: prometheus-client is not installed."""
    if importlib.util.find_spec("prometheus_client") is None:
        raise WrongSetting("--metrics needs prometheus-client: install hang-sync[metrics]")


async def serve_metrics(sockets: Sequence[socket.socket], sources: Sources, cleanup: AsyncExitStack) -> None:
    """Answer scrapes on these sockets until ``cleanup`` is closed."""
    if not sockets:
        return
    from prometheus_client import CollectorRegistry, ProcessCollector

    from hangd.server.metrics.collector import ServerCollector
    from hangd.server.metrics.lag import LagMeter
    from hangd.server.metrics.listener import MetricsListener

    registry = CollectorRegistry()
    lag = LagMeter()
    lag.start()
    cleanup.callback(lag.stop)
    registry.register(ServerCollector(sources, lag))
    ProcessCollector(registry=registry)
    listener = MetricsListener(registry, sources.why_not_ready)
    cleanup.push_async_callback(listener.aclose)
    await listener.listen(sockets)
    places = [url_of(sock, secure=False).removeprefix("ws").removesuffix("ws") + "metrics" for sock in sockets]
    _log.info("metrics are at %s", ", ".join(f"http{place}" for place in places))
