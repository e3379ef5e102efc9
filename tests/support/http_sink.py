"""A running HTTP sink and a client of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gauge_mqtt.contract.health import Metric
from gauge_mqtt.sinks.http.server import HttpSink
from tests.support.waiting import eventually

OWN = [
    Metric("source_records_total", "counter", "usage records read", 7),
    Metric("mqtt_connected", "gauge", "broker", 1),
    Metric("source_up", "gauge", "readable", 1, '{source="jsonl"}'),
    Metric("source_up", "gauge", "readable", 0, '{source="ccusage"}'),
]


def sink(port: int = 0, *, ok: bool = True, host: str = "127.0.0.1", **how: Any) -> HttpSink:
    return HttpSink(host, port, lambda: {"ok": ok, "source": {"age_s": 1.5}}, lambda: OWN, **how)


@asynccontextmanager
async def serving(served: HttpSink) -> AsyncIterator[httpx.AsyncClient]:
    task = asyncio.create_task(served.run())
    try:
        await eventually(lambda: served.health.ok or task.done())
        async with httpx.AsyncClient(base_url=served.health.detail.removeprefix("listening on ")) as client:
            yield client
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
