"""Writes the files of a history: sessions, forks, resumes, subagents, interruptions, junk."""

import os
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pieces import Text, uuid
from transcript import MODERN, OLDEST, STREAMING, Transcript
from truth import DAY, HOUR, MINUTE, Message, Shape

PROJECTS = ("-home-user-x", "-home-user-notes", "-home-user-work-api")
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-fable-1-0")
OLD_MODELS = ("claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805", "claude-3-5-haiku-20241022")
RESULT = {"A": 2_700, "B": 18_500}
"""Mean length of a tool result: what makes the usage lines 46 % (A) or 14 % (B) of the bytes."""
RESPONSE = {"A": 8_700, "B": 29_500}
"""First guess of the bytes of one response with all around it; corrected while writing."""
Span = tuple[int, int]


@dataclass(slots=True)
class Spec:
    """One file to write: which kind, when, how much of the whole."""

    index: int
    kind: Literal["main", "fork", "agent", "pulse"]
    weight: float
    spans: list[Span] = field(default_factory=list)
    live: bool = False


class Writer:
    def __init__(self, root: Path, rng: random.Random, shape: Shape, end: int) -> None:
        self.root, self.rng, self.shape, self.end = root, rng, shape, end
        self.text = Text(rng)
        self.messages: list[Message] = []
        self.finished: deque[tuple[Path, Transcript]] = deque(maxlen=12)
        self.bytes = self.responses = self.usage_lines = self.usage_bytes = 0

    def times(self, spec: Spec, count: int) -> list[list[int]]:
        """When the responses come, one list per sitting; and 20 minutes without any just after end - 168 h."""
        if spec.kind == "pulse":
            start, stop = spec.spans[0]
            beats = range(start + MINUTE, stop - HOUR, 50 * MINUTE)
            return [[self._avoid(beat + self.rng.randrange(5 * MINUTE)) for beat in beats]]
        sittings = []
        for number, (start, stop) in enumerate(spec.spans, 1):
            share = max(2, count // len(spec.spans))
            gaps = [self.rng.expovariate(1 / 25_000) + 4_000 for _ in range(share)]
            gaps = [gap * (12 if i % 9 == 8 else 1) for i, gap in enumerate(gaps)]
            scale = min(1.0, (stop - start - 90_000) / sum(gaps))
            at, found = float(start), []
            for gap in gaps:
                at += gap * scale
                found.append(int(at))
            if spec.live and number == len(spec.spans):
                last = [self.end - 1000 * s for s in (290, 130, 52, 31, 14)]
                found = [t - found[-1] + self.end - 320_000 for t in found[: -len(last)]] + last
            sittings.append([self._avoid(t) for t in found])
        return sittings

    def _avoid(self, at: int) -> int:
        return at if at >= self.end - 7 * DAY + 20 * MINUTE else at - 20 * MINUTE

    def write(self, spec: Spec, target: float) -> None:
        rng, index = self.rng, spec.index
        path, out = self.begin(spec)
        guess = target / RESPONSE[self.shape]
        count = round(target * self.responses / self.bytes if self.responses > 50 else guess)
        sittings = self.times(spec, max(count, 9 if spec.live else 4))
        if spec.kind == "fork":
            self.fork(out, sittings[0][0])
        model = rng.choice(MODELS if out.version == MODERN else OLD_MODELS)
        if spec.live or not out.main:
            model = rng.choice(MODELS[1:4])
        for sitting in sittings:
            self.sitting(out, sitting, model, 100 if spec.kind == "pulse" else RESULT[self.shape])
            if index % 3 == 0:
                out.cost_state()
        if index % 5 == 2 and out.version != OLDEST and not spec.live:
            self.answer(out, out.last + 1_500, model, cut=True)
        if index % 12 in {4, 10}:
            out.torn(out.last + 900, self.message(out, out.last, model))
        if out.main:
            self.finished.append((path, out))
        self.save(path, out, "\r\n" if index % 16 == 8 and out.version == STREAMING else "\n")

    def begin(self, spec: Spec) -> tuple[Path, Transcript]:
        """The file of a spec: a subagent's belongs to the session before it, and may replay some of its responses."""
        rng, index = self.rng, spec.index
        if spec.kind == "agent" and self.finished:
            home, parent = self.finished[-1]
            name = f"a{rng.getrandbits(64):016x}"
            path = home.with_suffix("") / "subagents" / f"agent-{name}.jsonl"
            cwd = home.parent.name.replace("-", "/")
            out = Transcript(rng, self.text, sid=parent.sid, cwd=cwd, version=parent.version, agent=name)
            for said in parent.said[: 3 + index % 3] if parent.version == MODERN and not parent.relay else ():
                out.replay(said, grow=rng.choice((0, 0, 5_000)))
            return path, out
        modern = index % 10 in {0, 3, 6} or index % 4 or spec.live
        version = OLDEST if spec.kind == "pulse" else MODERN if modern else OLDEST if index % 8 else STREAMING
        sid, project = uuid(rng), PROJECTS[index % len(PROJECTS)]
        path = self.root / "projects" / project / f"{sid}.jsonl"
        cwd, relay = project.replace("-", "/"), version == MODERN and index % 10 == 5
        return path, Transcript(rng, self.text, sid=sid, cwd=cwd, version=version, agent=None, relay=relay)

    def fork(self, out: Transcript, at: int) -> None:
        """Begins with the lines of an older session, as they were: same ids, same instants, a new session id."""
        for _, parent in reversed(self.finished):
            if parent.last < at and parent.version != OLDEST:
                out.lines = [line.replace(parent.sid, out.sid) for line in parent.lines[: len(parent.lines) * 2 // 3]]
                out.usage_lines = sum('"role":"assistant"' in line for line in out.lines)
                out.usage_bytes = sum(len(line) for line in out.lines if '"role":"assistant"' in line)
                return

    def sitting(self, out: Transcript, times: list[int], model: str, mean: float) -> None:
        rng = self.rng
        for turn, at in enumerate(times):
            if turn % 9 == 0:
                if turn:
                    out.pause()
                out.prompt(at - 2_000, 40 + rng.random() * 400)
            out.request(at - 1_500, model)
            last = self.answer(out, at, model)
            out.tool_result(last + 300, rng.expovariate(1 / mean), decoy=turn % 20 == 3)
            if turn % 40 == 2:
                out.api_error(last + 500)
            if turn % 50 == 3 and out.version == MODERN:
                out.junk()

    def message(self, out: Transcript, at: int, model: str) -> Message:
        rng, context = self.rng, 15_000 + len(out.messages) % 60 * 2_500
        output = 3 + int(rng.lognormvariate(5.5, 1))
        thinking = int(output * rng.random()) if out.version == MODERN and rng.random() < 0.6 else 0
        if out.version == STREAMING and rng.random() < 0.2:
            output = 3
        created = int(rng.expovariate(1 / 2_000))
        return Message(
            at,
            f"msg_{out.token()}",
            model,
            out.main,
            3 + int(rng.expovariate(1 / 30)),
            output,
            context,
            created,
            thinking,
        )

    def answer(self, out: Transcript, at: int, model: str, *, cut: bool = False) -> int:
        rng, message = self.rng, self.message(out, at, model)
        if cut:
            message = message._replace(output=3, thinking=0)
        sizes = [-int(60 + rng.random() * 200)]
        if out.version != OLDEST:
            sizes = [int(80 + rng.random() * 300), *sizes, *[int(40 + rng.random() * 200)] * int(rng.random() * 2.5)]
        hour = rng.choice((0, message.cache_creation, message.cache_creation // 3))
        advice = None
        if out.version == MODERN and not cut and rng.random() < 0.03:
            advice = message._replace(
                id=f"{message.id} advice", input=9_000, cache_read=0, cache_creation=0, thinking=0
            )
            advice = advice._replace(model=MODELS[0], output=1 + int(rng.expovariate(1 / 300)), advice=True)
        return out.answer(at, message, sizes, hour=hour, cut=cut, advice=advice)

    def save(self, path: Path, out: Transcript, ending: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        data = "".join(out.lines).replace("\n", ending).encode(errors="surrogateescape")
        path.write_bytes(data)
        os.utime(path, ns=(out.last * 1_000_000,) * 2)
        if not out.main:
            path.with_suffix(".meta.json").write_text('{"agentType":"general-purpose","spawnDepth":1}')
        self.bytes += len(data)
        self.responses += len(out.messages)
        self.usage_lines += out.usage_lines
        self.usage_bytes += out.usage_bytes
        self.messages += out.messages
