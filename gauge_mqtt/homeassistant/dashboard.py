"""The dashboard for Home Assistant, and one card for a dashboard that is there already. Pure.

Built-in cards only, unless the cluster is asked for. Entity ids come from the discovery payload: they are what Home
Assistant was told.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gauge_mqtt.contract.scale import REDLINE_MARK, WARN_ABOVE
from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.contract.usage import KEYS, MODEL_LAMPS, NEEDLE_MAX
from gauge_mqtt.homeassistant.discovery import device_name, entity_ids

Card = dict[str, Any]
Ids = Mapping[str, str]
"""Key of an entity -> its id."""

CALM, RED, DARK = "var(--success-color)", "var(--error-color)", "var(--state-inactive-color)"
MODEL_COLOURS = dict(zip(MODEL_LAMPS, ("purple", "indigo", "cyan"), strict=True))
STATE_COLOURS = {"hot": "red", "warn": "orange", "stall": "yellow", "idle": "green"}
"""Lamp -> colour while lit. Red is for alarms alone. No lamp is told by its colour alone: lit, it also says so."""
FULL = {"grid_options": {"columns": "full"}}
FUELS = {"window_5h": "5 h", "window_7d": "7 d"}
UNKNOWN = ["unknown", "unavailable"]
DIAGNOSTICS = tuple(
    key for key, spec in KEYS.items() if spec.diagnostic and spec.enabled_by_default and key != "redline"
)


def dashboard(topics: Topics) -> dict[str, Any]:
    """A whole dashboard: one sections view, three columns on a desk, one on a phone."""
    ids = entity_ids(topics)
    lamps = _section(_heading("Lamps"), *_lamps(ids))
    return _view(topics, _cluster(ids, _dials(ids)), lamps, _section(*_windows(ids), *_diagnostics(ids)), _past(ids))


def dashboard_with_card(topics: Topics) -> dict[str, Any]:
    """The same with the cluster in place of gauges and lamps; Home Assistant has to have the card for that."""
    ids = entity_ids(topics)
    card = {"type": "custom:claude-gauge-card", "instance": topics.instance}
    windows, diagnostics = _section(*_windows(ids)), _section(*_diagnostics(ids))  # each as high as its neighbour
    return _view(topics, _cluster(ids, card), windows, _past(ids), diagnostics)


def _view(topics: Topics, *sections: Card) -> dict[str, Any]:
    view = {"title": "Gauges", "path": "gauges", "type": "sections", "max_columns": 3, "sections": list(sections)}
    return {"title": device_name(topics), "views": [view]}


def _cluster(ids: Ids, dials: Card) -> Card:
    alive = {"entity": ids["rate_1m"], "name": "Last change", "show_name": True, "state_content": "last_changed"}
    badges = [{"type": "entity", "entity": ids["publisher"]}, {"type": "entity", **alive}]
    return _section(_heading("Claude Code", badges=badges), dials | FULL, _rate(ids) | FULL, span=2)


def _windows(ids: Ids) -> Iterable[Card]:
    return (_heading("Windows"), _resets(ids), *_figures(ids))


def _diagnostics(ids: Ids) -> Iterable[Card]:
    return (_heading("Diagnostics"), _entities(ids, DIAGNOSTICS))


def _past(ids: Ids) -> Card:
    return _section(_heading("Last 24 hours"), _day(ids), _heading("Last 7 days"), _week(ids), span=2)


def card(topics: Topics) -> Card:
    """The dials, the resets, and those lamps that are lit."""
    ids = entity_ids(topics)
    lit = [
        _tile(ids["last_model"], "Model", color=colour, visibility=[_is(ids["last_model"], model)])
        for model, colour in MODEL_COLOURS.items()
    ]
    lit += [
        _tile(ids[lamp], lamp.upper(), color=colour, hide_state=True, visibility=[_is(ids[lamp], "on")])
        for lamp, colour in STATE_COLOURS.items()
    ]
    resets = [_known_tile(ids, f"{window}_resets_at", f"Reset {text}") for window, text in FUELS.items()]
    rows = [_dials(ids), _row(*resets), _row(*lit)]
    return {"type": "vertical-stack", "title": "Claude Code", "cards": rows}


def _section(*cards: Card, span: int = 1) -> dict[str, Any]:
    return {"type": "grid", "column_span": span, "cards": list(cards)}


def _full(rows: int) -> Card:
    return {"grid_options": {"columns": "full", "rows": rows}}


def _heading(text: str, **more: Any) -> Card:
    return {"type": "heading", "heading": text} | more


def _row(*cards: Card) -> Card:
    return {"type": "horizontal-stack", "cards": list(cards)}


def _tile(entity: str, name: str, **more: Any) -> Card:
    return {"type": "tile", "entity": entity, "name": name} | more


def _known_tile(ids: Ids, key: str, name: str) -> Card:
    """A tile that is not there while what it shows is of a kind that this source may not know."""
    hidden = {"visibility": [_is_not(ids[key], *UNKNOWN)]} if KEYS[key].when_known else {}
    return _tile(ids[key], name, **hidden)


def _is(entity: str, *states: str) -> dict[str, Any]:
    return {"condition": "state", "entity": entity, "state": list(states)}


def _is_not(entity: str, *states: str) -> dict[str, Any]:
    return {"condition": "state", "entity": entity, "state_not": list(states)}


def _dials(ids: Ids) -> Card:
    """Fuel, tach, fuel. The tach shows where its needle stands and not the rate: the redline moves, and a gauge card
    cannot have a live maximum. The needle's scale holds for every redline, and is the dial's on the desk. Without a
    redline there is no needle.
    """
    fuel = {"max": 100, "segments": [{"from": 0, "color": CALM}, {"from": round(100 * WARN_ABOVE), "color": RED}]}
    tach = {
        "attribute": "needle",
        "max": NEEDLE_MAX,
        "segments": [
            {"from": 0, "color": CALM, "label": "at rest"},
            {"from": 1, "color": CALM, "label": "at work"},
            {"from": REDLINE_MARK, "color": RED, "label": "redline"},
        ],
    }
    return _row(
        *_dial("Fuel 5 h", fuel, ids["window_5h_pct"]),
        *_dial("Tach", tach, ids["rate_1m"], ids["redline"]),
        *_dial("Fuel 7 d", fuel, ids["window_7d_pct"]),
    )


def _dial(name: str, scale: Mapping[str, Any], entity: str, *needs: str) -> Iterable[Card]:
    """A gauge card takes an unknown value for a mistake, so a tile stands in for it then."""
    gauge = {"type": "gauge", "entity": entity, "name": name, "needle": True, "min": 0}
    yield {**gauge, **scale, "visibility": [_is_not(one, *UNKNOWN) for one in (entity, *needs)]}
    unknown = [_is(one, *UNKNOWN) for one in (entity, *needs)]
    yield _tile(entity, name, vertical=True, visibility=[{"condition": "or", "conditions": unknown}])


def _rate(ids: Ids) -> Card:
    return _row(_tile(ids["rate_1m"], "Token rate"), _tile(ids["redline"], "Redline"))


def _lamps(ids: Ids) -> Iterable[Card]:
    """A lamp says On, a model's lamp its name once more. That is one tile while it is lit, and one while it is not."""
    model, dark = ids["last_model"], {"color": DARK, "icon": "mdi:robot-off-outline", "hide_state": True}
    for name, colour in MODEL_COLOURS.items():
        yield _lamp(model, name, 4, color=colour, icon="mdi:robot", visibility=[_is(model, name)])
        yield _lamp(model, name, 4, **dark, visibility=[_is_not(model, name)])
    for name, colour in STATE_COLOURS.items():
        yield _lamp(ids[name], name, 3, color=colour)


