"""One log line as rows for the insights. Texts, paths and names are counted or hashed here, and go no further.

The account of the tokens is the ledger's: the same records are refused, and the same are one response.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct

from gauge_mqtt.contract.insights import OTHER
from gauge_mqtt.contract.usage import MODEL_LAMPS
from gauge_mqtt.core.entries import SYNTHETIC, Entry
from gauge_mqtt.core.insights import names
from gauge_mqtt.core.insights.rows import BillRow, FactRow, ResponseRow, Used
from gauge_mqtt.core.insights.tally import TOUCH
from gauge_mqtt.core.insights.texts import EM_DASH, Phrases, says_thanks
from gauge_mqtt.core.models import family
from gauge_mqtt.sources.logs.decode import BROKEN, tolerant, unix
from gauge_mqtt.sources.logs.insights.records import (
    Block,
    CountedLine,
    CountedMessage,
    Input,
    Line,
    Message,
    ModelUsage,
    Record,
    asked_of_server,
    decode_bill,
    decode_counted,
    decode_input,
    decode_line,
    decode_snapshot,
)
from gauge_mqtt.sources.logs.log_file import LogFile
from gauge_mqtt.sources.logs.records import (
    SYNTHETIC_MARK,
    TURN_MARKS,
    USAGE_MARKS,
    UsageLine,
    has_usage,
    response,
    usage_line,
    user_record,
)

PAUSE_S = 1800.0
"""A longer gap between two records is neither work nor thought: somebody, or the machine, was away."""
SAID, ANSWER = TURN_MARKS
BILL, SNAPSHOT = b'"type":"cost-state"', b'"type":"file-history-snapshot"'
KINDS = (ANSWER, SAID, BILL, SNAPSHOT)
"""What no line of interest is without."""
EARLY, LATE = 300, 600
"""Where the type of a record stands, as Claude Code writes it: of the user so many bytes from the beginning, of an
answer from the end. So the texts between need not be searched for it.
"""
CACHED, FEW_LINES = 1024, 8
COST_MAX = 1e6
"""USD; no session costs that much."""
EDITING = names.READS | names.EDITS | names.WRITES


class Position(Struct, array_like=True, gc=False):
    """What must be known of a file to go on in it. `last_at`: when its last record of the main chain was written, 0 for
    none; `newest_at`: its last instant of all; `own_since`: of a fork, when its first answer of its own came (-1: none
    has come yet, 0: it is no fork); `copied_at`: of a fork, when the last answer came that it has from its parent.
    """

    last_at: float = 0.0
    newest_at: float = 0.0
    own_since: float = 0.0
    copied_at: float = 0.0


class Place(NamedTuple):
    """Where lines come from. `project`: the hash of its directory."""

    file: LogFile
    position: Position
    project: int


class Rows:
    """What a piece of a log tells."""

    def __init__(self) -> None:
        self.responses: list[ResponseRow] = []
        self.facts: list[FactRow] = []
        self.bills: list[BillRow] = []


class LineReader:
    """Turns lines into rows. `key`: of the hashes, 16..64 bytes; `phrases`: what is counted in prompts; `rest`: called
    every few lines.
    """

    def __init__(self, key: bytes, phrases: Phrases, rest: Callable[[], None] = lambda: None) -> None:
        self._rest = rest
        self._keyed, self._phrases = blake2b(digest_size=8, key=key), phrases
        self._lately = lru_cache(CACHED)(self.hash)
        """For names that come many times in a row."""
        self._before: tuple[UsageLine, str, str] | None = None

    def hash(self, *parts: str) -> int:
        """A keyed hash of some names: nobody without the key can try a name against it. Never 0."""
        hashed = self._keyed.copy()  # with the key in it already
        hashed.update("\0".join(parts).encode(errors="surrogatepass"))
        return int.from_bytes(hashed.digest(), "big", signed=True) or 1

    def read(self, lines: bytes, place: Place, rows: Rows) -> None:
        """The rows of whole lines of a file, appended to `rows`. They must be read in the order of the file."""
        self._before = None
        runs = place.file.runs
        for number, line in enumerate(lines.split(b"\n")):
            if number % FEW_LINES == 0:
                self._rest()
            if not _is_said(line):
                self._odd(line, place, rows)
                continue
            try:
                record = decode_counted(line)
            except BROKEN:
                self._odd(line, place, rows)
                continue
            if runs.runs:
                runs.user_records(line)
            try:
                if has_usage(record) and not _is_synthetic(record):
                    self._usage(record, record, line, place, rows)
                self._record(record, place.position, rows)
            except BROKEN:  # the account of the tokens counts those that matter
                continue

    def _odd(self, line: bytes, place: Place, rows: Rows) -> None:
        """A line that is no record of the conversation, or not one as they all are."""
        kind = next((kind for kind in KINDS if kind in line), None)
        counts = any(mark in line for mark in USAGE_MARKS) and SYNTHETIC_MARK not in line
        if kind is None and not counts:
            return
        if place.file.runs.runs:
            place.file.runs.user_records(line)
        try:
            record = self._decoded(line, kind, place.position, rows)
        except BROKEN:  # as above
            record = None
        try:
            if counts and (usage := usage_line(line)):
                self._usage(usage, record, line, place, rows)
            if record is not None:
                self._record(record, place.position, rows)
        except BROKEN:  # as above
            return

    def _decoded(self, line: bytes, kind: bytes | None, position: Position, rows: Rows) -> Line | None:
        """A record of the conversation; whatever else there is is taken at once. Raises one of `BROKEN`."""
        if kind in TURN_MARKS:
            return tolerant(decode_line, line)
        if kind is BILL:
            self._bill(line, position, rows)
        elif kind is SNAPSHOT:
            self._snapshot(line, rows)
        return None

    def _record(self, record: Record, position: Position, rows: Rows) -> None:
        if not record.timestamp or not record.message:
            return
        at = unix(record.timestamp)
        if record.type == "assistant":
            if record.request_session_id not in {None, record.session_id}:
                position.own_since = -1.0  # a fork repeats its parent
                position.copied_at = max(position.copied_at, at)
            elif position.own_since < 0:
                position.own_since = at
            self._answer(record, record.message, at, position, rows)
        elif record.type == "user":
            self._said(record, record.message, at, position, rows)
        position.newest_at = max(position.newest_at, at)

    # --- what Claude said

    def _answer(
        self, record: Record, message: Message | CountedMessage, at: float, position: Position, rows: Rows
    ) -> None:
        uuid = record.uuid or ""
        self._gap(record, at, position, "work_ms", rows)
        if record.is_api_error_message:
            rows.facts.append(FactRow(self.hash("api error", uuid), at, "api_errors", 1))
            return
        for block in message.content if isinstance(message.content, list) else ():
            if block.type == "tool_use" and block.id and block.name:
                rows.facts.extend(self._tool(block, block.id, block.name, message.id or uuid, at))
            elif block.type == "text" and block.text and (dashes := block.text.count(EM_DASH)):
                said = self.hash("text", message.id or uuid, block.text)
                rows.facts.append(FactRow(said, at, "em_dashes", dashes))

    def _usage(self, usage: UsageLine, record: Record | None, line: bytes, place: Place, rows: Rows) -> None:
        """The account: refused and named as for the ledger, `Tail._account`."""
        message = record.message if record else None
        stop = names.stop(message.stop_reason if message else None)
        owner = (record.request_session_id or record.session_id if record else usage.session_id) or ""
        if self._before is not None and usage.repeats(self._before[0]) and (stop, owner) == self._before[1:]:
            return  # as most lines of a response do
        told = response(usage, line)
        request = told.request
        if request is None:
            request = place.file.runs.request_of(line, told.message)
        reused = not told.entry.main and place.file.runs.is_reused(told.message, request)
        asked = message.usage if message else None
        row = self._response(told.message, request, told.entry, session=owner, project=place.project)._replace(
            reused=reused,
            stop=stop,
            searches=asked_of_server(asked, "web_search_requests"),
            fetches=asked_of_server(asked, "web_fetch_requests"),
        )
        rows.responses.append(row)
        self._before = (usage, stop, owner)
        for number, advice in enumerate(told.advice):
            name = f"{told.message}\nadvice {number}"
            row = self._response(name, request, advice, session=owner, project=place.project)
            rows.responses.append(row._replace(reused=reused, advice=True))

    def _response(self, message: str, request: str, entry: Entry, *, session: str, project: int) -> ResponseRow:
        return ResponseRow(
            id=self.hash("response", message, request), message=self._lately("message", message), at=entry.at,
            input=entry.input, output=entry.output, cache_read=entry.cache_read, cache_creation=entry.cache_creation,
            thinking=entry.thinking, family=_published(entry.model), main=entry.main, reused=False, advice=False,
            searches=0, fetches=0, stop="", session=self._lately("session", session), project=project,
        )  # fmt: skip

    def _tool(self, block: Block, id_: str, name: str, message: str, at: float) -> Iterator[FactRow]:
        yield FactRow(self.hash("tool", id_), at, f"tool:{names.tool(name)}", 1)
        yield FactRow(self._lately("calling", message), at, "calling", 1)
        if name != "Bash" and name not in EDITING:
            return
        try:
            given = decode_input(block.input)
        except BROKEN:
            given = Input()
        if name == "Bash":
            program = names.executable(given.command) if given.command else OTHER
            yield FactRow(self.hash("exec", id_), at, f"exec:{program}", 1)
        elif path := given.file_path or given.notebook_path:
            yield FactRow(self.hash("touch", id_), at, TOUCH, 1, self.hash("file", path))

    # --- what the user said

    def _said(
        self, record: Record, message: Message | CountedMessage, at: float, position: Position, rows: Rows
    ) -> None:
        uuid = record.uuid
        if uuid is None or uuid is UNSET or record.is_meta or record.is_compact_summary:
            return
        content = message.content
        blocks = [Block("text", text=content)] if isinstance(content, str) else content or []
        if record.tool_denial_kind is not None:
            rows.facts.append(FactRow(self.hash("denial", uuid), at, "denials", 1))
        kind = user_record(blocks)
        if kind == "interrupt":
            rows.facts.append(FactRow(self.hash("interruption", uuid), at, "interruptions", 1))
        if kind in {"results", "interrupt"}:
            self._gap(record, at, position, "work_ms", rows)
        if kind != "prompt" or record.is_sidechain:
            return
        self._gap(record, at, position, None if record.prompt_source == "sdk" else "think_ms", rows)
        rows.facts.append(FactRow(self.hash("prompt", uuid), at, "prompts", 1))
        texts = [block.text for block in blocks if block.text]
        if any(map(says_thanks, texts)):
            rows.facts.append(FactRow(self.hash("thanks", uuid), at, "thanks", 1))
        if hits := sum(map(self._phrases.count, texts)):
            rows.facts.append(FactRow(self.hash("phrases", uuid), at, "phrases", hits))

    def _gap(self, record: Record, at: float, position: Position, name: str | None, rows: Rows) -> None:
        """The time since the record before this one in its file, on the main chain: `name`, or nobody's."""
        if record.is_sidechain:
            return
        gap = at - position.last_at
        if name and record.uuid and position.last_at and 0 < gap <= PAUSE_S:
            rows.facts.append(FactRow(self.hash("gap", record.uuid), at, name, round(1000 * gap)))
        position.last_at = max(position.last_at, at)

    # --- the rest

    def _snapshot(self, line: bytes, rows: Rows) -> None:
        told = tolerant(decode_snapshot, line)
        if told.type == "file-history-snapshot":
            at = unix(told.snapshot.timestamp)
            rows.facts.append(FactRow(self.hash("snapshot", told.message_id, str(at)), at, "snapshots", 1))

    def _bill(self, line: bytes, position: Position, rows: Rows) -> None:
        told = tolerant(decode_bill, line)
        if told.type != "cost-state" or not position.newest_at:
            return
        used = tuple(self._used(model, spent) for model, spent in sorted(told.model_usage.items()))
        if not 0 <= told.total_cost_usd < COST_MAX or not all(0 <= one.usd < COST_MAX for one in used):
            raise msgspec.ValidationError("a cost that no session has")
        at, session = position.newest_at, told.session_id
        own = position.own_since
        since = None if own == 0 else at if own < 0 else own
        copied = None if own == 0 else position.copied_at
        rows.bills.append(
            BillRow(
                id=self.hash("bill", session, str(at), repr(told.total_cost_usd)),
                chain=self.hash("chain", str(told.start_time) if told.start_time else session),
                session=self.hash("session", session), at=at, copied=copied, since=since,
                known=not told.has_unknown_model_cost, usd=told.total_cost_usd, added=told.total_lines_added,
                removed=told.total_lines_removed, used=used,
            )
        )  # fmt: skip

    def _used(self, model: str, spent: ModelUsage) -> Used:
        hour = spent.one_hour
        name = f"{_published(model)} {self.hash('model', model) & 0xFFFFFFFF:08x}"
        return Used(
            name, spent.input_tokens, spent.output_tokens, spent.cache_read_input_tokens,
            max(spent.cache_creation_input_tokens - hour, 0), hour, spent.web_search_requests, spent.cost_usd,
        )  # fmt: skip


def _is_said(line: bytes) -> bool:
    """Whether it may be a record of the conversation."""
    return line.find(SAID, 0, EARLY) != -1 or line.rfind(ANSWER, -LATE) != -1 or SAID in line or ANSWER in line


def _is_synthetic(record: CountedLine) -> bool:
    return record.message is not UNSET and record.message.model == SYNTHETIC


@lru_cache(CACHED)
def _published(model: str | None) -> str:
    """A family with a lamp, by its name."""
    name = family(model)
    return name if name in MODEL_LAMPS else OTHER
