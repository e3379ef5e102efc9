"""Make the pictures of the pages in docs/images anew, from the real ones in a real browser: the cluster with the tape
of hard work, the insights with a week that is made up.

.venv/bin/python -m tests.sinks.http.shots

The browser's clock is that of the tape, so that the same pictures come out at any time.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from gauge_mqtt.contract.insights import KEYS, Insights
from gauge_mqtt.sinks.http.pages import STATIC
from tests.support.browser import Tab
from tests.support.http import ServedSink
from tests.support.tapes import AT_WORK, last_snapshot

IMAGES = Path(__file__).resolve().parents[3] / "docs/images"
CLUSTER = "document.querySelector('claude-gauge-cluster')"

WEEK = {
    "tokens": 187_412_306, "tokens_opus": 141_330_918, "tokens_sonnet": 38_204_417, "tokens_haiku": 7_876_971,
    "tokens_other": 0, "responses": 2_164, "cache_hit_rate": 0.9614, "cogitation_index": 0.318, "web_searches": 23,
    "web_fetches": 41, "cost_usd": 96.18, "cost_session_usd": 3.7, "cost_month_usd": 371.42,
    "cost_projected_month_usd": 398.9, "cost_coverage": 0.973, "cache_savings_usd": 611.37,
    "cost_by_family": {"opus": 83.02, "sonnet": 12.31, "haiku": 0.85}, "sessions": 27, "session_minutes": 38.4,
    "session_minutes_longest": 312.0, "session_lengths": {
        "under_5_min": 4, "under_15_min": 3, "under_1_h": 11, "under_3_h": 7, "longer": 2,
    }, "hours": (14, 0, 0, 0, 0, 0, 0, 21, 138, 243, 271, 196, 62, 148, 231, 254, 187, 96, 31, 24, 88, 96, 49, 15),
    "streak_days": 11, "streak_longest_days": 23, "nights_through": 0, "work_minutes": 1_034.0,
    "think_minutes": 462.0, "work_share": 0.6912,
    "stop_reasons": {"tool_use": 1_702, "end_turn": 431, "none": 22, "max_tokens": 6, "stop_sequence": 3},
    "max_tokens_stops": 6, "tools_per_response": 0.98, "tools_parallel": 1.25, "tool_calls": 2_121,
    "tools": {"Bash": 812, "Read": 467, "Edit": 391, "Grep": 158, "Write": 84, "TodoWrite": 71, "Agent": 52, "mcp": 47,
              "WebFetch": 21, "Glob": 18},
    "executables": {"git": 214, "pytest": 147, "ls": 81, "rg": 76, "python3": 64, "npm": 52, "./script": 49,
                    "other": 43, "sed": 38, "cat": 31, "curl": 17},
    "file_reads": 467, "file_edits": 391, "file_writes": 84, "reads_per_session": 17.3, "edits_per_session": 14.48,
    "writes_per_session": 3.11, "files_touched": 203, "hottest_file_touches": 41, "lines_added": 6_318,
    "lines_removed": 2_204, "subagents": 52, "sidechain_share": 0.142,
    "projects": {"9f3c21b7": 104_116_230, "41d08e5a": 61_902_114, "c07b6612": 21_393_962}, "top_project_share": 0.5555,
    "projects_active_7d": 3, "projects_dormant": 5, "permission_denials": 19, "permission_denial_rate": 0.009,
    "api_errors": 4, "interruptions": 26, "file_snapshots": 318, "file_snapshots_per_session": 11.78, "prompts": 402,
    "em_dashes": 1_207, "em_dashes_per_response": 0.56, "thank_yous": 37, "thank_you_rate": 0.092, "phrase_hits": 3,
    "commits": 58, "lines_changed": 7_940, "commits_per_million_tokens": 0.31, "lines_per_million_tokens": 42.37,
    "series_rho": -0.42, "series_rho_low": -0.71, "series_rho_high": 0.01, "series_days": 28, "days_kept": 61,
}  # fmt: skip
"""Made up; what can be added up is."""


def insights() -> None:
    assert WEEK.keys() == KEYS.keys()
    week = Insights(date(2026, 11, 22), date(2026, 11, 28), datetime(2026, 11, 28, 12, tzinfo=UTC), WEEK)
    with ServedSink(insights=True) as served, Tab(width=1280, height=900) as tab:
        served.tell({"week": week})
        tab.go(f"{served.url}/insights.html?period=week")
        tab.becomes("document.querySelectorAll('#groups section').length > 3")
        tab.resize(1280, tab.value("document.documentElement.scrollHeight"))
        (IMAGES / "insights.png").write_bytes(tab.screenshot())


def icons() -> None:
    """The icon for home screens that take no SVG, to the edge: they cut its corners themselves."""
    svg = (STATIC / "icon.svg").read_text(encoding="utf-8")
    for size in (180, 512):
        with Tab(width=900, height=900) as tab:
            tab.value(f"document.body.innerHTML = {json.dumps(svg)}")
            style = f"margin: 0; width: {size}px; height: {size}px; background: #3a3a3c"
            tab.value(f"document.body.style.cssText = '{style}'")
            tab.resize(size, size)
            tab.do("Emulation.setDeviceMetricsOverride", width=size, height=size, deviceScaleFactor=1, mobile=False)
            (STATIC / f"icon-{size}.png").write_bytes(tab.screenshot())


def main() -> None:
    icons()
    insights()
    usage = last_snapshot(AT_WORK).model_copy(update={"source": "jsonl+quota"})  # whose readings it holds
    clock = f"Date.now = () => {usage.updated_at.timestamp() * 1000:.0f};"
    with ServedSink() as served:
        served.show(usage)
        for theme in ("light", "dark"):
            with Tab(width=1120, height=640, dark=theme == "dark", scale=1.5) as tab:
                tab.do("Page.addScriptToEvaluateOnNewDocument", source=clock)
                tab.do("Emulation.setTimezoneOverride", timezoneId="UTC")
                tab.go(served.url)
                tab.becomes(f"{CLUSTER}?.usage")
                (IMAGES / f"cluster-{theme}.png").write_bytes(tab.screenshot())


if __name__ == "__main__":
    main()
