"""The HTTP sink as a client sees it, and `/metrics` as Prometheus' own promtool judges it."""

import asyncio
import json
import shutil
import socket
import subprocess
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gauge_mqtt.contract.usage import KEYS, Usage, json_schema
from gauge_mqtt.sinks.http import server as http
from gauge_mqtt.sinks.http.metrics import exposition
from tests.support.http_sink import OWN, serving, sink
from tests.support.mqtt import usage
from tests.support.waiting import Stopwatch, eventually
from tests.vectors.propose import paths

pytestmark = pytest.mark.anyio
BUSY = usage(
    rate_1m=1234.5, window_5h_tokens=41_300_000, window_5h_pct=0.413, last_model="opus", hot=True, idle=False,
    window_5h_resets_at=datetime(2026, 1, 2, 5, tzinfo=UTC), warn_reasons=("cache",), needle_tach=0,
)  # fmt: skip


async def test_usage_is_the_snapshot_byte_for_byte() -> None:
    served = sink()
    async with serving(served) as client:
        for shown in (BUSY, usage(), BUSY):
            served.show(shown, (), beat=False)
            answer = await client.get("/usage")
            assert answer.status_code == 200
            assert answer.content == shown.to_json()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_every_vector_is_served_as_it_stands() -> None:
    """On `/usage` and as an event; a display that polls makes needles and lamps of these very keys."""
    served = sink()
    async with serving(served) as client, client.stream("GET", "/events") as stream:
        lines = stream.aiter_lines()
        for path in paths():
            vector = json.loads(path.read_text())
            served.show(Usage.model_validate(vector["usage"]), (), beat=False)
            assert (await client.get("/usage")).json() == vector["usage"], path.stem
            event = await anext(line async for line in lines if line.startswith("data: "))
            assert json.loads(event.removeprefix("data: ")) == vector["usage"], path.stem


async def test_before_the_first_snapshot_usage_is_null() -> None:
    async with serving(sink()) as client:
        assert (await client.get("/usage")).json() is None


async def test_unknown_is_null_and_never_missing() -> None:
    served = sink()
    served.show(usage(), (), beat=False)
    async with serving(served) as client:
        body = (await client.get("/usage")).json()
    assert list(body) == list(KEYS)
    assert body["rate_1m"] is None


async def test_the_schema_is_that_of_the_contract() -> None:
    async with serving(sink()) as client:
        answer = await client.get("/usage/schema")
    assert answer.json() == json.loads(json.dumps(json_schema()))
    assert answer.headers["content-type"] == "application/schema+json"


@pytest.mark.parametrize(("ok", "status"), [(True, 200), (False, 503)])
async def test_health_is_a_status_and_an_explanation(ok: bool, status: int) -> None:  # noqa: FBT001, a column
    async with serving(sink(ok=ok)) as client:
        answer = await client.get("/healthz")
    assert answer.status_code == status
    assert answer.json() == {"ok": ok, "source": {"age_s": 1.5}}


async def test_head_says_what_get_would() -> None:
    served = sink()
    served.show(BUSY, (), beat=False)
    async with serving(served) as client:
        for path in ("/usage", "/usage/schema", "/healthz", "/metrics"):
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (200, b""), path
            assert int(answer.headers["content-length"]) == len((await client.get(path)).content), path


async def test_there_is_nothing_else_and_nothing_to_write() -> None:
    async with serving(sink()) as client:
        for path in ("/usage/x", "/docs", "/..%2f..%2fetc/passwd", "/static/cluster.js", "/server.py"):
            assert (await client.get(path)).status_code == 404, path
        for verb in ("POST", "PUT", "DELETE", "OPTIONS"):
            for path in ("/usage", "/events", "/"):
                assert (await client.request(verb, path)).status_code == 405, (verb, path)


