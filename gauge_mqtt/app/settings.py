"""What can be set. Each name is spelled once, in `Settings`.

The name `http_port` is the variable `CLAUDE_GAUGE_HTTP_PORT`, the key `http_port` of the TOML file and the flag
`--http-port`.
"""

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.topics import DISCOVERY_PREFIX, Topics, slug
from gauge_mqtt.core.reading import Limits
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT, MQTTS_PORT, Broker

ENV_PREFIX = "CLAUDE_GAUGE_"
CONFIG = "config"


class SettingsError(GaugeError):
    """A setting that cannot be used, in words for the person who set it."""


Tokens = Annotated[int, Field(gt=0)]


def xdg_directory(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "gauge-mqtt"


class Settings(BaseModel):
    """Every setting, with its range. Names that begin with a digit are aliases: those are the public ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=True)

    source: Literal["auto", "jsonl", "ccusage", "prometheus", "hybrid"] = Field(
        "auto",
        description="where the numbers come from; auto: Prometheus if its address is set (hybrid if there are logs here"
        " too), else ccusage if it is installed, else jsonl",
    )
    instance: str = Field(
        default_factory=socket.gethostname, description="name of this publisher in topics and entities"
    )
    ceiling_5h: Tokens | None = Field(
        None, alias="5h_ceiling", description="tokens that count as 100 % of the 5 h fuel"
    )
    ceiling_7d: Tokens | None = Field(
        None, alias="7d_ceiling", description="tokens that count as 100 % of the 7 d fuel"
    )
    tach_redline: Tokens | None = Field(
        None, description="tokens a minute that light HOT; unset: learned from your last 7 days, at least 8000"
    )
    stall_minutes: float = Field(
        5, gt=0, le=24 * 60, description="minutes that telemetry may be overdue before STALL lights"
    )
    cache_warn_below: float = Field(
        0.5, ge=0, le=1, description="cache hit rate that lights WARN when below it; 0 turns that off"
    )
    mqtt_url: str | None = Field(
        None, description="broker, mqtt://host:1883 or mqtts://host:8883; unset: localhost:1883, else an embedded one"
    )
    mqtt_username: str | None = Field(None, description="user name for the broker")
    mqtt_password: SecretStr | None = Field(None, description="password for the broker; never a flag")
    mqtt_password_file: Path | None = Field(None, description="file whose first line is the password")
    mqtt_ca_file: Path | None = Field(None, description="CA certificate (PEM) to trust instead of the system's")
    mqtt_cert_file: Path | None = Field(None, description="client certificate (PEM)")
    mqtt_key_file: Path | None = Field(None, description="key of the client certificate (PEM)")
    discovery_prefix: str = Field(
        DISCOVERY_PREFIX,
        pattern=r"^/*[A-Za-z0-9_-][A-Za-z0-9_/-]*$",
        description="Home Assistant's MQTT discovery prefix",
    )
    http_host: str = Field("127.0.0.1", description="address that GET /usage listens on")
    http_port: int = Field(8080, ge=0, le=65535, description="port that GET /usage listens on; 0 picks a free one")
    ccusage: Path | None = Field(None, description="the ccusage program; unset: found on PATH or in the npm package")
    ccusage_ttl: float = Field(10, ge=1, le=3600, description="seconds between two runs of ccusage at least")
    ccusage_timeout: float = Field(60, ge=1, le=600, description="seconds after which a run of ccusage is given up")
    ccusage_mcp_url: str | None = Field(
        None, pattern=r"^https?://", description="a running @ccusage/mcp server to ask instead; removed upstream"
    )
    prom_url: str | None = Field(None, pattern=r"^https?://", description="Prometheus, http://host:9090")
    prom_selector: str = Field("", description='label matchers that every series must fit, such as host_name="desk"')
    prom_username: str | None = Field(None, description="user name for Prometheus (basic auth)")
    prom_password: SecretStr | None = Field(None, description="password for Prometheus; never a flag")
    prom_password_file: Path | None = Field(None, description="file whose first line is that password")
    prom_token: SecretStr | None = Field(None, description="bearer token for Prometheus; never a flag")
    prom_token_file: Path | None = Field(None, description="file whose first line is that token")
    prom_ca_file: Path | None = Field(None, description="CA certificate (PEM) to trust instead of the system's")
    prom_temporality: Literal["auto", "cumulative", "delta"] = Field(
        "auto", description="whether the samples are counters or increments; auto tells it by how often they fall"
    )
    state_dir: Path = Field(
        default_factory=lambda: xdg_directory("XDG_STATE_HOME", ".local/state"), description="where the index is kept"
    )

    @field_validator("instance")
    @classmethod
    def _slug(cls, name: str) -> str:
        return slug(name)

    @field_validator(
        "ccusage", "state_dir", "mqtt_password_file", "mqtt_ca_file", "mqtt_cert_file", "mqtt_key_file",
        "prom_password_file", "prom_token_file", "prom_ca_file",
    )  # fmt: skip
    @classmethod
    def _home(cls, path: Path | None) -> Path | None:
        return path.expanduser() if path else None

    @field_validator("mqtt_password", "prom_password", "prom_token", mode="before")
    @classmethod
    def _as_it_is(cls, password: Any) -> Any:
        """A blank at either end belongs to a password."""
        return SecretStr(password) if isinstance(password, str) else password

    @field_validator("mqtt_url")
    @classmethod
    def _broker_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            plain = parts.port != 0 and not parts.path.strip("/") and not parts.query and not parts.fragment
        except ValueError:
            plain = False
        if not plain or parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("write it as mqtt://host:port or mqtts://host:port")
        if "@" in parts.netloc:
            raise ValueError("user and password do not belong into the address: use MQTT_USERNAME and MQTT_PASSWORD")
        return url

    @field_validator("ccusage_mcp_url", "prom_url")
    @classmethod
    def _no_user_in(cls, url: str | None) -> str | None:
        if url and "@" in urlsplit(url).netloc:
            raise ValueError("user and password do not belong into the address")
        return url

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for name in ("mqtt_password", "prom_password", "prom_token"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise ValueError(f"{name} and {name}_file are both set: keep one")
        if (self.prom_token or self.prom_token_file) and (self.prom_username or self.prom_password):
            raise ValueError("prom_token and prom_username are both set: a server takes one of them")
        if self.source in {"prometheus", "hybrid"} and not self.prom_url:
            raise ValueError(f"the source {self.source} needs prom_url, such as http://localhost:9090")
        if bool(self.mqtt_cert_file) != bool(self.mqtt_key_file):
            raise ValueError("mqtt_cert_file and mqtt_key_file belong together: set both")
        if self.discovery_prefix.strip("/") == Topics("x").base.split("/")[0]:
            raise ValueError("discovery_prefix must differ from the prefix of our own topics")
        return self

    @property
    def limits(self) -> Limits:
        return Limits(
            ceiling_5h=self.ceiling_5h,
            ceiling_7d=self.ceiling_7d,
            redline=self.tach_redline,
            stall_after=timedelta(minutes=self.stall_minutes),
            cache_warn_below=self.cache_warn_below,
        )

    @property
    def topics(self) -> Topics:
        return Topics(self.instance, self.discovery_prefix.strip("/"))

    def broker(self) -> Broker:
        """The broker as set, `localhost:1883` when nothing is. Raises `SettingsError` for an unreadable file."""
        parts = urlsplit(self.mqtt_url or f"mqtt://localhost:{MQTT_PORT}")
        tls = parts.scheme == "mqtts"
        for path in (self.mqtt_ca_file, self.mqtt_cert_file, self.mqtt_key_file):
            if path and not os.access(path, os.R_OK):
                raise SettingsError(f"{path} cannot be read: it is set as a TLS file for the broker")
        return Broker(
            host=parts.hostname or "localhost",
            port=parts.port or (MQTTS_PORT if tls else MQTT_PORT),
            tls=tls,
            username=self.mqtt_username,
            password=self.secret("mqtt_password"),
            ca_file=self.mqtt_ca_file,
            cert_file=self.mqtt_cert_file,
            key_file=self.mqtt_key_file,
        )

    def secret(self, name: str) -> str | None:
        """One of `SECRETS`, from the setting itself or from its file. Raises `SettingsError` for an unreadable file."""
        value: SecretStr | None = getattr(self, name)
        path: Path | None = getattr(self, f"{name}_file")
        if value or not path:
            return value.get_secret_value() if value else None
        what = name.split("_")[1]
        try:
            return path.read_text(encoding="utf-8").split("\n")[0].rstrip("\r")
        except OSError as error:
            raise SettingsError(f"the {what} file {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"the {what} file {path} is not UTF-8 text") from None


NAMES: dict[str, str] = {info.alias or name: name for name, info in Settings.model_fields.items()}
"""Public name -> field of `Settings`, in the order of the class."""
SECRETS = frozenset({"mqtt_password", "prom_password", "prom_token"})


def variable(name: str) -> str:
    return ENV_PREFIX + name.upper()


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")
