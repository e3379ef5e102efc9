"""`GET /insights`, `?period=week` or `month`, and its schema."""

import json
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gauge_mqtt.contract.insights import PERIODS, Insights, Period, json_schema

OFF = "insights are off: start the publisher with CLAUDE_GAUGE_INSIGHTS=1\n"
PLAIN = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class InsightRoutes:
    """`told`: what is served now, `None` while insights are off, empty until they are known."""

    def __init__(self, told: Callable[[], Mapping[Period, Insights] | None]) -> None:
        self._told = told
        self._schema = json.dumps(json_schema()).encode()

    @property
    def routes(self) -> list[Route]:
        return [Route("/insights", self._insights), Route("/insights/schema", self._schema_page)]

    async def _insights(self, request: Request) -> Response:
        period = request.query_params.get("period", "day")
        told = self._told()
        if told is None:
            return Response(OFF, 404, media_type="text/plain", headers=PLAIN)
        if period not in PERIODS:
            allowed = f"period is one of {', '.join(PERIODS)}\n"
            return Response(allowed, 400, media_type="text/plain", headers=PLAIN)
        found = next((insights for name, insights in told.items() if name == period), None)
        return Response(found.to_json() if found else b"null", media_type="application/json", headers=PLAIN)

    async def _schema_page(self, _: Request) -> Response:
        return Response(self._schema, media_type="application/schema+json", headers=PLAIN)
