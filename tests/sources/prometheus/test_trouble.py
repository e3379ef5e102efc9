"""What can go wrong between the source and Prometheus: it is told in words, nothing is guessed, and it ends."""

import asyncio
import contextlib
import json
import logging
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.prometheus import api as prom_api
from gauge_mqtt.sources.prometheus.api import PromApi, Server
from gauge_mqtt.sources.prometheus.copies import copies_of
from gauge_mqtt.sources.prometheus.queries import Series
from gauge_mqtt.sources.prometheus.services import others_of
from gauge_mqtt.sources.prometheus.source import PrometheusSource
from tests.support.brokers import HOST, free_port
from tests.support.certificates import authority, certificate
from tests.support.prom_history import NAMES, OPUS
from tests.support.prom_lab import (
    PASSWORD,
    USER,
    WEB_AUTH,
    WEB_TLS,
    FakeServer,
    Prometheus,
    prometheus_server,
    running,
    short_periods,
    source_on,
)
from tests.support.stand_in import serving
from tests.support.waiting import BUSY_FACTOR, PATIENCE_S, eventually

__all__ = ["short_periods"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("short_periods")]
SPENT = 700
LABELS = f'model="{OPUS}",query_source="main",session_id="a",type="output"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prometheus]:
    """It knows of one response, two hours ago."""
    with prometheus_server(tmp_path / "prometheus") as server:
        server.backfill({(NAMES["collector"][0], LABELS): [(time.time() - 7200, SPENT)]})
        yield server


def read(source: PrometheusSource) -> Reading:
    return source.read(datetime.now(UTC))


def spent(source: PrometheusSource) -> int | None:
    window = read(source).window_7d
    return window.tokens if window else None


async def failure(source: PrometheusSource) -> str:
    await source.load()
    reading = read(source)
    assert (reading.rate_tokens, reading.window_5h, reading.window_7d, reading.cache) == (None, None, None, None)
    assert reading.failing_since
    assert not source.health.ok
    assert reading.failure
    return reading.failure


async def well(source: PrometheusSource) -> bool:
    await source.load()
    return source.failure is None and spent(source) == SPENT


def vector(*values: str) -> bytes:
    rows = [{"metric": {"fact": "now"}, "value": [1.0, value]} for value in values]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": rows}}).encode()


