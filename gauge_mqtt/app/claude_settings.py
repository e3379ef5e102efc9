"""Claude Code's `settings.json`, which belongs to its owner: read, and replaced in one step with its mode kept."""

import os
import stat
from pathlib import Path
from typing import Any

from gauge_mqtt.app.json_edit import parsed
from gauge_mqtt.contract.errors import GaugeError

BOM = "\ufeff"


class InstallError(GaugeError):
    """Why a `settings.json` is left as it is, in words for its owner."""


def read(path: Path) -> str | None:
    """The text of the file; `None` if there is none. Raises `InstallError`."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise InstallError(f"{path} is not a file")
        data = path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise InstallError(f"{path} is a link to {os.path.realpath(path)}, which is not there") from None
        return None
    except OSError as error:
        raise InstallError(f"{path}: {error.strerror}") from None
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InstallError(f"{path} is not UTF-8 text") from None


def settings_in(path: Path, text: str) -> dict[str, Any]:
    """The settings that are the text of that file. Raises `InstallError`."""
    try:
        return parsed(text.removeprefix(BOM))
    except ValueError as error:
        raise InstallError(f"{path} is not JSON ({error}): Claude Code ignores it; mend it first") from None


def writable(path: Path) -> Path:
    """The file itself, behind whatever links. Raises `InstallError` if it may not be replaced."""
    real = Path(os.path.realpath(path))
    if not _may_write(real.parent) or (os.path.exists(real) and not _may_write(real)):
        said = f"{path} is a link to {real}, which" if path.is_symlink() else str(real)
        raise InstallError(f"{said} may not be written by you")
    return real


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def replace(path: Path, text: str) -> None:
    """In one step, with the mode and owner it has."""
    before = path.stat() if os.path.exists(path) else None
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode())
            if before:
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
                if before.st_uid != os.geteuid():
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise
