"""Made-up session logs whose insights are known: what happened is noted when it is written, once, and never read back.

`word` stands in every text, path, name, branch, command and address, so that it can be looked for where it must not be.
"""

import json
import random
from calendar import monthrange
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.support.lines import iso

MODELS = {"claude-opus-5-5": 3.0, "claude-sonnet-5-5": 1.0, "claude-haiku-5-5": 0.25, "claude-fable-5-2": 7.0}
"""Model -> by how much it is dearer than the prices below."""
PRICES = (4e-6, 21e-6, 0.7e-6, 5.5e-6, 9e-6, 0.01)
"""USD per token of input, output, cache read, 5 min and 1 h creation, and per search. Made up, as any will do."""
COMMANDS = {
    "git commit -m '{w}; rm -rf /'": "git", "cd /home/{w} && FOO={w} sudo pytest -x {w}": "pytest",
    "/usr/bin/python3 {w}.py | head": "python3", "./{w}.sh --{w}": "./script", "{w} --help": "other",
    "cd /{w}": "other",
    "curl https://{w}.example/": "curl", "(for i in {w}; do echo $i; done)": "echo",
}  # fmt: skip
SAYS = {
    "{w} please": (0, 0),
    "Thank you, {w}!": (1, 0),
    "dude -- CHILL, {w}. Dude, chill!": (0, 2),
    "thanks, dude chill": (1, 1),
}
"""What a user says -> thanks, phrases."""
STOPS = ("end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", None, "brand_new")
TOOLS = ("Bash", "Read", "Edit", "Write", "Grep", "Agent", "mcp__{w}__x", "{w}Tool")
PAUSE_S = 1800
BEYOND = (
    "commits", "lines_changed", "commits_per_million_tokens", "lines_per_million_tokens", "series_rho",
    "series_rho_low", "series_rho_high", "series_days",
)  # fmt: skip
"""Keys that no log tells: each has a test of its own."""


class Event(NamedTuple):
    at: float
    kind: str
    name: str = ""
    n: float = 1
    session: str = ""
    more: Any = None


@dataclass
class Book:
    """What a session has cost so far, by model."""

    used: dict[str, list[float]] = field(default_factory=dict)
    lines: tuple[int, int] = (0, 0)

    def add(self, model: str, counts: list[float]) -> None:
        usd = sum(n * price for n, price in zip(counts, PRICES, strict=True)) * MODELS[model]
        mine = self.used.setdefault(model, [0.0] * 7)
        self.used[model] = [a + b for a, b in zip(mine, [*counts, usd], strict=True)]

    @property
    def usd(self) -> float:
        return sum(used[6] for used in self.used.values())

    def copy(self) -> "Book":
        return Book({model: list(used) for model, used in self.used.items()}, self.lines)