async def test_metrics_of_a_busy_day() -> None:
    served = sink()
    served.show(BUSY, (), beat=False)
    async with serving(served) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert samples["claude_gauge_rate_1m"] == "1234.5"
    assert samples["claude_gauge_window_5h_tokens"] == "41300000"
    assert samples["claude_gauge_window_5h_pct_ratio"] == "0.413"
    assert samples["claude_gauge_hot"] == "1"
    assert samples["claude_gauge_idle"] == "0"
    assert samples["claude_gauge_needle_tach"] == "0"
    assert samples["claude_gauge_window_5h_resets_at_timestamp_seconds"] == "1767330000.000"
    assert samples["claude_gauge_source_records_total"] == "7"
    assert samples['claude_gauge_source_up{source="ccusage"}'] == "0"
    assert "claude_gauge_warn" not in samples, "unknown is no sample, never 0"


async def test_metrics_before_the_first_snapshot_are_those_of_the_publisher() -> None:
    async with serving(sink()) as client:
        text = (await client.get("/metrics")).text
    assert "claude_gauge_mqtt_connected 1" in text
    assert "claude_gauge_info" not in text


def promtool(text: bytes) -> list[str]:
    """Its complaints, but for the one about the word that this product is called by."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool here")
    done = subprocess.run([program, "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert done.returncode in {0, 3}, done.stderr.decode()  # 3: lint
    return [line for line in done.stderr.decode().splitlines() if "should not include type 'gauge'" not in line]


def full_house() -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, prop in json_schema()["properties"].items():
        kinds = {part.get("type"): part for part in prop.get("anyOf", [prop])}
        if "integer" in kinds or "number" in kinds:
            known[key] = 1
        elif "boolean" in kinds:
            known[key] = True
        elif kinds.get("string", {}).get("format") == "date-time":
            known[key] = datetime(2026, 1, 2, tzinfo=UTC)
        elif options := kinds.get("string", {}).get("enum"):
            known[key] = options[0]
    for given in ("schema", "updated_at", "instance", "source"):
        known.pop(given, None)
    return known


async def test_promtool_has_nothing_against_any_metric() -> None:
    text = exposition(usage(**full_house(), last_model="opus"), OWN, "1.0")
    assert text.count(b"# TYPE") > 25
    assert promtool(text) == []


async def test_a_label_may_hold_anything() -> None:
    odd = 'a"b\\c\nd, e="f"} 1'
    text = exposition(usage(last_model=odd), [], "1.0")
    assert promtool(text) == []
    assert r'last_model="a\"b\\c\nd, e=\"f\"} 1"' in text.decode()


async def test_a_taken_port_is_told_and_served_once_it_is_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http, "RETRY_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        served = sink(port)
        served.show(BUSY, (), beat=False)
        task = asyncio.create_task(served.run())
        await eventually(lambda: "another program has that port" in served.health.detail)
        assert f"127.0.0.1:{port}" in served.health.detail
        await asyncio.sleep(3 * http.RETRY_S)  # it tries again, and does not repeat itself
    try:
        await eventually(lambda: served.health.ok)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/usage")).content == BUSY.to_json()
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert sum("another program" in record.message for record in caplog.records) == 1


async def test_an_address_that_is_not_ours_is_told() -> None:
    served = sink(host="192.0.2.1")
    task = asyncio.create_task(served.run())
    try:
        await eventually(lambda: "cannot listen on 192.0.2.1:0" in served.health.detail)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_it_listens_on_ipv6_too() -> None:
    served = sink(host="::1")
    task = asyncio.create_task(served.run())
    try:
        await eventually(lambda: served.health.detail != "not listening yet")
        if "Cannot assign" in served.health.detail:
            pytest.skip("no IPv6 here")
        url = served.health.detail.removeprefix("listening on ")
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/healthz")).status_code == 200
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_slow_client_does_not_hold_the_end_up() -> None:
    served = sink()
    async with serving(served) as client:
        host, port = client.base_url.host, client.base_url.port
        _, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /usage HTTP/1.1\r\nHost: x\r\n")  # and never its last line
        await writer.drain()
        watch = Stopwatch()
    assert watch.seconds < 1.8
    writer.close()
