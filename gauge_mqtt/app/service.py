"""The publisher as a service of its user: a unit for systemd, an agent for launchd on a Mac."""

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gauge_mqtt.app import places
from gauge_mqtt.app.settings import CONFIG, NAMES, SECRETS, variable
from gauge_mqtt.app.settings_loader import LoadedSettings
from gauge_mqtt.contract.errors import GaugeError

Form = Literal["systemd", "launchd"]
UNIT = "gauge-mqtt.service"
LABEL = "claude-gauge.gauge-mqtt"
RESTART_S = 5
KEPT = ("PATH", "CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TZ")
"""Variables besides our own by which the service finds what the shell it was made in finds: ccusage, the logs."""
PATIENCE_S = 30
UNIT_TEXT = """\
# Made by `gauge-mqtt service install`; `gauge-mqtt service uninstall` removes it.
[Unit]
Description=Claude Gauge: Claude Code usage on MQTT

[Service]
ExecStart={command}
{environment}
Restart=on-failure
RestartSec={restart_s}
# wrong settings: to try again would not help
RestartPreventExitStatus=2

[Install]
WantedBy=default.target
"""


class ServiceError(GaugeError):
    """No service can be made here, or its manager refuses it."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is started, and in which environment: only what the service's manager would not know by itself."""

    program: str
    environment: dict[str, str]

    def text(self, form: Form) -> str:
        if form == "launchd":
            agent = {
                "Label": LABEL,
                "ProgramArguments": [self.program, "run"],
                "EnvironmentVariables": self.environment,
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "ThrottleInterval": RESTART_S,
                "StandardErrorPath": f"{places.home()}/Library/Logs/gauge-mqtt.log",
            }
            return plistlib.dumps(agent, sort_keys=False).decode()
        return UNIT_TEXT.format(
            command=f"{_quoted(self.program).replace('$', '$$')} run",
            environment="\n".join(
                f"Environment={_quoted(f'{name}={value}')}" for name, value in self.environment.items()
            ),
            restart_s=RESTART_S,
        )


def service(loaded: LoadedSettings, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Service:
    """The service that runs with the settings of this call: those of `flags` (field -> as given) and of variables are
    written into it, those of the settings file stay there.

    Raises `ServiceError` for a secret, which others may read in a unit, and where the program is not installed.
    """
    program = Path(sys.executable).with_name("gauge-mqtt")
    if not os.path.exists(program):
        raise ServiceError(f"gauge-mqtt is not beside {sys.executable}: install it with pip or pipx")
    environment = {name: environ[name] for name in KEPT if environ.get(name)}
    if file := flags[CONFIG] or environ.get(variable(CONFIG)):
        environment[variable(CONFIG)] = str(places.expanded(file).absolute())
    for name, origin in loaded.origins.items():
        given = {"flag": flags.get(NAMES[name]), "environment": environ.get(variable(name))}.get(origin.split()[0])
        if given is not None:
            environment[variable(name)] = _written(name, given, getattr(loaded.settings, NAMES[name]))
    return Service(str(program), environment)


def _written(name: str, given: str, value: object) -> str:
    """A setting as a variable: as given, but a path whole. Raises `ServiceError` for a secret."""
    if name in SECRETS:
        raise ServiceError(
            f"{name} would stand in a file of the service: put it into a file of its own and set {name}_file instead",
            setting=f"{name}_file",
        )
    return str(value.absolute()) if isinstance(value, Path) else given


def _quoted(text: str) -> str:
    """One word of a unit, quoted as systemd.syntax(7) says."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        text = text.replace(plain, written)
    return f'"{text}"'


def unit_file() -> Path:
    """Where systemd looks for the units of a user. Raises `ServiceError` without a home directory."""
    config = places.config_dir()
    if config is None:
        raise ServiceError("a service of a user needs a home directory: `gauge-mqtt service show` prints the unit")
    return config.parent / "systemd/user" / UNIT


def install(text: str) -> Path:
    """Write the unit, start it, and let it start with the user from now on. Raises `ServiceError`."""
    path = unit_file()
    _systemctl("daemon-reload")  # asked first: nothing is written where there is no manager
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ServiceError(f"{error.filename}: {error.strerror}") from None
    _systemctl("daemon-reload")
    _systemctl("enable", UNIT)
    _systemctl("restart", UNIT)
    return path


def uninstall() -> Path | None:
    """Stop it and remove the unit; `None` if there is none. Raises `ServiceError`."""
    path = unit_file()
    if not os.path.exists(path):
        return None
    _systemctl("disable", "--now", UNIT)
    path.unlink()
    _systemctl("daemon-reload")
    return path


def ends_at_logout() -> bool:
    """Whether systemd ends this user's services with the last session, as it does by default; unknown counts as no."""
    if not shutil.which("loginctl"):
        return False
    command = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)  # noqa: S603, words of ours
    return said.stdout.strip() == "no"


def _systemctl(*words: str) -> None:
    if not shutil.which("systemctl"):
        raise ServiceError("there is no systemd here: give `gauge-mqtt run` to the service manager you have")
    command = ["systemctl", "--user", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ServiceError(f"{' '.join(command)}: no answer within {PATIENCE_S} s") from None
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        hint = "; your own systemd runs while you are logged in, or after `sudo loginctl enable-linger $USER`"
        raise ServiceError(f"{' '.join(command)}: {said}{hint if 'connect to bus' in said else ''}")
