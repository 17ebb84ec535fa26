"""contrib/prometheus and contrib/grafana ask for metrics that a real server has, in ways that Prometheus understands.

Whether an alert fires when it should is in ``alerts.yml`` beside this file, for promtool.
"""

import asyncio
import json
import re
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hangd.server.settings import ServerSettings
from tests.support.daemons.party import free_port, wait_for
from tests.support.servers.programs import listening, program
from tests.support.servers.server import PATIENCE, process, running

HERE: Final = Path(__file__).parent
CONTRIB: Final = HERE.parent.parent / "contrib"
RULES: Final = CONTRIB / "prometheus" / "hang.rules.yml"
ADDED: Final = {"job", "instance"}
"""Labels that Prometheus itself adds."""


def dashboard() -> Any:
    return json.loads((CONTRIB / "grafana" / "hang.json").read_text(encoding="utf-8"))


def queries() -> Iterator[str]:
    """Return the queries of the dashboard, with values for its variables."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            query = target["expr"].replace("$job", "hang").replace("$instance", ".+").replace("$__rate_interval", "1m")
            assert "$" not in query
            yield query


def conditions() -> list[str]:
    """Return the queries of the alerts."""
    text = RULES.read_text(encoding="utf-8")
    return [
        " ".join(found.split()) for found in re.findall(r"expr: (?:>-\n)?(.*?)\n        (?:for|labels):", text, re.S)
    ]


async def scrape() -> dict[str, dict[str, set[str]]]:
    """Return the values of each label of each metric of a server."""
    port = free_port()
    async with running(ServerSettings(metrics=f"127.0.0.1:{port}")):
        answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE)
        with answer:
            text = answer.read().decode()
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


async def test_what_is_asked_for_is_there() -> None:
    metrics = await scrape()
    asked = [*queries(), *conditions()]
    assert len(asked) > 40
    used: set[str] = set()
    for query in asked:
        selected = re.findall(r"\b((?:hang|process)_\w+)(?:\{([^}]*)\})?", query)
        assert selected or query == 'up{job="hang"} == 0', query
        names = {name for name, _ in selected}
        assert names <= metrics.keys(), query
        used |= names
        for name, matchers in selected:
            for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers):
                if label not in ADDED:
                    assert all(one in metrics[name][label] for one in value.split("|")), (query, operator)
        for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", query):
            assert set(labels.split(", ")) <= ADDED | {one for name in names for one in metrics[name]}, query
    # What nobody looks at need not be counted.
    unused = {name for name in metrics if name.startswith("hang_")} - used
    assert {name for name in unused if not name.endswith(("_sum", "_count"))} == set()


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_each_alert_is_tested() -> None:
    alerts = re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))
    tested = (HERE / "alerts.yml").read_text(encoding="utf-8")
    assert len(alerts) == len(conditions()) > 10
    for alert in alerts:
        assert f"alertname: {alert}," in tested
        assert f'alertname="{alert}"' in tested


def promtool(*words: str | Path, given: str | None = None) -> None:
    done = subprocess.run([program("promtool"), *words], input=given, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in done.stderr, done.stderr


@pytest.mark.real
def test_promtool_finds_nothing_wrong() -> None:
    promtool("check", "config", CONTRIB / "prometheus" / "prometheus.yml")
    promtool("test", "rules", HERE / "alerts.yml")


@pytest.mark.real
def test_a_real_prometheus_answers_each_query(tmp_path: Path) -> None:
    metrics_port, port = free_port(), free_port()
    config = (CONTRIB / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    config = config.replace("9464", str(metrics_port)).replace("15s", "1s").replace("hang.rules.yml", str(RULES))
    (tmp_path / "prometheus.yml").write_text(config, encoding="utf-8")

    def ask(query: str) -> list[Any]:
        words = urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{words}", timeout=PATIENCE) as answer:
            result = json.load(answer)
        assert result["status"] == "success"
        assert isinstance(result["data"]["result"], list)
        return list(result["data"]["result"])

    def answers() -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", metrics_port)) == 0

    with process(ServerSettings(metrics=f"127.0.0.1:{metrics_port}")) as server:
        with listening(
            port,
            program("prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ):
            wait_for(answers, "the metrics")
            text = urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=PATIENCE).read().decode()
            promtool("check", "metrics", given=text)
            wait_for(lambda: bool(ask("count_over_time(hang_ready[1m]) > 2")), "three scrapes")
            for query in queries():
                # Rates above 0 are those of what has happened.
                assert ask(query) or query.endswith("> 0"), query
            for query in conditions():
                # A machine that is busy with other tests may well deserve that alert.
                assert ask(query) == [] or "hang_event_loop_lag" in query, query
        assert "Traceback" not in server.log()
