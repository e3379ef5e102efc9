"""Where Claude Code keeps its session logs, and whether its file system announces changes."""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from gauge_mqtt.sources.logs.listing import is_gone

POLLED_FILESYSTEMS = frozenset(
    {"9p", "afs", "ceph", "cifs", "davfs", "drvfs", "fuse.sshfs", "glusterfs", "ncpfs", "nfs", "nfs4", "prl_fs",
     "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "fuse.vmhgfs-fuse", "fuse.rclone", "fakeowner", "fuse.grpcfuse"}
)  # fmt: skip
"""File systems where inotify accepts a watch and another machine's writes never ring it."""


OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
"""How mountinfo spells a blank, and what else would break its lines."""
NAME_PARTS = 8
"""So many parts between commas are looked at as one name."""


def log_roots(environ: Mapping[str, str], home: Path | None) -> list[Path]:
    """The `projects` directories of `config_homes`. Links are resolved; one inside another is read once."""
    roots = [Path(os.path.realpath(config / "projects")) for config in config_homes(environ, home)]
    return [r for i, r in enumerate(roots) if r not in roots[:i] and not any(o in r.parents for o in roots)]


def config_homes(environ: Mapping[str, str], home: Path | None) -> list[Path]:
    """Claude Code's configuration directories, whether they exist or not, as ccusage finds them.

    `CLAUDE_CONFIG_DIR` (a comma list; `~` and a trailing `/projects` are understood), else `~/.claude` and
    `$XDG_CONFIG_HOME/claude` (`~/.config/claude`). `home`: the user's, or `None`; then `~` names nothing.
    """
    listed = _listed(environ.get("CLAUDE_CONFIG_DIR", ""))
    if listed:
        configs = [home / part[2:] if home and part.startswith("~/") else Path(part) for part in listed]
    else:
        xdg = environ.get("XDG_CONFIG_HOME") or (home and home / ".config")
        configs = [*([home / ".claude"] if home else []), *([Path(xdg) / "claude"] if xdg else [])]
    return [config.parent if config.name == "projects" else config for config in configs]


def _listed(text: str) -> list[str]:
    """The entries of a comma list of directories. A comma between two parts is one of the name if that exists."""
    parts, listed = text.split(","), []
    while parts:
        longest_first = range(min(len(parts), NAME_PARTS), 1, -1)
        size = next((size for size in longest_first if os.path.isdir(",".join(parts[:size]).strip())), 1)
        listed.append(",".join(parts[:size]).strip())
        parts = parts[size:]
    return [part for part in listed if part]


def present(roots: Iterable[Path]) -> list[Path]:
    """The roots that are there, readable or not."""
    return [root for root in roots if _is_there(root)]


def _is_there(root: Path) -> bool:
    try:
        return stat.S_ISDIR(root.stat().st_mode)
    except OSError as error:
        return not is_gone(error)


def polled_filesystem(path: Path, mountinfo: str) -> str | None:
    """The type of the file system `path` is on if inotify cannot be trusted there (`/proc/self/mountinfo` text)."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, types = left.split(), right.split()
        if len(fields) < 5 or not types:  # noqa: PLR2004, proc(5)
            continue
        mount = Path(os.fsdecode(OCTAL.sub(lambda code: bytes([int(code[1], 8)]), os.fsencode(fields[4]))))
        if (mount == path or mount in path.parents) and len(mount.parts) >= best:
            best, kind = len(mount.parts), types[0]
    return kind if kind in POLLED_FILESYSTEMS else None
