"""Which turn awaits an answer. A pure little state machine, one per session file."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec


class Step(NamedTuple):
    """One session record, as far as turns go. `at`: unix seconds. `tools`: tool_use ids it opens or answers."""

    at: float
    kind: Literal["prompt", "results", "answer", "interrupt"]
    message_id: str | None = None
    tools: tuple[str, ...] = ()


def settles(steps: Sequence[Step]) -> bool:
    """Whether what came before these steps no longer matters after them."""
    answers = {step.message_id for step in steps if step.kind == "answer"}
    return len(answers) > 1 or None in answers or any(step.kind in {"prompt", "interrupt"} for step in steps)


class Turn(msgspec.Struct, gc=False):
    """Follows one session. `waiting_since` is set while a prompt, or the last of the tool results, is unanswered.

    A tool that still runs is not a wait: no telemetry is due until its result is in.
    """

    waiting_since: float | None = None
    newest_at: float | None = None
    running: set[str] = msgspec.field(default_factory=set)
    message_id: str | None = None

    def feed(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.newest_at = step.at if self.newest_at is None else max(self.newest_at, step.at)
            match step.kind:
                case "prompt":
                    self.running.clear()
                    self.waiting_since = step.at
                case "results":
                    self.running.difference_update(step.tools)
                    self.waiting_since = None if self.running else step.at
                case "answer":
                    if step.message_id is None or step.message_id != self.message_id:
                        self.running.clear()
                    self.message_id = step.message_id
                    self.running.update(step.tools)
                    self.waiting_since = None
                case "interrupt":
                    self.running.clear()
                    self.waiting_since = None
