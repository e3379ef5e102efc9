"""The contract: every key and lamp of the product, each spelled here and nowhere else; `topics` has the topics.

`Usage` is the snapshot served at `GET /usage` and retained on the `state` topic. Each of its fields carries a
`KeySpec`: the unit, the label and the Home Assistant facets of that key. The JSON Schema, the topic list, the README
table and the discovery payload are derived from these two. Unknown is `None` (JSON `null`), never 0.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

SCHEMA_VERSION = 2
"""Raised when a key is added; none of the thirteen original keys ever changes its meaning."""

HEARTBEAT_S = 30
"""Seconds between two heartbeats; a display gives the publisher up after three."""
EXPIRE_AFTER_S = 3 * HEARTBEAT_S

NEEDLE_MAX = 1000
NEEDLE_UNKNOWN = -1

LAMPS = ("opus", "sonnet", "haiku", "hot", "warn", "stall", "idle")
"""Bit 0 of `display/lamps` is the first. The order is frozen: firmware in the field reads it."""
MODEL_LAMPS = LAMPS[:3]

EventType = Literal["hot", "warn", "stall", "reset_5h", "reset_7d"]
PctSource = Literal["official", "ceiling"]
StallReason = Literal["none", "source", "turn", "silence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """What a key means to a reader and to Home Assistant. `unit` is the unit of the JSON value."""

    label: str
    about: str
    icon: str
    unit: str | None = None
    platform: Literal["sensor", "binary_sensor"] = "sensor"
    device_class: str | None = None
    state_class: Literal["measurement", "total", "total_increasing"] | None = None
    options: tuple[str, ...] = ()
    precision: int | None = None
    diagnostic: bool = False
    enabled_by_default: bool = True
    """Whether its entity is enabled from the start; the others wait in the list for who wants them."""


Count = Annotated[int, Ge(0)]
Amount = Annotated[float, Ge(0)]
Ratio = Annotated[float, Ge(0), Le(1)]
Needle = Annotated[int, Ge(0), Le(NEEDLE_MAX)]


def _ratio(label: str, about: str, icon: str) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, unit="ratio", state_class="measurement", precision=1)


def _tokens(label: str, about: str, icon: str) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, unit="tok", state_class="measurement", precision=0)


def _usd(label: str, about: str) -> KeySpec:
    return KeySpec(
        label=label, about=about, icon="mdi:cash", unit="USD", device_class="monetary", state_class="total", precision=2
    )


def _lamp(label: str, about: str, icon: str, device_class: str | None = None) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, platform="binary_sensor", device_class=device_class)


def _instant(label: str, about: str, icon: str, *, diagnostic: bool, enabled_by_default: bool = True) -> KeySpec:
    return KeySpec(
        label=label,
        about=about,
        icon=icon,
        device_class="timestamp",
        diagnostic=diagnostic,
        enabled_by_default=enabled_by_default,
    )


def _enum(label: str, about: str, icon: str, *options: str) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, device_class="enum", options=options, diagnostic=True)


def _needle(label: str, about: str, *, enabled_by_default: bool = False) -> KeySpec:
    """The fuels' repeat what their percentages say."""
    return KeySpec(
        label=label,
        about=about,
        icon="mdi:gauge",
        state_class="measurement",
        precision=0,
        diagnostic=True,
        enabled_by_default=enabled_by_default,
    )


def _note(label: str, about: str, icon: str, *, enabled_by_default: bool = True) -> KeySpec:
    return KeySpec(label=label, about=about, icon=icon, diagnostic=True, enabled_by_default=enabled_by_default)


