"""Small text files that the owner wrote: settings, passwords, tokens. Read with limits, told in words."""

import codecs
import errno
from pathlib import Path

from gauge_mqtt.app.setting_types import SettingsError

SIZE_MAX = 1 << 20
"""Bytes. Whoever names a device or a log by mistake gets a sentence instead of a full memory."""
OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip
"""Byte-order marks of what Windows editors and PowerShell write besides UTF-8; the longer ones begin as the others."""


def read_text(path: Path, what: str) -> str:
    """The text of a UTF-8 file, without the byte-order mark that some editors put first. `what`: how the file is named
    in a refusal, such as `the password file`.

    Raises `FileNotFoundError`, and `SettingsError` for all else that makes it unreadable.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(errno.ENOENT, error.strerror) from None
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror}") from None
    if len(data) > SIZE_MAX:
        raise SettingsError(f"{what} {path} has more than {SIZE_MAX >> 20} MB: is it the right file?")
    if other := next((name for mark, name in OTHER_MARKS.items() if data.startswith(mark)), None):
        raise SettingsError(f"{what} {path} is not UTF-8 text but {other}: save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{what} {path} is not UTF-8 text (line {line}): save it as UTF-8") from None


def why_not_new(path: Path, error: OSError) -> str:
    """Why a new file could not be made there, and what to name instead."""
    if isinstance(error, FileExistsError):
        return "something is there already; name a file that is not"
    if isinstance(error, FileNotFoundError):
        return f"there is no directory {path.parent}"
    return error.strerror or str(error)


def read_secret(path: Path, what: str) -> str:
    """The first line of a file. Raises `SettingsError` if it cannot be read, or is empty."""
    try:
        text = read_text(path, what)
    except FileNotFoundError as error:
        raise SettingsError(f"{what} {path}: {error.strerror}") from None
    secret = text.split("\n")[0].rstrip("\r")
    if not secret:
        raise SettingsError(f"{what} {path} is empty: its first line is what counts")
    return secret
