"""`cachedUsageUtilization` of `.claude.json`: what Claude Code was last told. Read only; the rest is passed over."""

import os
import stat
from collections.abc import Mapping
from math import isfinite
from pathlib import Path

import msgspec
from msgspec import Struct

from gauge_mqtt.core.quota import Sample
from gauge_mqtt.sources.plan_limits import Utilization, of_utilization

SIZE_MAX = 64 << 20
"""Bytes. It keeps a history a project; real ones reach some MB."""
BROKEN = (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)


class _Cached(Struct, rename="camel"):
    fetched_at_ms: float
    utilization: Utilization


class _State(Struct, rename="camel"):
    cached_usage_utilization: _Cached | None = None


_decode = msgspec.json.Decoder(_State).decode


def state_file(config_dir: Path, environ: Mapping[str, str], home: Path | None) -> Path:
    """Where Claude Code keeps its state: beside its directory where that is the default one, inside it else."""
    default = home is not None and config_dir == home / ".claude" and not environ.get("CLAUDE_CONFIG_DIR")
    return (home if default and home else config_dir) / ".claude.json"


class CacheFile:
    """One state file, looked into only when it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, ...] | None = None

    def read(self) -> list[Sample]:
        """The samples in it if it is new; nothing if it is not, is not there, or cannot be understood."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return []
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if identity == self._seen or not stat.S_ISREG(status.st_mode) or status.st_size > SIZE_MAX:
                return []
            self._seen = identity
            try:
                cached = _decode(file.read(SIZE_MAX)).cached_usage_utilization
            except BROKEN:
                return []  # it is being written, or is of another version: the other channels stay
        if cached is None or not isfinite(cached.fetched_at_ms):
            return []
        return of_utilization(cached.utilization, cached.fetched_at_ms / 1000, "cache")