class Usage(BaseModel):
    """The snapshot. Flat; every value but `schema`, `instance`, `source` and `updated_at` may be unknown (`None`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, title="claude-gauge usage")

    rate_1m: Annotated[
        Amount | None,
        KeySpec(
            label="Token rate", about="tokens per minute, trailing 60 s", icon="mdi:speedometer", unit="tok/min",
            state_class="measurement", precision=0,
        ),
    ] = None  # fmt: skip
    window_5h_tokens: Annotated[
        Count | None, _tokens("Tokens 5h", "tokens in the active 5 h window, cache reads included", "mdi:counter")
    ] = None
    window_7d_tokens: Annotated[
        Count | None, _tokens("Tokens 7d", "tokens in the rolling 168 h, cache reads included", "mdi:counter")
    ] = None
    window_5h_pct: Annotated[Ratio | None, _ratio("Fuel 5h", "share of the 5 h plan window used", "mdi:gauge")] = None
    window_7d_pct: Annotated[Ratio | None, _ratio("Fuel 7d", "share of the 7 d plan window used", "mdi:gauge")] = None
    thinking_ratio: Annotated[
        Ratio | None, _ratio("Thinking", "thinking tokens / output tokens in the active 5 h window", "mdi:head-cog")
    ] = None
    cache_hit_rate: Annotated[
        Ratio | None,
        _ratio("Cache hits", "cacheRead / (input + cacheRead + cacheCreation), trailing 5 min", "mdi:cached"),
    ] = None
    last_model: Annotated[
        str | None,
        KeySpec(
            label="Last model", about="family of the model that emitted the most recent tokens, for 5 h",
            icon="mdi:robot",
        ),
    ] = None  # fmt: skip
    hot: Annotated[bool | None, _lamp("Hot", "token rate strictly above the redline", "mdi:fire", "heat")] = None
    warn: Annotated[
        bool | None, _lamp("Warn", "a fuel strictly above 0.80, or a cache anomaly", "mdi:alert", "problem")
    ] = None
    stall: Annotated[
        bool | None, _lamp("Stall", "telemetry that was due is missing", "mdi:timer-sand-paused", "problem")
    ] = None
    idle: Annotated[bool | None, _lamp("Idle", "token rate known and zero, and not stalled", "mdi:sleep")] = None
    updated_at: Annotated[
        AwareDatetime,
        _instant(
            "Updated", "when this snapshot was computed", "mdi:clock-check", diagnostic=True, enabled_by_default=False
        ),
    ]

    schema_version: Annotated[
        Count,
        Field(alias="schema"),
        _note("Contract", "version of this contract", "mdi:file-document-check", enabled_by_default=False),
    ] = SCHEMA_VERSION
    instance: Annotated[
        str, _note("Instance", "which publisher this is", "mdi:desktop-classic", enabled_by_default=False)
    ]
    source: Annotated[str, _note("Source", "where the numbers come from", "mdi:database-import")]
    window_5h_source: Annotated[
        PctSource | None, _enum("Fuel 5h basis", "what the 5 h share rests on", "mdi:scale", "official", "ceiling")
    ] = None
    window_7d_source: Annotated[
        PctSource | None, _enum("Fuel 7d basis", "what the 7 d share rests on", "mdi:scale", "official", "ceiling")
    ] = None
    window_5h_resets_at: Annotated[
        AwareDatetime | None,
        _instant("Reset 5h", "official reset, else the end of the active 5 h block", "mdi:restore", diagnostic=False),
    ] = None
    window_7d_resets_at: Annotated[
        AwareDatetime | None, _instant("Reset 7d", "official weekly reset", "mdi:restore", diagnostic=False)
    ] = None
    window_5h_asof: Annotated[
        AwareDatetime | None,
        _instant(
            "Fuel 5h as of",
            "when the 5 h figures were last confirmed",
            "mdi:clock-outline",
            diagnostic=True,
            enabled_by_default=False,
        ),
    ] = None
    window_7d_asof: Annotated[
        AwareDatetime | None,
        _instant(
            "Fuel 7d as of",
            "when the 7 d figures were last confirmed",
            "mdi:clock-outline",
            diagnostic=True,
            enabled_by_default=False,
        ),
    ] = None
    cost_5h_usd: Annotated[Amount | None, _usd("Cost 5h", "cost of the 5 h window, as the source says")] = None
    cost_7d_usd: Annotated[Amount | None, _usd("Cost 7d", "cost of the 7 d window, as the source says")] = None
    last_model_id: Annotated[
        str | None, _note("Last model id", "the model's full name", "mdi:robot-outline", enabled_by_default=False)
    ] = None
    needle_5h: Annotated[Needle | None, _needle("Needle 5h", "left dial: 1000 = 100 %")] = None
    needle_tach: Annotated[
        Needle | None,
        _needle("Needle tach", "centre dial: 800 = redline, 1000 = 1.25 redlines", enabled_by_default=True),
    ] = None
    needle_7d: Annotated[Needle | None, _needle("Needle 7d", "right dial: 1000 = 100 %")] = None
    warn_reasons: Annotated[
        tuple[Literal["fuel_5h", "fuel_7d", "cache"], ...] | None,
        _note("Warn reasons", "what lit WARN", "mdi:alert-circle-outline"),
    ] = None
    stall_reason: Annotated[
        StallReason | None,
        _enum("Stall reason", "what lit STALL", "mdi:timer-alert-outline", "none", "source", "turn", "silence"),
    ] = None
    redline: Annotated[
        Count | None,
        KeySpec(
            label="Redline", about="token rate that lights HOT", icon="mdi:car-cruise-control", unit="tok/min",
            precision=0, diagnostic=True,
        ),
    ] = None  # fmt: skip
    redline_source: Annotated[
        Literal["set", "history"] | None,
        _enum("Redline basis", "set by hand, or learned from the last 7 days", "mdi:scale", "set", "history"),
    ] = None
    telemetry_at: Annotated[
        AwareDatetime | None,
        _instant("Last telemetry", "when the newest record was written", "mdi:clock-in", diagnostic=True),
    ] = None
    refused_lines: Annotated[
        Count | None,
        KeySpec(
            label="Refused lines", about="log lines not counted since the start: not to be believed, or too long",
            icon="mdi:text-box-remove", state_class="total_increasing", precision=0, diagnostic=True,
        ),
    ] = None  # fmt: skip

    def to_json(self) -> bytes:
        """The one spelling of the snapshot: UTF-8 JSON, unknown as `null`, times as ISO 8601 UTC."""
        return self.model_dump_json(by_alias=True).encode()


def _key_specs() -> dict[str, KeySpec]:
    found = {}
    for name, field in Usage.model_fields.items():
        (spec,) = (extra for extra in field.metadata if isinstance(extra, KeySpec))
        found[field.alias or name] = spec
    return found


KEYS: dict[str, KeySpec] = _key_specs()
"""Key -> spec, in the order of the contract."""


def values(usage: Usage) -> dict[str, Any]:
    """Key -> Python value, in the order of the contract."""
    return {field.alias or name: getattr(usage, name) for name, field in Usage.model_fields.items()}


def json_schema() -> dict[str, Any]:
    """JSON Schema of the snapshot, with `description` and `x-unit` for each key."""
    schema = Usage.model_json_schema(by_alias=True, mode="serialization")
    for key, spec in KEYS.items():
        prop = schema["properties"][key]
        prop["title"], prop["description"] = spec.label, spec.about
        if spec.unit:
            prop["x-unit"] = spec.unit
    return schema


def iso(instant: datetime) -> str:
    """An aware instant as this contract writes it everywhere: ISO 8601, UTC, `Z`."""
    return instant.isoformat().replace("+00:00", "Z")
