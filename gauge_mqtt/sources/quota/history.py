"""Official samples and the local tokens between them, for 30 days: what calibration learns from. Counts only."""

import contextlib
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from gauge_mqtt.core.reading import OfficialSample, PlanSamples, Quota, TokenCounts
from gauge_mqtt.sources.regular_file import read_regular

NAME = "quota-history.json"
VERSION = 1
SIZE_MAX = 1 << 24
KEPT_S = 30 * 86_400.0
SAMPLES_MAX = 20_000
"""Of one account and window: one every two minutes for a month."""
ASK_AGAIN_S = 5.0
"""While the logs are not read that far back yet, what lies between samples is asked for again this often."""
SAME_RESET_S = 60.0
LENGTH_S = {"5h": 5 * 3600.0, "7d": 7 * 86_400.0}

WindowKey = Literal["5h", "7d"]
CountsBetween = Callable[[float, float], TokenCounts | None]
"""Local tokens after the first and up to the second unix second; `None` if not all of them are known."""
Instant = Annotated[float, Meta(ge=0, le=4_102_444_800)]
Count = Annotated[int, Meta(ge=0, le=10**15)]


class Track(NamedTuple):
    """The samples of one account and window, ascending."""

    account: str
    window: WindowKey
    samples: list[OfficialSample]


class _Planned(NamedTuple):
    """What stands until the next sample of that window. `whole`: all its tokens are known. `made_at`: unix seconds."""

    samples: tuple[OfficialSample, ...]
    before: TokenCounts | None
    whole: bool
    made_at: float


class _Row(msgspec.Struct, array_like=True, frozen=True):
    at: Instant
    share: Annotated[float, Meta(ge=0, le=1)]
    resets_at: Instant
    tokens: tuple[Count, Count, Count, Count] | None


class _Track(msgspec.Struct, frozen=True):
    account: str
    window: WindowKey
    samples: list[_Row]


class _File(msgspec.Struct, frozen=True):
    version: int
    tracks: list[_Track] = []


class PlanHistory:
    """`directory` `None`: nothing outlives the process. `counts` may know less now than later: gaps are filled then."""

    def __init__(self, directory: Path | None, counts: CountsBetween) -> None:
        self._path = directory and directory / NAME
        self._counts = counts
        self._tracks: dict[tuple[str, WindowKey], list[OfficialSample]] = {}
        self._plans: dict[tuple[str, WindowKey], _Planned] = {}
        self.unsaved = False

    def load(self) -> None:
        """Take up what was kept; nothing if that is gone or broken."""
        for track in read_history(self._path) if self._path else []:
            self._tracks[track.account, track.window] = track.samples

    def take(self, account: str, window: WindowKey, quota: Quota) -> None:
        """The percentage that stands now. A repetition moves only the end of its plateau."""
        at, share, resets_at = quota.seen_at.timestamp(), quota.used_percent / 100, quota.resets_at.timestamp()
        samples = self._tracks.setdefault((account, window), [])
        if samples and (at <= samples[-1].at or samples[-1].resets_at > resets_at + SAME_RESET_S):
            return
        if _repeats(samples[-2:], share, resets_at):
            samples.pop()
        samples.append(OfficialSample(at, share, resets_at, self._between(samples, at, resets_at)))
        del samples[: max(bisect_left(samples, at - KEPT_S, key=lambda s: s.at), len(samples) - SAMPLES_MAX)]
        self.unsaved = True

    @property
    def accounts(self) -> list[str]:
        """Those of whom a sample is kept."""
        return list(dict.fromkeys(account for account, _ in self._tracks))

    def samples(self, account: str, window: WindowKey) -> list[OfficialSample]:
        """Those of the last 30 days, ascending."""
        return self._tracks.get((account, window), [])

    def plan(self, account: str, window: WindowKey, quota: Quota, now: float) -> PlanSamples | None:
        """What is known of the window that `quota` is of; `None` before its first sample. Asked at each look, so all
        that does not move with time is kept until there is a new sample.
        """
        key, resets_at = (account, window), quota.resets_at.timestamp()
        samples = self._tracks.get(key, [])
        if not samples or abs(samples[-1].resets_at - resets_at) > SAME_RESET_S:
            return None
        last = samples[-1]
        known = self._plans.get(key)
        if known is None or known.samples[-1] != last or (not known.whole and now >= known.made_at + ASK_AGAIN_S):
            known = self._plans[key] = self._planned(samples, resets_at - LENGTH_S[window], now)
        return PlanSamples(known.samples, self._counts(last.at, now), known.before)

    def _planned(self, samples: list[OfficialSample], began: float, now: float) -> _Planned:
        first = len(samples) - 1
        while first and abs(samples[first - 1].resets_at - samples[-1].resets_at) <= SAME_RESET_S:
            first -= 1
        self._fill(samples, first)
        before = self._counts(began, samples[-1].at)
        whole = before is not None and all(sample.tokens is not None for sample in samples[first + 1 :])
        return _Planned(tuple(samples[first:]), before, whole, now)

    def _between(self, samples: list[OfficialSample], at: float, resets_at: float) -> TokenCounts | None:
        if not samples or abs(samples[-1].resets_at - resets_at) > SAME_RESET_S:
            return None
        return self._counts(samples[-1].at, at)

    def _fill(self, samples: list[OfficialSample], first: int) -> None:
        """Gaps of the window under way: the logs were not read that far back when the sample came."""
        for number in range(first + 1, len(samples)):
            if samples[number].tokens is None:
                tokens = self._counts(samples[number - 1].at, samples[number].at)
                if tokens is None:
                    continue
                samples[number] = samples[number]._replace(tokens=tokens)
                self.unsaved = True

    def save(self) -> None:
        """Replace the file in one step, if there is anything new. Raises `OSError`."""
        if self._path is None or not self.unsaved:
            return
        tracks = [
            _Track(account, window, [_Row(*sample) for sample in samples])
            for (account, window), samples in self._tracks.items()
        ]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{NAME}.{os.getpid()}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(msgspec.json.encode(_File(VERSION, tracks)))
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        self.unsaved = False


def _repeats(last: Iterable[OfficialSample], share: float, resets_at: float) -> bool:
    """Whether the last two samples say the same already, so that the last of them tells nothing of its own."""
    same = [s.share == share and abs(s.resets_at - resets_at) <= SAME_RESET_S for s in last]
    return same == [True, True]


def read_history(path: Path) -> list[Track]:
    """What was kept there; nothing if that is gone, broken or of another version."""
    try:
        found = msgspec.json.decode(read_regular(path, SIZE_MAX), type=_File)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if found.version != VERSION:
        return []
    return [
        Track(
            track.account,
            track.window,
            [
                OfficialSample(row.at, row.share, row.resets_at, row.tokens and TokenCounts(*row.tokens))
                for row in sorted(track.samples, key=lambda row: row.at)
            ],
        )
        for track in found.tracks
    ]