NAMED = json.dumps({"status": "success", "data": [NAMES["collector"][0]]}).encode()
ANSWERS = {
    "html": (b"<html><h1>Welcome to nginx!</h1></html>", 200, "is no Prometheus API, it answers: '<html><h1>Welcome"),
    "other json": (b'{"detail":"hello"}', 200, "is no Prometheus API"),
    "half an answer": (NAMED[:-9], 200, "is no Prometheus API"),
    "deep": (b'{"data":' + b"[" * 100_000, 200, "is no Prometheus API"),
    "nobody": (
        b"404 page not found",
        404,
        "answers 404: '404 page not found'; is that the address of Prometheus itself?",
    ),
    "login": (b"", 302, "is there a login page in front of it?"),
    "refused": (b"", 403, "refuses our credentials (403): check the user, password or token"),
    "broken": (b"<h1>Bad Gateway</h1>", 502, "answers 502: '<h1>Bad Gateway</h1>'"),
    "its own error": (
        b'{"status":"error","errorType":"execution","error":"query timed out"}',
        503,
        "503: query timed out",
    ),
    "too large": (b" " * (prom_api.ANSWER_MAX + 1), 200, "answers with more than 4 MB"),
    "no names": (b'{"status":"success","data":[]}', 200, "has no token counter of Claude Code"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_that_cannot_be_used_is_told_in_words(name: str) -> None:
    body, status, words = ANSWERS[name]
    async with FakeServer(body, status) as fake:
        assert words in await failure(source_on(fake.url))


@pytest.mark.parametrize("value", ["NaN", "+Inf", "many"])
async def test_a_sum_that_is_no_number_is_not_zero(value: str) -> None:
    async with FakeServer(vector(value)) as fake:
        api = PromApi(Server(url=fake.url))
        with pytest.raises(prom_api.PromError, match="instead of a number"):
            await api.query("vector(1)")
        await api.close()


async def test_parts_that_are_left_out_are_not_zero() -> None:
    async with FakeServer(b'{"status":"success","data":{"resultType":"vector","result":[]}}') as fake:
        source = source_on(fake.url)
        with pytest.raises(prom_api.PromError, match="leaves out parts of our question"):
            await source.facts.ask("vector(1)")
        await source.load()


async def test_an_answer_that_warns_of_what_is_missing_is_no_answer() -> None:
    """As Thanos warns, and Prometheus with a remote storage. Of names it would tell less likewise."""
    body = json.loads(vector("1")) | {"warnings": ["PromQL info: of no matter", "store east: deadline exceeded"]}
    for found in (body, body | {"data": []}):
        async with FakeServer(json.dumps(found).encode()) as fake:
            api = PromApi(Server(url=fake.url))
            with pytest.raises(prom_api.PromError, match="answers in part only: store east: deadline exceeded"):
                await (api.query("vector(1)") if found is body else api.values("__name__", "{}"))
            await api.close()


@pytest.mark.parametrize("told", [{"warnings": ["store east: deadline exceeded"]}, {"isPartial": True}])
async def test_of_names_series_and_services_a_part_is_no_answer_either(told: dict[str, Any]) -> None:
    """Else copies would be counted, or other programs, for as long as nobody looks again."""
    async with FakeServer(json.dumps({"status": "success", "data": []} | told).encode()) as fake:
        facts, tokens = source_on(fake.url).facts, Series(NAMES["collector"][0])
        for question in (facts.names("x", ""), others_of(facts, tokens, ()), copies_of(facts, tokens, None)):
            with pytest.raises(prom_api.PartError, match="answers in part only"):
                await question
        await facts.api.close()


async def test_a_thanos_whose_store_is_away_is_not_believed() -> None:
    """It leaves out what that one knows, without a word, from some seconds after it went."""
    for error in (None, "connection refused"):
        now = {"metric": {"fact": "now"}, "value": [1.0, "1"]}
        body = {"status": "success", "data": {"result": [now], "sidecar": [{"name": "east:10901", "lastError": error}]}}
        async with FakeServer(json.dumps(body).encode()) as fake:
            facts = source_on(fake.url).facts
            assert "now" in await facts.ask("vector(1)"), "nobody knows yet that it is one"
            await facts.look_for_stores()
            for question in (facts.ask("vector(1)"), facts.ask_range("vector(1)", 0, 2, 1)):
                with (
                    pytest.raises(prom_api.PromError, match="east:10901 is away") if error else contextlib.nullcontext()
                ):
                    await question
            await facts.api.close()


async def test_a_warning_about_the_question_is_none() -> None:
    body = json.loads(vector("1")) | {"warnings": ["PromQL info: metric might not be a counter"]}
    async with FakeServer(json.dumps(body).encode()) as fake:
        api = PromApi(Server(url=fake.url))
        assert [sample.value for sample in await api.query("vector(1)")] == [1]
        await api.close()


async def test_nobody_there_and_no_such_host() -> None:
    assert "connection refused by" in await failure(source_on(f"http://{HOST}:{free_port()}"))
    assert "no such host: nowhere.invalid" in await failure(source_on("http://nowhere.invalid:9090"))


async def test_a_slow_server_is_given_up_even_if_it_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prom_api, "TIMEOUT_S", 0.5)

    over = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n")
        try:
            while not reader.at_eof():
                writer.write(b" ")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.05)
        finally:
            over.set()

    async with asyncio.timeout(PATIENCE_S), serving(trickle) as port:
        assert "does not answer within 0.5 s" in await failure(source_on(f"http://{HOST}:{port}"))
        await over.wait()


async def test_basic_auth(server: Prometheus) -> None:
    server.start(web=WEB_AUTH)
    assert await well(source_on(server.url, username=USER, password=PASSWORD))
    for how in ({}, {"username": USER, "password": "wrong"}, {"token": "abc"}):
        assert "refuses our credentials (401)" in await failure(source_on(server.url, **how))


async def test_user_and_password_in_the_address_work_and_are_never_shown(server: Prometheus) -> None:
    server.start(web=WEB_AUTH)
    good, bad = (f"http://{USER}:{word}@{HOST}:{server.port}" for word in (PASSWORD.replace(" ", "%20"), "wrong"))
    source = source_on(good)
    assert await well(source)
    assert source.health.detail == server.url
    words = await failure(source_on(bad))
    assert words.startswith(server.url)
    assert "wrong" not in words
    assert PASSWORD not in repr(Server(url=server.url, username=USER, password=PASSWORD, token="abc"))  # noqa: S106


async def test_a_bearer_token_is_sent(tmp_path: Path) -> None:
    async with FakeServer(NAMED) as fake:
        await source_on(fake.url, token="abc", ca_file=tmp_path / "unused").load()  # noqa: S106
        assert "authorization: bearer abc" in fake.requests[0].lower()


