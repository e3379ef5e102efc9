"""The second contract: every key of the insights, each spelled here and nowhere else. Pure.

`Insights` is what `GET /insights` says and what stands on the topics `claude_gauge/<instance>/insights/<key>`: counts
and ratios about a span of the user's local days, never a text, a path or a name. The names within the values are those
of the lists in `core/insights/names.py`, of families and of buckets; the rest is `other`. Unknown is `None` (JSON
`null`), never 0.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from gauge_mqtt.contract.keyspec import KeySpec
from gauge_mqtt.contract.usage import iso

INSIGHTS_VERSION = 1
"""Raised when a key is added; none ever changes its meaning."""

Period = Literal["day", "week", "month"]
PERIODS: dict[Period, int] = {"day": 1, "week": 7, "month": 30}
"""Spans of local days that end with the last day asked for."""
DORMANT_DAYS = 30
"""A project without a response for that long is dormant."""
SERIES_DAYS = 14
"""A correlation over fewer days is not told."""
REPEAT_S = 300
"""Seconds after which all values are said again; what does not change for long needs no heartbeat."""
EXPIRE_S = 3 * REPEAT_S
HOURS = 24
OTHER = "other"
LENGTHS = ("under_5_min", "under_15_min", "under_1_h", "under_3_h", "longer")
"""How long sessions lasted, in the order of `session_lengths`."""
ORDERED = frozenset({"session_lengths"})
"""Maps whose names have an order of their own."""
BARE_MAX = 160
"""Bytes of a map or a profile on its topic: with the longest topic below 256."""

Value = int | float | str | tuple[int, ...] | Mapping[str, float] | None
Kind = Literal["count", "number", "balance", "ratio", "correlation", "counts", "profile"]
"""What a value is: an integer, a number, one that may be negative, 0..1, -1..1, name -> number, one number an hour."""


class InsightKey(NamedTuple):
    """One key: its facets as those of the snapshot, and what kind of value it has."""

    kind: Kind
    spec: KeySpec


def _count(label: str, about: str, icon: str, *, unit: str | None = None, enabled: bool = False) -> InsightKey:
    """What happened in the span. It rises through the day and starts again at midnight, as `total_increasing` may."""
    return InsightKey(
        "count",
        KeySpec(
            label=label, about=about, icon=icon, unit=unit, state_class="total_increasing", precision=0,
            enabled_by_default=enabled,
        ),
    )  # fmt: skip


def _level(
    label: str, about: str, icon: str, *, unit: str | None = None, precision: int = 0, kind: Kind = "count",
    enabled: bool = False, known: bool = False,
) -> InsightKey:  # fmt: skip
    """What also falls."""
    return InsightKey(
        kind,
        KeySpec(
            label=label, about=about, icon=icon, unit=unit, state_class="measurement", precision=precision,
            enabled_by_default=enabled, when_known=known,
        ),
    )  # fmt: skip


def _ratio(label: str, about: str, icon: str, *, enabled: bool = False, known: bool = False) -> InsightKey:
    return _level(label, about, icon, unit="ratio", kind="ratio", enabled=enabled, known=known)


def _per(label: str, about: str, icon: str, *, known: bool = False) -> InsightKey:
    return _level(label, about, icon, precision=2, kind="number", known=known)


def _usd(label: str, about: str, *, enabled: bool = False) -> InsightKey:
    return _level(
        label, about, "mdi:cash", unit="USD", precision=2, kind="number", enabled=enabled, known=True
    )  # fmt: skip


def _minutes(label: str, about: str, icon: str, *, enabled: bool = False) -> InsightKey:
    return _level(label, about, icon, unit="min", kind="number", enabled=enabled)


def _counts(label: str, about: str, icon: str, *, known: bool = False) -> InsightKey:
    return InsightKey(
        "counts", KeySpec(label=label, about=about, icon=icon, enabled_by_default=False, when_known=known)
    )


KEYS: dict[str, InsightKey] = {
    # tokens
    "tokens": _count("Tokens", "tokens of the span, cache reads included", "mdi:counter", unit="tok", enabled=True),
    "tokens_opus": _count("Tokens Opus", "of these the Opus family's", "mdi:robot", unit="tok"),
    "tokens_sonnet": _count("Tokens Sonnet", "of these the Sonnet family's", "mdi:robot", unit="tok"),
    "tokens_haiku": _count("Tokens Haiku", "of these the Haiku family's", "mdi:robot", unit="tok"),
    "tokens_other": _count("Tokens other models", "of these all other models'", "mdi:robot", unit="tok"),
    "responses": _count("Responses", "answers of a model, each counted once", "mdi:message-reply-text"),
    "cache_hit_rate": _ratio("Cache hit rate", "cacheRead / (input + cacheRead + cacheCreation)", "mdi:cached"),
    "cogitation_index": _ratio(
        "Cogitation index", "thinking tokens / output tokens, of responses that report it", "mdi:head-cog", enabled=True
    ),
    "web_searches": _count("Web searches", "searches that the server made", "mdi:web"),
    "web_fetches": _count("Web fetches", "pages that the server fetched", "mdi:web"),
    # cost, as Claude Code's own bills tell it
    "cost_usd": _usd("Cost", "list price that Claude Code told at the end of sessions, that day", enabled=True),
    "cost_session_usd": _usd("Cost per session", "mean cost of the sessions that told one in the span"),
    "cost_month_usd": _usd("Cost this month", "cost since the first of the month of the last day"),
    "cost_projected_month_usd": _usd(
        "Cost projected month", "cost this month, and its days to come at the mean of the last 14 days"
    ),
    "cost_coverage": _ratio("Cost coverage", "tokens that bills of the span name / tokens of the span", "mdi:receipt",
                            known=True),
    "cost_by_family": _counts("Cost by family", "cost of the span by family of model, USD", "mdi:cash-multiple",
                              known=True),
    "cache_savings_usd": _level(
        "Cache savings", "what the billed tokens would have cost more without a cache, at the prices in the bills",
        "mdi:piggy-bank", unit="USD", precision=2, kind="balance", known=True,
    ),
    # rhythm
    "sessions": _count("Sessions", "sessions with a response in the span", "mdi:console", enabled=True),
    "session_minutes": _minutes("Session length", "median length of a session on a day, first to last response",
                                "mdi:timer-outline"),
    "session_minutes_longest": _minutes("Session longest", "the longest of these", "mdi:timer-outline"),
    "session_lengths": _counts("Session lengths", f"how many sessions lasted {', '.join(LENGTHS)}", "mdi:chart-bar"),
    "hours": InsightKey(
        "profile",
        KeySpec(label="Hours", about="responses in each of the 24 local hours", icon="mdi:clock-outline",
                enabled_by_default=False),
    ),
    "streak_days": _level("Streak", "days in a row with a response, up to the last day or the day before it",
                          "mdi:fire", unit="d", enabled=True),
    "streak_longest_days": _level("Streak longest", "the longest such row of the days that are kept", "mdi:trophy",
                                  unit="d"),
    "nights_through": _level("Nights through", "nights with a response in at least four of the hours from 0 to 4",
                             "mdi:weather-night"),
    "work_minutes": _minutes("Work time", "minutes in which Claude worked: from a prompt to the last answer to it",
                             "mdi:hammer", enabled=True),
    "think_minutes": _minutes("Think time", "minutes from an answer to the next prompt, pauses over 30 min left out",
                              "mdi:thought-bubble"),
    "work_share": _ratio("Work share", "work time / (work time + think time)", "mdi:scale-balance"),
    # shape
    "stop_reasons": _counts("Stop reasons", "why responses ended; none: they were cut off", "mdi:stop-circle-outline"),
    "max_tokens_stops": _count("Cut at max tokens", "responses that ended at their limit", "mdi:content-cut"),
    "tools_per_response": _per("Tools per response", "tool calls / responses", "mdi:tools"),
    "tools_parallel": _per("Tools in parallel", "tool calls / responses that call one", "mdi:call-split"),
    # tools
    "tool_calls": _count("Tool calls", "calls of tools", "mdi:tools", enabled=True),
    "tools": _counts("Tools", "calls by well-known tool; mcp: of MCP servers", "mdi:toolbox"),
    "executables": _counts("Executables", "Bash calls by their first well-known program", "mdi:bash"),
    "file_reads": _count("File reads", "calls of tools that read a file", "mdi:file-eye"),
    "file_edits": _count("File edits", "calls of tools that edit a file", "mdi:file-edit"),
    "file_writes": _count("File writes", "calls of the tool that writes a file", "mdi:file-plus"),
    "reads_per_session": _per("Reads per session", "file reads / sessions", "mdi:file-eye"),
    "edits_per_session": _per("Edits per session", "file edits / sessions", "mdi:file-edit"),
    "writes_per_session": _per("Writes per session", "file writes / sessions", "mdi:file-plus"),
    "files_touched": _level("Files touched", "distinct files that were read, edited or written", "mdi:file-multiple"),
    "hottest_file_touches": _level("Hottest file", "how often the most touched of these was", "mdi:file-star"),
    "lines_added": _level("Lines added", "lines that Claude Code says it added", "mdi:plus", known=True),
    "lines_removed": _level("Lines removed", "lines that Claude Code says it removed", "mdi:minus", known=True),
    "subagents": _count("Subagents", "calls that start a subagent", "mdi:account-group"),
    "sidechain_share": _ratio("Side chain share", "tokens of side chains (subagents) / tokens", "mdi:source-branch"),
    # projects
    "projects": _counts("Projects", "tokens by project, its name as a keyed hash", "mdi:folder-multiple"),
    "top_project_share": _ratio("Top project share", "tokens of the largest project / tokens", "mdi:folder-star"),
    "projects_active_7d": _level("Projects active 7d", "projects with a response in 7 days", "mdi:folder-open"),
    "projects_dormant": _level("Projects dormant", f"projects without one for {DORMANT_DAYS} days, of the year kept",
                               "mdi:folder-clock"),
    # friction
    "permission_denials": _count("Permission denials", "tool calls that were not permitted", "mdi:shield-off"),
    "permission_denial_rate": _ratio("Permission denial rate", "permission denials / tool calls", "mdi:shield-off"),
    "api_errors": _count("API errors", "errors of the API that a session shows", "mdi:alert-circle"),
    "interruptions": _count("Interruptions", "turns that the user interrupted", "mdi:hand-back-left"),
    "file_snapshots": _count("File snapshots", "snapshots of the file history", "mdi:camera"),
    "file_snapshots_per_session": _per("File snapshots per session", "file snapshots / sessions", "mdi:camera"),
    # character
    "prompts": _count("Prompts", "prompts of the user", "mdi:account-voice"),
    "em_dashes": _count("Em dashes", "em dashes that Claude wrote in its answers", "mdi:minus", enabled=True),
    "em_dashes_per_response": _per("Em dashes per response", "em dashes / responses", "mdi:minus"),
    "thank_yous": _count("Thank-yous", "prompts that say thanks", "mdi:hand-heart"),
    "thank_you_rate": _ratio("Thank-you rate", "thank-yous / prompts", "mdi:hand-heart"),
    "phrase_hits": _count("Phrases", "times the user said one of the phrases that are set", "mdi:comment-quote"),
    # beyond the logs
    "commits": _level("Commits", "your commits in directories that sessions were in", "mdi:source-commit", known=True),
    "lines_changed": _level("Lines committed", "lines that these add and remove", "mdi:file-code", known=True),
    "commits_per_million_tokens": _per("Commits per million tokens", "commits / million tokens", "mdi:source-commit",
                                       known=True),
    "lines_per_million_tokens": _per("Lines per million tokens", "lines committed / million tokens", "mdi:file-code",
                                     known=True),
    "series_rho": _level(
        "Series correlation", f"Spearman's rho of your series and tokens by day; unknown under {SERIES_DAYS} days",
        "mdi:chart-scatter-plot", precision=2, kind="correlation", known=True,
    ),
    "series_rho_low": _level("Series correlation low", "lower end of its 95 % interval", "mdi:chart-scatter-plot",
                             precision=2, kind="correlation", known=True),
    "series_rho_high": _level("Series correlation high", "upper end of its 95 % interval", "mdi:chart-scatter-plot",
                              precision=2, kind="correlation", known=True),
    "series_days": _level("Series days", "days that it rests on", "mdi:calendar", known=True),
    # of days
    "days_kept": _level("Days kept", "days with a response that are kept", "mdi:calendar"),
}  # fmt: skip
"""Key -> what it is, in the order of the contract."""


GROUPS: dict[str, tuple[str, ...]] = {
    "Tokens": (
        "tokens", "tokens_opus", "tokens_sonnet", "tokens_haiku", "tokens_other", "responses", "cache_hit_rate",
        "cogitation_index", "web_searches", "web_fetches",
    ),
    "Cost": (
        "cost_usd", "cost_session_usd", "cost_month_usd", "cost_projected_month_usd", "cache_savings_usd",
        "cost_coverage", "cost_by_family",
    ),
    "Rhythm": (
        "sessions", "session_minutes", "session_minutes_longest", "work_minutes", "think_minutes", "work_share",
        "streak_days", "streak_longest_days", "nights_through", "session_lengths", "hours",
    ),
    "Shape": ("tools_per_response", "tools_parallel", "max_tokens_stops", "stop_reasons"),
    "Tools": (
        "tool_calls", "file_reads", "file_edits", "file_writes", "reads_per_session", "edits_per_session",
        "writes_per_session", "files_touched", "hottest_file_touches", "lines_added", "lines_removed", "subagents",
        "sidechain_share", "tools", "executables",
    ),
    "Projects": ("projects_active_7d", "projects_dormant", "top_project_share", "projects"),
    "Friction": (
        "permission_denials", "permission_denial_rate", "api_errors", "interruptions", "file_snapshots",
        "file_snapshots_per_session",
    ),
    "Character": (
        "prompts", "em_dashes", "em_dashes_per_response", "thank_yous", "thank_you_rate", "phrase_hits",
    ),
    "Beyond": (
        "commits", "lines_changed", "commits_per_million_tokens", "lines_per_million_tokens", "series_rho",
        "series_rho_low", "series_rho_high", "series_days",
    ),
}  # fmt: skip
"""How the keys are put together where people read them."""


class Insights(NamedTuple):
    """The insights of one span. `first` and `last`: its local days. `values`: every key of `KEYS`."""

    first: date
    last: date
    updated_at: datetime
    values: Mapping[str, Value]

    def to_json(self) -> bytes:
        """The one spelling: UTF-8 JSON, unknown as `null`."""
        head = {
            "schema": INSIGHTS_VERSION,
            "first_day": self.first.isoformat(),
            "last_day": self.last.isoformat(),
            "updated_at": iso(self.updated_at),
        }
        return json.dumps(head | dict(self.values), separators=(",", ":")).encode()


def json_schema() -> dict[str, Any]:
    """JSON Schema of `Insights.to_json`, with `description` and `x-unit` for each key."""
    shapes: dict[Kind, dict[str, Any]] = {
        "count": {"type": "integer", "minimum": 0},
        "number": {"type": "number", "minimum": 0},
        "balance": {"type": "number"},
        "ratio": {"type": "number", "minimum": 0, "maximum": 1},
        "correlation": {"type": "number", "minimum": -1, "maximum": 1},
        "counts": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        "profile": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": HOURS, "maxItems": HOURS},
    }
    properties: dict[str, Any] = {
        "schema": {"type": "integer", "description": "version of this contract"},
        "first_day": {"type": "string", "format": "date", "description": "first local day of the span"},
        "last_day": {"type": "string", "format": "date", "description": "last local day of the span"},
        "updated_at": {"type": "string", "format": "date-time", "description": "when this was computed"},
    }
    group_of = {key: group for group, keys in GROUPS.items() for key in keys}
    for key, (kind, spec) in KEYS.items():
        properties[key] = {
            "anyOf": [shapes[kind], {"type": "null"}],
            "title": spec.label,
            "description": spec.about,
        }
        extra = {"x-unit": spec.unit, "x-group": group_of.get(key), "x-ordered": key in ORDERED}
        properties[key] |= {name: text for name, text in extra.items() if text}
    return {
        "title": "claude-gauge insights",
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def in_order(key: str, counts: Mapping[str, float]) -> list[tuple[str, float]]:
    """The entries of a map as people read them: buckets as they follow each other, all others the largest first."""
    return [*counts.items()] if key in ORDERED else largest_first(counts)


def largest_first(counts: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
