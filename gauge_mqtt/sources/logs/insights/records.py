"""The records of a log line as the insights read them: what they have, and how they are decoded."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gauge_mqtt.sources.logs.decode import COUNT_MAX, Count, Instant, Odd
from gauge_mqtt.sources.logs.records import Tokens, UsageLine, UsageMessage


class ServerUsage(Struct, gc=False):
    server_tool_use: Odd = None


class Block(Struct, gc=False):
    type: str = ""
    id: str | None = None
    name: str | None = None
    text: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"null")


class Message(Struct, gc=False):
    id: str | UnsetType | None = UNSET
    content: str | list[Block] | None = None
    stop_reason: Odd = None
    usage: ServerUsage | UnsetType | None = UNSET


class Line(Struct, gc=False, rename="camel"):
    """A record of the conversation without its usage, believed where that is not."""

    type: str
    timestamp: Instant | UnsetType | None = UNSET
    uuid: str | UnsetType | None = UNSET
    session_id: str | UnsetType | None = UNSET
    request_session_id: str | None = None
    is_sidechain: bool | None = False
    message: Message | UnsetType | None = UNSET
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    is_api_error_message: bool | UnsetType | None = UNSET
    tool_denial_kind: Any = None
    prompt_source: Odd = None


class CountedUsage(Tokens, gc=False, kw_only=True):
    server_tool_use: Odd = None


class CountedMessage(UsageMessage, gc=False, kw_only=True):
    usage: CountedUsage | UnsetType = UNSET
    content: str | list[Block] | None = None
    stop_reason: Odd = None


class CountedLine(UsageLine, gc=False, rename="camel", kw_only=True):
    """Both at once, for all lines but odd ones: whatever is refused here is decoded as each of the two."""

    type: str
    uuid: str | UnsetType | None = UNSET
    message: CountedMessage | UnsetType = UNSET
    request_session_id: str | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    tool_denial_kind: Any = None
    prompt_source: Odd = None


class Input(Struct, gc=False):
    command: str | None = None
    file_path: str | None = None
    notebook_path: str | None = None


class Snapshot(Struct, gc=False):
    timestamp: Instant


class SnapshotLine(Struct, gc=False, rename="camel"):
    type: str
    message_id: str
    snapshot: Snapshot


class ModelUsage(Struct, gc=False, rename="camel"):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    one_hour: Count = msgspec.field(default=0, name="cacheCreationEphemeral1hInputTokens")
    web_search_requests: Count = 0
    cost_usd: float = msgspec.field(default=0.0, name="costUSD")


class CostState(Struct, gc=False, rename="camel"):
    type: str
    session_id: str
    total_cost_usd: float = msgspec.field(name="totalCostUSD")
    model_usage: dict[str, ModelUsage] = {}
    total_lines_added: Count = 0
    total_lines_removed: Count = 0
    start_time: float = 0.0
    has_unknown_model_cost: bool = False


def asked_of_server(usage: ServerUsage | CountedUsage | UnsetType | None, what: str) -> int:
    """How often the server searched or fetched for a response; 0 where it does not say, or says what is no count."""
    told = usage.server_tool_use if usage else None
    n = told.get(what) if isinstance(told, dict) else None
    return n if type(n) is int and 0 <= n <= COUNT_MAX else 0


decode_line = msgspec.json.Decoder(Line).decode
decode_counted = msgspec.json.Decoder(CountedLine).decode
decode_input = msgspec.json.Decoder(Input).decode
decode_snapshot = msgspec.json.Decoder(SnapshotLine).decode
decode_bill = msgspec.json.Decoder(CostState).decode

Record = Line | CountedLine
