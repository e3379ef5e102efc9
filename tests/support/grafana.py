"""Asks a Prometheus what the Grafana page asks, its variables filled in as Grafana does it: there is no Grafana to be
had as a package.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tests.support.stack import ROOT

FILE = ROOT / "deploy/grafana/dashboards/claude-code.json"
BOARD = json.loads(FILE.read_text())
ROWS = [panel for panel in BOARD["panels"] if panel["type"] == "row"]
GROUPS = [BOARD["panels"], *(row["panels"] for row in ROWS if row["collapsed"])]
"""What is seen at first, and what each row that is closed holds."""
EVERYTHING = [panel for group in GROUPS for panel in group]
PANELS = [panel for panel in EVERYTHING if "targets" in panel]
DAY_S = 86_400
UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}
WIDE = 720
"""Points that a graph has room for."""

Row = tuple[dict[str, str], list[float]]


def seconds(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def named(title: str) -> Any:
    (panel,) = (panel for panel in PANELS if panel["title"] == title)
    return panel


class Page(NamedTuple):
    """The page that shows the last `shown` seconds before `end` (unix s)."""

    client: httpx.Client
    end: float
    shown: int = DAY_S

    def get(self, path: str, **form: Any) -> Any:
        answer = self.client.post(path, data=form) if path.startswith("query") else self.client.get(path, params=form)
        assert answer.status_code == httpx.codes.OK, f"{answer.text}\n{form}"
        return answer.json()["data"]

    def found(self) -> dict[str, str]:
        """The values of the variables that Grafana asks for at each refresh."""
        values = {}
        for variable in BOARD["templating"]["list"]:
            if variable["type"] == "query" and variable["refresh"] == 2:
                question = re.fullmatch(r"query_result\((.*)\)", variable["query"]["query"])
                assert question, variable["query"]
                query = _filled(question[1], {"__range": f"{self.shown}s", "__range_s": str(self.shown)})
                (row,) = self.get("query", query=query, time=self.end)["result"]
                text = "{" + ",".join(f'{name}="{value}"' for name, value in row["metric"].items()) + "}"
                pattern = variable["regex"].strip("/").replace("(?<", "(?P<")
                values[variable["name"]] = re.search(pattern, text)["value"]  # type: ignore[index]
        return values

    def rows(self, panel: Any, target: Any, variables: Mapping[str, str]) -> list[Row]:
        """[(labels, [value ...]) ...] without those that are not a number."""
        shown = seconds(panel["timeFrom"]) if panel.get("timeFrom") else self.shown
        step = max(seconds(panel.get("interval", "15s")), shown // WIDE // 60 * 60)
        words = {
            "__range": f"{shown}s", "__range_s": str(shown), "__interval_ms": str(1000 * step),
            "__interval": f"{step}s", "__from:date:seconds": f"{self.end - shown:.0f}", **variables,
        }  # fmt: skip
        query, end = _filled(target["expr"], words), self.end
        if target["instant"]:
            data = self.get("query", query=query, time=end)
            found = [(row["metric"], [row["value"]]) for row in data["result"]]
        else:
            end = end // step * step
            data = self.get("query_range", query=query, start=end - shown, end=end, step=step)
            found = [(row["metric"], row["values"]) for row in data["result"]]
        rows = [(labels, [float(value) for _, value in points if value != "NaN"]) for labels, points in found]
        return [(labels, values) for labels, values in rows if values]

    def refresh(self, chosen: Mapping[str, str], forced: Mapping[str, str]) -> dict[str, float]:
        """All that is asked while the rows that are closed are; title -> seconds of each panel's questions. `forced`:
        variables that are not as they were found.
        """
        took = {}
        words = {**chosen, **self.found(), **forced}
        for panel in BOARD["panels"]:
            began = time.perf_counter()
            for target in panel.get("targets", []):
                self.rows(panel, target, words)
            took[panel["title"]] = time.perf_counter() - began
        return took


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\$\{([\w:]+)\}|\$([a-z]\w*|__\w+)", lambda found: words[found[1] or found[2]], text)