async def test_further_headers_are_sent_and_never_shown() -> None:
    """The tenant of Mimir or of a VictoriaMetrics cluster, and whatever a proxy in front wants."""
    headers = (("X-Scope-OrgID", "7"), ("X-Key", "s3cr3t key"))
    async with FakeServer(b"tenant 7 with s3cr3t key is unknown, not one of 17", 500) as fake:
        server = Server(url=fake.url, headers=headers)
        source = PrometheusSource(PromApi(server))
        words = await failure(source)
        assert "x-scope-orgid: 7\r\n" in fake.requests[0].lower()
        assert "tenant *** with *** is unknown, not one of 17" in words
        assert "s3cr3t" not in repr(server)


async def test_tls_with_an_authority_of_its_own(server: Prometheus) -> None:
    ca = authority(server.directory, "ca")
    certificate(server.directory, "server", "ca", f"IP:{HOST}")
    server.start(web=WEB_TLS)
    assert await well(source_on(server.url, ca_file=ca))
    for how in ({}, {"ca_file": authority(server.directory, "stranger")}):
        words = await failure(source_on(server.url, **how))
        assert f"the certificate of {server.url} is not trusted" in words
        assert "CLAUDE_GAUGE_PROM_CA_FILE" in words
    lost = server.directory / "lost.pem"
    assert f"cannot read {lost}" in await failure(source_on(server.url, ca_file=lost))
    assert "not trusted" not in await failure(source_on(server.url.replace("https", "http")))


async def test_tls_to_a_port_without_it(server: Prometheus) -> None:
    server.start()
    assert "is this its TLS port?" in await failure(source_on(server.url.replace("http", "https")))


async def test_a_selector_that_is_none_is_told_in_the_words_of_prometheus(server: Prometheus) -> None:
    server.start()
    assert "parse error" in await failure(source_on(server.url, "host_name"))


async def test_frozen_then_thawed_then_restarted(
    server: Prometheus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The windows stay, with their age; the rate is unknown at once; all is right again when it is back."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(prom_api, "TIMEOUT_S", 1.0)
    server.start()
    async with running(source_on(server.url)) as source:
        await eventually(lambda: spent(source) == SPENT)
        for trouble, relief, words in (
            (server.freeze, server.thaw, "does not answer within 1 s"),
            (server.stop, server.again, "connection refused"),
            (lambda: server.stop(signal.SIGKILL), server.again, "connection refused"),
        ):
            await asyncio.to_thread(trouble)
            await eventually(lambda words=words: words in (source.failure or "") and read(source).rate_tokens is None)
            reading, known_at = read(source), read(source).observed_at
            assert reading.cache is None
            assert (spent(source), reading.model) == (SPENT, OPUS)
            assert known_at
            assert reading.failing_since
            assert reading.failing_since >= known_at
            await asyncio.to_thread(relief)
            await eventually(
                lambda known_at=known_at: source.failure is None and read(source).observed_at != known_at,
                BUSY_FACTOR * 5,
            )
            assert read(source).rate_tokens == 0
            assert read(source).failing_since is None
    assert caplog.text.count("prometheus answers again") == 3
    assert source.metrics()[1].value >= 3


async def test_another_server_on_its_port_for_a_while(server: Prometheus) -> None:
    """A proxy in front says 500, 502 or a page of its own while Prometheus restarts."""
    server.start()
    async with running(source_on(server.url)) as source:
        await eventually(lambda: spent(source) == SPENT)
        await asyncio.to_thread(server.stop)
        fake = FakeServer(b"<h1>Internal Server Error</h1>", 500)
        fake.port = server.port
        async with fake:
            await eventually(lambda: "answers 500" in (source.failure or ""))
            fake.status = 200
            await eventually(lambda: "is no Prometheus API" in (source.failure or ""))
            assert spent(source) == SPENT
        await asyncio.to_thread(server.again)
        await eventually(lambda: source.failure is None)


async def test_a_server_that_came_back_empty_is_unknown_and_not_zero(server: Prometheus) -> None:
    server.start()
    async with running(source_on(server.url)) as source:
        await eventually(lambda: spent(source) == SPENT)
        await asyncio.to_thread(server.stop)
        (server.directory / "data").rename(server.directory / "lost")
        await asyncio.to_thread(server.again)
        await eventually(lambda: "has no token counter" in (source.failure or ""))
        assert (read(source).rate_tokens, spent(source)) == (None, SPENT)


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_clock_that_differs_is_allowed_for_and_told(
    server: Prometheus, hours: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.start()
    source, off = source_on(server.url), timedelta(hours=hours)
    monkeypatch.setattr(source.facts, "now", lambda: datetime.now(UTC) + off)
    await source.load()
    reading = source.read(datetime.now(UTC) + off)
    assert reading.window_5h
    assert reading.window_5h.tokens == SPENT
    assert reading.model_at
    assert abs((datetime.now(UTC) + off - reading.model_at).total_seconds() - 7200) < 120
    assert caplog.text.count("differs from ours by") == 1
