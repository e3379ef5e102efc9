"""The contract: every key and lamp of the product, each spelled here and nowhere else; `topics` has the topics.

`Usage` is the snapshot served at `GET /usage` and retained on the `state` topic. Each of its fields carries a
`KeySpec`: the unit, the label and the Home Assistant facets of that key. The JSON Schema, the topic list, the table
of docs/contract.md and the discovery payload are derived from these two. Unknown is `None` (JSON `null`), never 0.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_args

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gauge_mqtt.contract import keyspec
from gauge_mqtt.contract.keyspec import KeySpec

SCHEMA_VERSION = 3
"""Raised when a key is added; none of the thirteen original keys ever changes its meaning."""

HEARTBEAT_S = 30
"""Seconds between two heartbeats; a display gives the publisher up after three."""
EXPIRE_AFTER_S = 3 * HEARTBEAT_S

NEEDLE_MAX = 1000
NEEDLE_UNKNOWN = -1

LAMPS = ("opus", "sonnet", "haiku", "hot", "warn", "stall", "idle")
"""Bit 0 of `display/lamps` is the first. The order is frozen: firmware in the field reads it."""
MODEL_LAMPS = LAMPS[:3]

PLAYED_SOURCES = ("demo", "replay")
"""Values of `source` that are nobody's numbers: every surface with letters says so."""

EventType = Literal["hot", "warn", "stall", "reset_5h", "reset_7d"]
PctSource = Literal["official", "calibrated", "ceiling", "history"]
StallReason = Literal["none", "source", "turn", "silence"]
WarnReason = Literal["fuel_5h", "fuel_7d", "cache"]
RedlineSource = Literal["set", "history"]