class Session:
    """One file of the main chain, and those of its subagents."""

    def __init__(self, diary: "Diary", project: str, at: float) -> None:
        self.diary, self.rng, self.project, self.at = diary, diary.rng, project, at
        self.id = diary.uuid()
        self.lines: list[dict[str, Any]] = []
        self.last = self.newest = 0.0
        self.book, self.billed = Book(), Book()
        self.begun = at
        self.requests: list[dict[str, Any]] = []

    def path(self, name: str = "") -> Path:
        return self.diary.root / "projects" / self.project / (name or f"{self.id}.jsonl")

    def record(self, kind: str, message: dict[str, Any], **more: Any) -> dict[str, Any]:
        word = self.diary.word
        record = {
            "parentUuid": None, "isSidechain": False, "type": kind, "message": message, "uuid": self.diary.uuid(),
            "timestamp": iso(self.at), "cwd": f"/home/{word}/{self.project}", "sessionId": self.id,
            "gitBranch": f"feature/{word}", "version": "2.1.332", "userType": "external", **more,
        }  # fmt: skip
        self.lines.append(record)
        self.newest = max(self.newest, self.at)
        return record

    def wait(self, low: float, high: float) -> None:
        self.at = round(self.at + self.rng.uniform(low, high), 3)

    def gap(self, name: str | None) -> None:
        if name and self.last and 0 < self.at - self.last <= PAUSE_S:
            self.diary.note(self.at, name, n=self.at - self.last)
        self.last = self.at

    def prompt(self) -> None:
        says = self.rng.choice([*SAYS])
        thanks, phrases = SAYS[says]
        source = self.rng.choice(["user", "sdk"])
        text = says.format(w=self.diary.word)
        content = text if self.rng.random() < 0.5 else [{"type": "text", "text": text}]
        self.record("user", {"role": "user", "content": content}, promptSource=source)
        self.gap(None if source == "sdk" else "think")
        self.diary.note(self.at, "prompts")
        self.diary.note(self.at, "thanks", n=thanks)
        self.diary.note(self.at, "phrases", n=phrases)
        if self.rng.random() < 0.3:  # none of these is a prompt, nor a step
            self.record("user", {"role": "user", "content": f"<command-name>{self.diary.word}</command-name> thanks"})
            self.record("user", {"role": "user", "content": f"thanks {self.diary.word}"}, isMeta=True)

    def answer(self, *, side: "Path | None" = None) -> None:
        """One response on some lines; its tools; their results."""
        diary, rng = self.diary, self.rng
        model, stop = rng.choice([*MODELS]), rng.choice(STOPS)
        counts = [rng.randrange(1, 5_000) for _ in range(5)] + [rng.choice([0, 0, 0, 2])]
        counts[2] *= 20
        input_, output, read, five, hour, searches = counts
        thinking, fetches = rng.randrange(output + 1), rng.choice([0, 0, 1])
        blocks: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": f"\u2014 {diary.word} \u2014", "signature": "x"}
        ]
        dashes = rng.randrange(3)
        blocks += [{"type": "text", "text": f"{diary.word} {rng.random()} " + "\u2014" * dashes}]
        tools = [self._tool() for _ in range(rng.choice([0, 0, 1, 3]))]
        usage = {
            "input_tokens": input_, "output_tokens": output, "cache_read_input_tokens": read,
            "cache_creation_input_tokens": five + hour,
            "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
            "output_tokens_details": {"thinking_tokens": thinking},
            "server_tool_use": {"web_search_requests": searches, "web_fetch_requests": fetches},
        }  # fmt: skip
        draft = {**usage, "output_tokens": 1, "output_tokens_details": {"thinking_tokens": 0}}
        drafts = rng.choice([0, 0, 2]) if output > 1 else 0
        message = {"id": f"msg_{diary.uuid()}", "type": "message", "role": "assistant", "model": model}
        request, at, was_draft = f"req_{diary.uuid()}", None, False
        more: dict[str, Any] = {"isSidechain": True, "agentId": "a1"} if side else {}
        all_blocks = [*blocks, *(tool for tool, _ in tools)]
        for number, block in enumerate(all_blocks):
            self.wait(0.1, 1.0)
            drafted = number < min(drafts, len(all_blocks) - 1)
            at = self.at if at is None or was_draft else at  # of the first line that tells all
            was_draft = drafted
            told = message | {"content": [block], "stop_reason": stop, "usage": draft if drafted else usage}
            said = self.record("assistant", told, requestId=request, **more)
            if not side:
                self.gap("work")
        assert at is not None
        self.requests.append(said)
        diary.note(
            at, "response", session=self.id, more=(model, counts, thinking, fetches, stop, self.project, bool(side))
        )
        diary.note(self.first_block_at(said), "dashes", n=dashes)
        for tool, noted in tools:
            for kind, name in noted:
                diary.note(self.at_of(tool), kind, name)
        if tools:
            diary.note(self.at_of(tools[0][0]), "calling")
        self.book.add(model, [float(n) for n in counts])
        if tools:
            self._results([tool["id"] for tool, _ in tools], more, side=side is not None)

    def at_of(self, block: dict[str, Any]) -> float:
        line = next(line for line in self.lines if line.get("message", {}).get("content") == [block])
        return datetime.fromisoformat(line["timestamp"]).timestamp()

    def first_block_at(self, said: dict[str, Any]) -> float:
        line = next(
            line for line in self.lines
            if line.get("message", {}).get("id") == said["message"]["id"]
            and line["message"]["content"][0]["type"] == "text"
        )  # fmt: skip
        return datetime.fromisoformat(line["timestamp"]).timestamp()

    def _tool(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        word, rng = self.diary.word, self.rng
        name = rng.choice(TOOLS)
        known = {"mcp__{w}__x": "mcp", "{w}Tool": "other"}.get(name, name)
        noted = [("tool", known)]
        given: dict[str, Any] = {"prompt": word, "url": f"https://{word}.example/"}
        if name == "Bash":
            command = rng.choice([*COMMANDS])
            given = {"command": command.format(w=word), "description": word}
            noted.append(("exec", COMMANDS[command]))
        elif name in {"Read", "Edit", "Write"}:
            path = f"/home/{word}/{rng.randrange(6)}.py"
            given = {"file_path": path, "old_string": word, "new_string": word, "content": word}
            noted.append(("touch", path))
        return {
            "type": "tool_use",
            "id": f"toolu_{self.diary.uuid()}",
            "name": name.format(w=word),
            "input": given,
        }, noted

    def _results(self, ids: list[str], more: dict[str, Any], *, side: bool) -> None:
        self.wait(0.1, 2_500)
        parts = [{"type": "tool_result", "tool_use_id": id_, "content": f"thanks {self.diary.word}"} for id_ in ids]
        denied = self.rng.random() < 0.2
        refusal = {"toolDenialKind": "user-rejected"} if denied else {}
        result = {"stdout": self.diary.word, "usage": {"input_tokens": 5, "output_tokens": 5}}
        self.record("user", {"role": "user", "content": parts}, toolUseResult=result, **refusal, **more)
        self.diary.note(self.at, "denials", n=denied)
        if not side:
            self.gap("work")

    def trouble(self) -> None:
        word = self.diary.word
        self.wait(1, 60)
        if self.rng.random() < 0.5:
            self.record(
                "user", {"role": "user", "content": [{"type": "text", "text": "[Request interrupted by user]"}]}
            )
            self.diary.note(self.at, "interruptions")
        else:
            zero = {"input_tokens": 0, "output_tokens": 0, "output_tokens_details": None}
            content = [{"type": "text", "text": f"API Error: 529 \u2014 {word}"}]
            message = {"id": self.diary.uuid(), "model": "<synthetic>", "content": content, "usage": zero}
            self.record("assistant", message, isApiErrorMessage=True, stop_reason="stop_sequence")
            self.diary.note(self.at, "api_errors")
        self.gap("work")
        snapshot = {"messageId": "x", "trackedFileBackups": {f"/{word}": 1}, "timestamp": iso(self.at)}
        self.lines.append({"type": "file-history-snapshot", "messageId": self.diary.uuid(), "snapshot": snapshot})
        self.diary.note(self.at, "snapshots")

    def turn(self) -> None:
        self.prompt()
        for _ in range(self.rng.randrange(1, 4)):
            self.wait(0.5, 90)
            self.answer()
        if self.rng.random() < 0.4:
            self.trouble()
        if self.rng.random() < 0.3:
            self.subagent()
        self.wait(5, self.rng.choice([100, 1_000, 4 * 3600]))

    def subagent(self) -> None:
        """Responses of its own, and a copy of one of the main chain, which is none."""
        mine, self.lines, last, at, newest = self.lines, [], self.last, self.at, self.newest
        path = self.path(f"{self.id}/subagents/agent-{self.diary.uuid()}.jsonl")
        copy = json.loads(json.dumps(self.requests[-1]))
        copy |= {
            "isSidechain": True,
            "agentId": "a1",
            "requestId": f"req_{self.diary.uuid()}",
            "uuid": self.diary.uuid(),
        }
        self.lines.append(copy)
        self.record("user", {"role": "user", "content": f"thanks {self.diary.word}"}, isSidechain=True, agentId="a1")
        self.answer(side=path)
        self.diary.files[path] = self.lines
        self.lines, self.last, self.newest, self.at = mine, last, newest, max(at, self.at)
        self.requests.pop()

    def bill(self) -> None:
        """What the session has cost by now, and what of that is new."""
        book, before = self.book, self.billed
        book.lines = (book.lines[0] + self.rng.randrange(50), book.lines[1] + self.rng.randrange(9))
        usage = {}
        for model, (input_, output, read, five, hour, searches, usd) in book.used.items():
            usage[model] = {
                "inputTokens": input_, "outputTokens": output, "cacheReadInputTokens": read,
                "cacheCreationInputTokens": five + hour, "cacheCreationEphemeral5mInputTokens": five,
                "cacheCreationEphemeral1hInputTokens": hour, "webSearchRequests": searches, "costUSD": usd,
            }  # fmt: skip
            usage[model] = {key: int(n) if key != "costUSD" else n for key, n in usage[model].items()}
        line = {
            "type": "cost-state", "sessionId": self.id, "totalCostUSD": book.usd, "totalLinesAdded": book.lines[0],
            "totalLinesRemoved": book.lines[1], "startTime": int(self.begun * 1000), "modelUsage": usage,
            "hasUnknownModelCost": False,
        }  # fmt: skip
        self.lines += [line, line]  # it may be repeated
        new = {
            model: [a - b for a, b in zip(used, before.used.get(model, [0.0] * 7), strict=True)]
            for model, used in book.used.items()
        }
        lines = (book.lines[0] - before.lines[0], book.lines[1] - before.lines[1])
        self.diary.note(self.newest, "bill", session=self.id, n=book.usd - before.usd, more=(new, lines))
        self.billed = book.copy()

    def fork(self) -> "Session":
        """It begins with a copy of what was said so far, and goes on from what that had cost."""
        other = Session(self.diary, self.project, self.at)
        other.begun, other.book, other.billed = self.begun, self.billed.copy(), self.billed.copy()
        for line in self.lines:
            if line["type"] in {"user", "assistant"}:
                owner = line.get("requestSessionId", line["sessionId"])
                more = {"requestSessionId": owner} if line["type"] == "assistant" else {}
                other.lines.append(line | {"sessionId": other.id} | more)
        other.last, other.newest, other.requests = self.last, self.newest, list(self.requests)
        other.wait(1, 60)
        return other


class Diary:
    """`word`: see above. `write` writes what was made; `truth` is what it is."""

    def __init__(self, root: Path, seed: int, word: str = "zebra") -> None:
        self.root, self.rng, self.word = root, random.Random(seed), word
        self.events: list[Event] = []
        self.files: dict[Path, list[dict[str, Any]]] = {}

    def uuid(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"

    def note(self, at: float, kind: str, name: str = "", *, n: float = 1, session: str = "", more: Any = None) -> None:
        if n or kind == "bill":
            self.events.append(Event(at, kind, name, n, session, more))

    def live(self, starts: list[float]) -> "Diary":
        """A session at each of these instants; some are resumed, some forked, some never told what they cost."""
        for at in starts:
            session = Session(self, f"-home-{self.word}-{self.rng.randrange(3)}", at)
            for _ in range(self.rng.randrange(1, 4)):
                session.turn()
            if self.rng.random() < 0.8:
                session.bill()
                if self.rng.random() < 0.5:
                    fork = session.fork()
                    fork.turn()
                    fork.bill()
                    self.files[fork.path()] = fork.lines
                if self.rng.random() < 0.5:
                    session.turn()
                    session.bill()
            self.files[session.path()] = session.lines
        return self

    def write(self) -> "Diary":
        for path, lines in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))
        return self

    def truth(self, local: Callable[[float], datetime], first: date, last: date) -> dict[str, Any]:  # noqa: C901, sums
        """The keys of a span of local days, made of what was noted by nothing but sums."""
        span = [event for event in self.events if first <= local(event.at).date() <= last]
        upto = [event for event in self.events if local(event.at).date() <= last]

        def total(kind: str, name: str | None = None) -> float:
            return sum(e.n for e in span if e.kind == kind and name in {None, e.name})

        def named(kind: str) -> dict[str, int]:
            return dict(sorted(Counter(e.name for e in span if e.kind == kind).items()))

        responses = [e for e in span if e.kind == "response"]
        tokens: Counter[str] = Counter()
        sums, thinking, side, projects = [0] * 6, 0, 0, Counter[str]()
        for e in responses:
            model, counts, thought, _, _, project, aside = e.more
            tokens[model.split("-")[1]] += sum(counts[:5])
            projects[project] += sum(counts[:5])
            sums = [a + b for a, b in zip(sums, counts, strict=True)]
            thinking += thought
            side += sum(counts[:5]) if aside else 0
        all_tokens = sum(tokens.values())
        spans: dict[tuple[date, str], list[float]] = {}
        for e in responses:
            spans.setdefault((local(e.at).date(), e.session), []).append(e.at)
        lengths = [(max(times) - min(times)) / 60 for times in spans.values()]
        sessions = len({session for _, session in spans})
        bills = [e for e in span if e.kind == "bill"]
        usd = sum(e.n for e in bills)
        cost = Counter[str]()
        billed, saved = 0.0, 0.0
        for e in bills:
            for model, used in e.more[0].items():
                cost[family if (family := model.split("-")[1]) != "fable" else "other"] += used[6]
                billed += sum(used[:5])
                dear = MODELS[model]
                saved += dear * sum(n * (PRICES[0] - PRICES[i]) for i, n in enumerate(used[:5]) if i in {2, 3, 4})
        days = sorted({local(e.at).date() for e in upto if e.kind == "response"})
        runs: dict[int, int] = {}
        for day in days:
            runs[day.toordinal()] = runs.get(day.toordinal() - 1, 0) + 1
        hours = Counter(local(e.at).hour for e in responses)
        nights = Counter(day for day, hour in {(local(e.at).date(), local(e.at).hour) for e in responses} if hour < 5)
        month = [e for e in upto if e.kind == "bill" and local(e.at).date() >= last.replace(day=1)]
        begun = min((local(e.at).date() for e in upto if e.kind == "bill"), default=last)
        pace_days = min(14, (last - begun).days + 1)
        paced = [e.n for e in upto if e.kind == "bill" and (last - local(e.at).date()).days < pace_days]
        to_come = monthrange(last.year, last.month)[1] - last.day
        projected = sum(e.n for e in month) + sum(paced) / pace_days * to_come if month and pace_days > 2 else None
        tools, calls = named("tool"), total("tool")
        touched = Counter(e.name for e in span if e.kind == "touch")
        newest = {}
        for e in upto:
            if e.kind == "response":
                newest[e.more[5]] = max(newest.get(e.more[5], date.min), local(e.at).date())
        stops = Counter({None: "none", "brand_new": "other"}.get(e.more[4], e.more[4]) for e in responses)

        def per(part: float, whole: float) -> float | None:
            return part / whole if whole else None

        lasting = [sum(length >= edge for edge in (5, 15, 60, 180)) for length in lengths]
        names = ("under_5_min", "under_15_min", "under_1_h", "under_3_h", "longer")
        work, think = total("work"), total("think")
        return {
            "tokens": all_tokens, "tokens_opus": tokens["opus"], "tokens_sonnet": tokens["sonnet"],
            "tokens_haiku": tokens["haiku"], "tokens_other": tokens["fable"], "responses": len(responses),
            "cache_hit_rate": per(sums[2], sums[0] + sum(sums[2:5])), "cogitation_index": per(thinking, sums[1]),
            "web_searches": sums[5], "web_fetches": sum(e.more[3] for e in responses),
            "cost_usd": usd if bills else None, "cost_month_usd": sum(e.n for e in month) if month else None,
            "cost_projected_month_usd": projected,
            "cost_session_usd": per(usd, len({e.session for e in bills if e.n > 0})) if bills else None,
            "cost_coverage": min(1.0, billed / all_tokens) if bills and all_tokens else None,
            "cost_by_family": {name: n for name, n in cost.items() if n} if bills else None,
            "cache_savings_usd": saved if bills else None,
            "sessions": sessions, "session_minutes": median(lengths) if lengths else None,
            "session_minutes_longest": max(lengths) if lengths else None,
            "session_lengths": {name: lasting.count(number) for number, name in enumerate(names)},
            "hours": tuple(hours[hour] for hour in range(24)),
            "streak_days": runs.get(last.toordinal(), runs.get(last.toordinal() - 1, 0)),
            "streak_longest_days": max(runs.values(), default=0),
            "nights_through": sum(n >= 4 for n in nights.values()), "work_minutes": work / 60,
            "think_minutes": think / 60, "work_share": per(work, work + think), "stop_reasons": dict(stops),
            "max_tokens_stops": stops["max_tokens"], "tools_per_response": per(calls, len(responses)),
            "tools_parallel": per(calls, total("calling")), "tool_calls": calls, "tools": tools,
            "executables": named("exec"), "file_reads": total("tool", "Read"), "file_edits": total("tool", "Edit"),
            "file_writes": total("tool", "Write"), "reads_per_session": per(total("tool", "Read"), sessions),
            "edits_per_session": per(total("tool", "Edit"), sessions),
            "writes_per_session": per(total("tool", "Write"), sessions), "files_touched": len(touched),
            "hottest_file_touches": max(touched.values(), default=0),
            "lines_added": sum(e.more[1][0] for e in bills) if bills else None,
            "lines_removed": sum(e.more[1][1] for e in bills) if bills else None, "subagents": total("tool", "Agent"),
            "sidechain_share": per(side, all_tokens), "projects": sorted(projects.values()),
            "top_project_share": per(max(projects.values(), default=0), all_tokens),
            "projects_active_7d": sum((last - day).days < 7 for day in newest.values()),
            "projects_dormant": sum((last - day).days >= 30 for day in newest.values()),
            "permission_denials": total("denials"),
            "permission_denial_rate": min(1.0, total("denials") / calls) if calls else None,
            "api_errors": total("api_errors"), "interruptions": total("interruptions"),
            "file_snapshots": total("snapshots"), "file_snapshots_per_session": per(total("snapshots"), sessions),
            **dict.fromkeys(BEYOND), "prompts": total("prompts"), "em_dashes": total("dashes"),
            "em_dashes_per_response": per(total("dashes"), len(responses)), "thank_yous": total("thanks"),
            "thank_you_rate": per(total("thanks"), total("prompts")), "phrase_hits": total("phrases"),
            "days_kept": len({local(e.at).date() for e in self.events if e.kind == "response"}),
        }  # fmt: skip
