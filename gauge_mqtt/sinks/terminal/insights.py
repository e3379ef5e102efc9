"""The insights of a span for a person at a terminal: tables and small charts, at most 80 columns wide. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from gauge_mqtt.contract.insights import KEYS, Insights, Value, largest_first

WIDTH = 80
LABEL, NUMBER = 26, 16
BAR = WIDTH - LABEL - NUMBER - 2
STEPS = " ▁▂▃▄▅▆▇█"
PARTS = "▏▎▍▌▋▊▉█"
LARGEST = 8
"""So many entries of a map are shown."""
UNKNOWN = "unknown"
SECTIONS: dict[str, tuple[str, ...]] = {
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
        "streak_days", "streak_longest_days", "nights_through", "session_lengths",
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
}  # fmt: skip
"""Where each key stands; `hours` is a chart of its own."""


def page(insights: Insights, tokens_by_day: Sequence[tuple[str, float]]) -> str:
    """`tokens_by_day`: day as text and its tokens, the oldest first."""
    return "\n".join(_lines(insights, tokens_by_day))


def _lines(insights: Insights, tokens_by_day: Sequence[tuple[str, float]]) -> Iterator[str]:
    first, last, values = insights.first, insights.last, insights.values
    yield f"Claude insights  {first:%Y-%m-%d}" + ("" if first == last else f" to {last:%Y-%m-%d}")
    for title, keys in SECTIONS.items():
        yield f"\n{title}"
        for key in keys:
            value = values[key]
            if isinstance(value, Mapping):
                yield from _bars(KEYS[key].spec.label, value)
            else:
                yield f"  {KEYS[key].spec.label:<{LABEL}}{said(key, value):>{NUMBER - 4}}".rstrip()
    hours = values["hours"]
    if isinstance(hours, tuple) and any(hours):
        yield "\nResponses by hour of the day"
        yield f"  {spark(hours, wide=3)}"
        yield "  " + "".join(f"{hour:<9}" for hour in range(0, 24, 3)).rstrip()
    if len(tokens_by_day) > 1 and any(n for _, n in tokens_by_day):
        yield "\nTokens by day"
        yield f"  {spark([n for _, n in tokens_by_day], wide=2)}"
        yield f"  {tokens_by_day[0][0]} to {tokens_by_day[-1][0]}, highest {max(n for _, n in tokens_by_day):,.0f}"


def said(key: str, value: Value) -> str:
    """One value with its unit; a ratio in percent."""
    unit = KEYS[key].spec.unit
    if value is None:
        return UNKNOWN
    if not isinstance(value, int | float):
        return str(value)
    if unit == "ratio":
        return f"{100 * value:.1f} %"
    if unit == "USD":
        return f"${value:,.2f}"
    if unit == "min":
        return f"{value / 60:.1f} h" if value >= 90 else f"{value:.1f} min"  # noqa: PLR2004
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def spark(values: Sequence[float], *, wide: int = 1) -> str:
    """A row of columns, each `wide` characters, the highest full."""
    most = max(values, default=0)
    top = len(STEPS) - 1
    return "".join(STEPS[max(1, round(top * n / most)) if n else 0] * wide for n in values) if most else ""


def _bars(label: str, counts: Mapping[str, float]) -> Iterator[str]:
    shown = [(name, n) for name, n in largest_first(counts) if n]
    if not shown:
        return
    yield f"  {label}"
    most = shown[0][1]
    for name, n in shown[:LARGEST]:
        number = f"{n:,}" if n == int(n) else f"{n:,.2f}"
        yield f"    {name[: LABEL - 4]:<{LABEL - 4}}{number:>{NUMBER - 2}}  {_bar(n / most)}".rstrip()
    if rest := shown[LARGEST:]:
        yield f"    {f'and {len(rest)} more':<{LABEL - 4}}{sum(n for _, n in rest):>{NUMBER - 2},.6g}"


def _bar(share: float) -> str:
    eighths = max(1, round(share * BAR * 8))
    return PARTS[-1] * (eighths // 8) + (PARTS[eighths % 8 - 1] if eighths % 8 else "")