Count = Annotated[int, Ge(0)]
Amount = Annotated[float, Ge(0)]
Ratio = Annotated[float, Ge(0), Le(1)]
Needle = Annotated[int, Ge(0), Le(NEEDLE_MAX)]


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
        Count | None, keyspec.tokens("Tokens 5h", "tokens in the active 5 h window, cache reads included")
    ] = None
    window_7d_tokens: Annotated[
        Count | None, keyspec.tokens("Tokens 7d", "tokens in the rolling 168 h, cache reads included")
    ] = None
    window_5h_pct: Annotated[
        Ratio | None,
        keyspec.share("Fuel 5h used", "share of the 5 h plan window used", first_label="Fuel 5h"),
    ] = None
    window_7d_pct: Annotated[
        Ratio | None,
        keyspec.share("Fuel 7d used", "share of the 7 d plan window used", first_label="Fuel 7d"),
    ] = None
    thinking_ratio: Annotated[
        Ratio | None,
        keyspec.ratio(
            "Thinking ratio", "thinking tokens / output tokens in the active 5 h window", "mdi:head-cog",
            first_label="Thinking", when_known=True,
        ),
    ] = None  # fmt: skip
    cache_hit_rate: Annotated[
        Ratio | None,
        keyspec.ratio(
            "Cache hit rate", "cacheRead / (input + cacheRead + cacheCreation), trailing 5 min", "mdi:cached",
            first_label="Cache hits",
        ),
    ] = None  # fmt: skip
    last_model: Annotated[
        str | None,
        KeySpec(
            label="Last model", about="family of the model that emitted the most recent tokens, for 5 h",
            icon="mdi:robot",
        ),
    ] = None  # fmt: skip
    hot: Annotated[
        bool | None,
        keyspec.lamp("Hot", "token rate strictly above the redline; off again at 0.9 of it or below", "mdi:fire"),
    ] = None
    warn: Annotated[
        bool | None, keyspec.lamp("Warn", "a fuel strictly above 0.80, or a cache anomaly", "mdi:alert")
    ] = None
    stall: Annotated[
        bool | None, keyspec.lamp("Stall", "telemetry that was due is missing", "mdi:timer-sand-paused")
    ] = None
    idle: Annotated[
        bool | None,
        keyspec.lamp("Idle", "token rate known and zero, not stalled, and no turn awaits its answer", "mdi:sleep"),
    ] = None
    updated_at: Annotated[
        AwareDatetime,
        keyspec.instant("Updated", "when this snapshot was computed", "mdi:clock-check", enabled_by_default=False),
    ]

    schema_version: Annotated[
        Count,
        Field(alias="schema"),
        keyspec.note("Contract", "version of this contract", "mdi:file-document-check", enabled_by_default=False),
    ] = SCHEMA_VERSION
    instance: Annotated[
        str, keyspec.note("Instance", "which publisher this is", "mdi:desktop-classic", enabled_by_default=False)
    ]
    source: Annotated[str, keyspec.note("Source", "where the numbers come from", "mdi:database-import")]
    window_5h_source: Annotated[
        PctSource | None,
        keyspec.enum("Fuel 5h basis", "what the 5 h share rests on", "mdi:scale", *get_args(PctSource)),
    ] = None
    window_7d_source: Annotated[
        PctSource | None,
        keyspec.enum("Fuel 7d basis", "what the 7 d share rests on", "mdi:scale", *get_args(PctSource)),
    ] = None
    window_5h_resets_at: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Reset 5h", "official reset, else the end of the active 5 h block", "mdi:restore", diagnostic=False
        ),
    ] = None
    window_7d_resets_at: Annotated[
        AwareDatetime | None,
        keyspec.instant("Reset 7d", "official weekly reset", "mdi:restore", diagnostic=False, when_known=True),
    ] = None
    window_5h_asof: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Fuel 5h as of", "when the 5 h figures were last confirmed", "mdi:clock-outline", enabled_by_default=False
        ),
    ] = None
    window_7d_asof: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Fuel 7d as of", "when the 7 d figures were last confirmed", "mdi:clock-outline", enabled_by_default=False
        ),
    ] = None
    cost_5h_usd: Annotated[Amount | None, keyspec.usd("Cost 5h", "cost of the 5 h window, as the source says")] = None
    cost_7d_usd: Annotated[Amount | None, keyspec.usd("Cost 7d", "cost of the 7 d window, as the source says")] = None
    last_model_id: Annotated[
        str | None,
        keyspec.note("Last model id", "the model's full name", "mdi:robot-outline", enabled_by_default=False),
    ] = None
    needle_5h: Annotated[Needle | None, keyspec.needle("Needle 5h", "left dial: 1000 = 100 %")] = None
    needle_tach: Annotated[
        Needle | None,
        keyspec.needle("Needle tach", "centre dial: 800 = redline, 1000 = 1.25 redlines"),
    ] = None
    needle_7d: Annotated[Needle | None, keyspec.needle("Needle 7d", "right dial: 1000 = 100 %")] = None
    warn_reasons: Annotated[
        tuple[WarnReason, ...] | None,
        keyspec.note("Warn reasons", "what lit WARN", "mdi:alert-circle-outline"),
    ] = None
    stall_reason: Annotated[
        StallReason | None,
        keyspec.enum("Stall reason", "what lit STALL", "mdi:timer-alert-outline", *get_args(StallReason)),
    ] = None
    redline: Annotated[
        Count | None,
        KeySpec(
            label="Redline", about="token rate that lights HOT", icon="mdi:car-cruise-control", unit="tok/min",
            precision=0, diagnostic=True,
        ),
    ] = None  # fmt: skip
    redline_source: Annotated[
        RedlineSource | None,
        keyspec.enum(
            "Redline basis", "set by hand, or learned from the last 7 days", "mdi:scale", *get_args(RedlineSource)
        ),
    ] = None
    telemetry_at: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Last telemetry", "when the newest record was written", "mdi:clock-in", enabled_by_default=False
        ),
    ] = None
    refused_lines: Annotated[
        Count | None,
        KeySpec(
            label="Refused lines", about="log lines not counted since the start: not to be believed, or too long",
            icon="mdi:text-box-remove", state_class="total_increasing", precision=0, diagnostic=True, when_known=True,
        ),
    ] = None  # fmt: skip
    tokens_total: Annotated[
        Count | None,
        KeySpec(
            label="Tokens total", about="tokens counted since this instance first ran; only rises, also over restarts",
            icon="mdi:counter", unit="tok", state_class="total_increasing", precision=0,
        ),
    ] = None  # fmt: skip
    cost_total_usd: Annotated[
        Amount | None,
        KeySpec(
            label="Cost total", about="cost counted since this instance first ran, as the source says; only rises",
            icon="mdi:cash-multiple", unit="USD", state_class="total_increasing", precision=2, when_known=True,
        ),
    ] = None  # fmt: skip
    window_5h_error: Annotated[
        Ratio | None, keyspec.error("Fuel 5h error", "half of the 90 % interval of the 5 h share")
    ] = None
    window_7d_error: Annotated[
        Ratio | None, keyspec.error("Fuel 7d error", "half of the 90 % interval of the 7 d share")
    ] = None
    limit_5h_at: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Limit 5h", "when the 5 h fuel is used up at the pace of the last 15 min, if that is before its reset",
            "mdi:timer-alert", diagnostic=False, when_known=True,
        ),
    ] = None  # fmt: skip
    limit_7d_at: Annotated[
        AwareDatetime | None,
        keyspec.instant(
            "Limit 7d", "when the 7 d fuel is used up at the pace of this week, if that is before its reset",
            "mdi:timer-alert", diagnostic=False, when_known=True,
        ),
    ] = None  # fmt: skip
    elsewhere_5h_pct: Annotated[
        Ratio | None,
        keyspec.ratio(
            "Elsewhere 5h", "part of the official 5 h share that no local token explains", "mdi:cloud-question",
            when_known=True,
        ),
    ] = None  # fmt: skip
    calibration: Annotated[
        str | None,
        keyspec.note(
            "Calibration", "date and error of the signed calibration, or why there is none", "mdi:certificate",
            enabled_by_default=False,
        ),
    ] = None  # fmt: skip
    model_week_pct: Annotated[
        Ratio | None,
        keyspec.ratio("Model week used", "share of one model's own weekly limit used", "mdi:gauge", when_known=True),
    ] = None
    model_week_name: Annotated[
        str | None,
        KeySpec(label="Model week name", about="whose weekly limit that is", icon="mdi:robot", when_known=True),
    ] = None

    def to_json(self) -> bytes:
        """The one spelling of the snapshot: UTF-8 JSON, unknown as `null`, times as ISO 8601 UTC. Made once."""
        return self._json

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        found = self.__dict__  # the fields of a pydantic model; by `getattr` this would take twice as long
        return {key: found[name] for key, name in _ATTRIBUTES.items()}

    @cached_property
    def _json(self) -> bytes:
        return self.model_dump_json(by_alias=True).encode()

    def __copy__(self) -> Self:
        """Without the spelling of the original: `model_copy` changes fields of the copy."""
        copied = super().__copy__()
        copied.__dict__.pop("_json", None)
        return copied


def _key_specs() -> dict[str, KeySpec]:
    found = {}
    for name, field in Usage.model_fields.items():
        (spec,) = (extra for extra in field.metadata if isinstance(extra, KeySpec))
        found[field.alias or name] = spec
    return found


KEYS: dict[str, KeySpec] = _key_specs()
"""Key -> spec, in the order of the contract."""
_ATTRIBUTES = {field.alias or name: name for name, field in Usage.model_fields.items()}
"""Key -> its attribute of `Usage`, in the same order; they differ where pydantic wants the name for itself."""


def values(usage: Usage) -> Mapping[str, Any]:
    """Key -> Python value, in the order of the contract. Made once."""
    return usage._values  # noqa: SLF001 (its other half)


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
