"""The official percentages, beside whatever source has the tokens: four channels into one `QuotaBook`."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from gauge_mqtt.contract.health import Health, Metric
from gauge_mqtt.core.quota import FRESH, QuotaBook, Sample
from gauge_mqtt.core.reading import Reading
from gauge_mqtt.sources.quota import drops
from gauge_mqtt.sources.quota.cache import CacheFile
from gauge_mqtt.sources.quota.command import UsageCommand, UsageError
from gauge_mqtt.sources.quota.history import CountsBetween, PlanHistory
from gauge_mqtt.sources.quota.kept import KeptSamples
from gauge_mqtt.sources.quota.watch import FolderWatch

log = logging.getLogger(__name__)

LOOK_S = 60.0
"""How often the folder is compared with what was read of it (heals lost events), and the cache files are looked at."""
LOOK_UNWATCHED_S = 5.0
"""The same where changes are not announced."""
BACK_OFF_MAX_S = 3600.0
SAVE_S = 600.0


class QuotaSource:
    """`state_dir`: below it lie the drop files, `None` for none. `caches`: account -> its `.claude.json`. `account`:
    the one to show, `None` for the one with the newest sample. `command`: asks Claude Code every `poll_s` seconds.
    `counts`: what the tail of the logs counted between two instants, for the needle between two percentages.
    """

    name = "quota"

    def __init__(
        self,
        state_dir: Path | None,
        caches: Mapping[str, Path],
        *,
        account: str | None = None,
        command: UsageCommand | None = None,
        command_account: str = "",
        poll_s: float = 900.0,
        counts: CountsBetween = lambda _after, _upto: None,
    ) -> None:
        self.book = QuotaBook()
        self.history = PlanHistory(state_dir, counts)
        self.folder = state_dir and state_dir / "quota"
        self.failure: str | None = None
        """Why `/usage` could not be asked the last time, in words."""
        self._account, self._command, self._command_account, self._poll_s = account, command, command_account, poll_s
        self._caches = {name: CacheFile(path) for name, path in caches.items()}
        self._kept = KeptSamples(state_dir)
        self._drops = drops.DropFolder(self.folder)
        self._counts: dict[str, int] = {}
        self._looked_at: float | None = None
        self._changed: Callable[[], None] = lambda: None
        self._watch = FolderWatch(self.folder, self._on_change) if self.folder else None
        self._restored = False
        self._saved_at = time.monotonic()

    async def load(self) -> None:
        """Look once. Claude Code is asked only if that is wanted and due."""
        self._look()
        if self._command and self._due_in() <= 0:
            await self._ask()

    async def run(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        try:
            async with asyncio.TaskGroup() as group:
                if self._command:
                    group.create_task(self._ask_again_and_again(), name="quota command")
                while True:
                    watched = self._begin_watch()
                    if self._look():
                        changed()
                    await asyncio.sleep(LOOK_S if watched else LOOK_UNWATCHED_S)
        finally:
            if self._watch:
                self._watch.stop()
            self._save_history()

    def read(self, now: datetime) -> Reading:
        at, account = now.timestamp(), self.book.account(self._account)
        if account is None:
            return Reading(source="")
        quota_5h, quota_7d = self.book.quota(account, "5h", at), self.book.quota(account, "7d", at)
        return Reading(
            source="",  # the origin of the tokens is what `source` names; a share says its own by `window_*_source`
            quota_5h=quota_5h,
            quota_7d=quota_7d,
            plan_5h=self.history.plan(account, "5h", quota_5h, at) if quota_5h else None,
            plan_7d=self.history.plan(account, "7d", quota_7d, at) if quota_7d else None,
            quota_model=self.book.model(account, at),
        )

    @property
    def account(self) -> str | None:
        """Whose plan is shown; `None` before any sample."""
        return self.book.account(self._account)

    @property
    def told_accounts(self) -> list[str]:
        """Those that told a percentage at some time, as far back as is known, whether it still stands or not."""
        return list(dict.fromkeys([*self.book.accounts, *self.history.accounts]))

    @property
    def refused(self) -> int:
        """Percentages and drop files that were not believed."""
        return self.book.refused + self._drops.broken

    def add(self, account: str, samples: Iterable[Sample]) -> None:
        """Samples that somebody else found: the `usageReport` lines of the tail."""
        if self._take(_real(account), samples):
            self._changed()

    @property
    def health(self) -> Health:
        age = None if self._looked_at is None else max(0.0, time.monotonic() - self._looked_at)
        if self.failure:
            return Health(ok=True, detail=self.failure, age_s=age)
        told = ", ".join(f"{count} by {channel}" for channel, count in sorted(self._counts.items()))
        return Health(ok=True, detail=f"samples: {told}" if told else "no percentages were told yet", age_s=age)

    def metrics(self) -> list[Metric]:
        return [
            *(
                Metric("quota_samples_total", "counter", "official percentages told", count, f'{{channel="{channel}"}}')
                for channel, count in sorted(self._counts.items())
            ),
            Metric("quota_refused_total", "counter", "official percentages and files not believed", self.refused),
            Metric("quota_accounts", "gauge", "accounts that told a percentage", len(self.book.accounts)),
        ]

    def _take(self, account: str, samples: Iterable[Sample]) -> bool:
        """Whether any of them was believed."""
        now, news, keep = time.time(), False, False
        for sample in samples:
            if self.book.add(account, sample, now):
                news = True
                self._counts[sample.channel] = self._counts.get(sample.channel, 0) + 1
                keep |= sample.channel in FRESH and self._kept.add(account, sample)
        if news:
            self._remember(account, now)
        if keep:
            try:
                self._kept.save()
            except OSError as error:
                log.warning("the official percentages are not kept over a restart: %s", error)
        return news

    def _remember(self, account: str, now: float) -> None:
        """What stands for this account now, for who learns from it later."""
        if standing := self.book.quota(account, "5h", now):
            self.history.take(account, "5h", standing)
        if standing := self.book.quota(account, "7d", now):
            self.history.take(account, "7d", standing)

    def _save_history(self) -> None:
        self._saved_at = time.monotonic()
        try:
            self.history.save()
        except OSError as error:
            log.warning("the history of official percentages is not kept over a restart: %s", error)

    def _look(self) -> bool:
        """Everything that changed since the last look. Whether something was told."""
        news = False
        if not self._restored:
            self._restored = True
            self.history.load()
            for account, sample in self._kept.load():
                news |= self.book.add(account, sample, time.time())
        for drop in self._drops.new():
            news |= self._take(self._of_drop(drop.config_dir), drops.samples(drop))
        for account, cache in self._caches.items():
            news |= self._take(_real(account), cache.read())
        self._looked_at = time.monotonic()
        if self._looked_at >= self._saved_at + SAVE_S:
            self._save_history()
        return news

    def _of_drop(self, config_dir: str) -> str:
        """The account of a drop. In a container its directory has another name; if there is but one, it is that."""
        if len(self._caches) == 1 and not os.path.isdir(config_dir):
            return _real(next(iter(self._caches)))
        return _real(config_dir)

    def _on_change(self, path: Path) -> None:
        drop = self._drops.read(path)
        if drop and self._take(self._of_drop(drop.config_dir), drops.samples(drop)):
            self._changed()

    def _begin_watch(self) -> bool:
        """Whether changes of the folder are announced. It is made if it is missing, and watched again if it was."""
        if self.folder is None or self._watch is None:
            return True
        if self._watch.alive:
            return True
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._watch.start()
        except OSError:
            return False
        return True

    def _due_in(self) -> float:
        """Seconds until Claude Code is to be asked; what was kept from before a restart counts."""
        newest = max((s.seen_at for s in self._kept.samples if s.channel == "command"), default=0.0)
        return newest + self._poll_s - time.time()

    async def _ask_again_and_again(self) -> None:
        pause = min(max(self._due_in(), 0.0), self._poll_s)
        while True:
            await asyncio.sleep(pause)
            answered = await self._ask()
            if answered is None:
                return
            pause = self._poll_s if answered else min(max(2 * pause, self._poll_s), BACK_OFF_MAX_S)

    async def _ask(self) -> bool | None:
        """Whether it answered; `None` if it is not to be asked again. The log says when it begins and ends to fail."""
        assert self._command  # noqa: S101
        before = self.failure
        try:
            samples = await self._command.ask()
        except UsageError as error:
            self.failure = str(error)
            if before is None:
                log.warning("official percentages: %s", error)
            return None if error.for_good else False
        self.failure = None
        if before:
            log.info("official percentages: Claude Code tells them again")
        if self._take(_real(self._command_account), samples):
            self._changed()
        return True


def _real(account: str) -> str:
    """A configuration directory by its one name, whatever links lead there."""
    return os.path.realpath(account) if account and "\0" not in account else account
