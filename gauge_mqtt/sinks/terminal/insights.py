"""The insights of a span for a person at a terminal: tables and small charts, at most 80 columns wide. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from gauge_mqtt.contract.insights import GROUPS, KEYS, Insights, Value, in_order

WIDTH = 80
LABEL, NUMBER = 26, 16
BAR = WIDTH - LABEL - NUMBER - 2
STEPS = " ▁▂▃▄▅▆▇█"
PARTS = "▏▎▍▌▋▊▉█"
LARGEST = 8
"""So many entries of a map are shown."""
UNKNOWN = "unknown"


def page(insights: Insights, tokens_by_day: Sequence[tuple[str, float]]) -> str:
    """`tokens_by_day`: day as text and its tokens, the oldest first."""
    return "\n".join(_lines(insights, tokens_by_day))


def _lines(insights: Insights, tokens_by_day: Sequence[tuple[str, float]]) -> Iterator[str]:
    first, last, values = insights.first, insights.last, insights.values
    yield f"Claude insights  {first:%Y-%m-%d}" + ("" if first == last else f" to {last:%Y-%m-%d}")
    for title, keys in GROUPS.items():
        yield f"\n{title}"
        if all(values[key] is None for key in keys):
            yield "  all unknown"
            continue
        for key in keys:
            value = values[key]
            if isinstance(value, tuple):
                continue  # below, in a place of its own
            if isinstance(value, Mapping):
                yield from _bars(key, value)
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


def _bars(key: str, counts: Mapping[str, float]) -> Iterator[str]:
    shown = [(name.replace("_", " "), n) for name, n in in_order(key, counts) if n]
    if not shown:
        return
    yield f"  {KEYS[key].spec.label}"
    most = max(n for _, n in shown)
    for name, n in shown[:LARGEST]:
        number = f"{n:,}" if n == int(n) else f"{n:,.2f}"
        yield f"    {name[: LABEL - 4]:<{LABEL - 4}}{number:>{NUMBER - 2}}  {_bar(n / most)}".rstrip()
    if rest := shown[LARGEST:]:
        yield f"    {f'and {len(rest)} more':<{LABEL - 4}}{sum(n for _, n in rest):>{NUMBER - 2},.6g}"


def _bar(share: float) -> str:
    eighths = max(1, round(share * BAR * 8))
    return PARTS[-1] * (eighths // 8) + (PARTS[eighths % 8 - 1] if eighths % 8 else "")
