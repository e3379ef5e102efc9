"""The last fresh samples on disk, so that a restart knows what no drop file holds: `usageReport` lines and `/usage`."""

import os
from pathlib import Path

import msgspec

from gauge_mqtt.core.quota import ACCOUNTS_MAX, MODELS_MAX, Sample
from gauge_mqtt.sources.regular_file import read_regular

NAME = "quota-samples.json"
SIZE_MAX = 1 << 20
KEPT_MAX = ACCOUNTS_MAX * (MODELS_MAX + 2)

_decode = msgspec.json.Decoder(list[tuple[str, Sample]]).decode


class KeptSamples:
    """The newest sample of each account, window and channel. `directory` `None`: nothing outlives the process."""

    def __init__(self, directory: Path | None) -> None:
        self._path = directory and directory / NAME
        self._newest: dict[tuple[str, str, str, str], Sample] = {}

    def load(self) -> list[tuple[str, Sample]]:
        """What was kept, as (account, sample); nothing if that is gone or broken."""
        try:
            found = _decode(read_regular(self._path, SIZE_MAX))[:KEPT_MAX] if self._path else []
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return []
        for account, sample in found:
            self.add(account, sample)
        return found

    def add(self, account: str, sample: Sample) -> bool:
        """Whether it is newer than what was kept."""
        key = (account, sample.window, sample.model, sample.channel)
        before = self._newest.get(key)
        if (before and before.seen_at >= sample.seen_at) or (before is None and len(self._newest) >= KEPT_MAX):
            return False
        self._newest[key] = sample
        return True

    @property
    def samples(self) -> list[Sample]:
        return list(self._newest.values())

    def save(self) -> None:
        """Replace the file in one step. Raises `OSError`."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{NAME}.{os.getpid()}")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(msgspec.json.encode([(key[0], sample) for key, sample in self._newest.items()]))
            temporary.replace(self._path)
        except OSError:
            temporary.unlink()
            raise