def _lamp(entity: str, name: str, columns: int, **more: Any) -> Card:
    place = {"columns": columns, "rows": 2}
    return _tile(entity, name.upper(), vertical=True, grid_options=place, **more)


def _resets(ids: Ids) -> Card:
    lines = []
    for window, name in FUELS.items():
        lines.append(
            f"{{% set at = states('{ids[f'{window}_resets_at']}') | as_datetime(none) -%}}\n"
            f"**{name}** {{{{ 'resets in ' ~ time_until(at, 2) ~ ', ' ~ (at | as_local).strftime('%a %H:%M')"
            " if at else 'reset unknown' }}"
        )
    return {"type": "markdown", "content": "\n\n".join(lines)} | FULL


PLAN = ("limit_5h_at", "limit_7d_at", "model_week_pct", "model_week_name", "elsewhere_5h_pct")
"""What the plan itself tells beyond the fuels, where it does."""


def _figures(ids: Ids) -> Iterable[Card]:
    for window, name in FUELS.items():
        yield _tile(ids[f"{window}_tokens"], f"Tokens {name}")
    for key in ("thinking_ratio", "cache_hit_rate"):
        yield _known_tile(ids, key, KEYS[key].label)
    for window, name in FUELS.items():
        yield _known_tile(ids, f"cost_{window.removeprefix('window_')}_usd", f"Cost {name}")
    for key in (*PLAN, "tokens_total", "cost_total_usd"):
        yield _known_tile(ids, key, KEYS[key].label)


def _entities(ids: Ids, keys: Iterable[str]) -> Card:
    rows = []
    for key in keys:
        row: Card = {"entity": ids[key], "name": KEYS[key].label}
        if KEYS[key].when_known:
            row = {"type": "conditional", "conditions": [_is_not(ids[key], *UNKNOWN)], "row": row}
        rows.append(row)
    return {"type": "entities", "entities": rows} | FULL


def _day(ids: Ids) -> Card:
    rows = {"rate_1m": "Token rate", "last_model": "Model", "hot": "HOT", "warn": "WARN", "stall": "STALL"}
    entities = [{"entity": ids[key], "name": name} for key, name in rows.items()]
    return {"type": "history-graph", "hours_to_show": 24, "min_y_axis": 0, "entities": entities} | _full(rows=7)


def _week(ids: Ids) -> Card:
    return {
        "type": "statistics-graph",
        "days_to_show": 7,
        "period": "hour",
        "stat_types": ["max"],
        "chart_type": "line",
        "min_y_axis": 0,
        "max_y_axis": 100,
        "entities": [{"entity": ids[f"{window}_pct"], "name": f"Fuel {name}"} for window, name in FUELS.items()],
    } | _full(rows=4)
