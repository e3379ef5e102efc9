"""What can be set. Each name is spelled once, in `Settings`.

The name `http_port` is the variable `CLAUDE_GAUGE_HTTP_PORT`, the key `http_port` of the TOML file and the flag
`--http-port`. How a value may look is in `setting_types`, how the layers are put together in `settings_loader`.
"""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from gauge_mqtt.app import places
from gauge_mqtt.app import setting_types as types
from gauge_mqtt.app.text_files import read_secret
from gauge_mqtt.app.tls_files import check_authority, check_identity
from gauge_mqtt.contract.topics import DISCOVERY_PREFIX, Topics
from gauge_mqtt.core.reading import Limits
from gauge_mqtt.sinks.mqtt.broker import MQTT_PORT, MQTTS_PORT, Broker

ENV_PREFIX = "CLAUDE_GAUGE_"
CONFIG = "config"


def short_host_name() -> str:
    """The first label of the host name: the domain behind it changes with the network that a laptop is in."""
    return socket.gethostname().split(".")[0]


class Settings(BaseModel):
    """Every setting, with its range. Names that begin with a digit are aliases: those are the public ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    source: Literal["auto", "jsonl", "ccusage", "prometheus", "hybrid", "demo", "replay"] = Field(
        "auto",
        description="where the numbers come from; auto: Prometheus if its address is set (hybrid if there are logs here"
        " too), else ccusage if it is installed, else jsonl; demo: a scripted day in ten minutes; replay: a tape",
    )
    instance: types.Instance = Field(
        default_factory=lambda data: data["source"] if data.get("source") in {"demo", "replay"} else short_host_name(),
        description="name of this publisher in topics and entities; unset: the host name without its domain",
    )
    ceiling_5h: types.Ceiling | None = Field(
        None,
        alias="5h_ceiling",
        description="tokens that count as 100 % of the 5 h fuel; history: those of your largest"
        " finished block in the last 30 days",
    )
    ceiling_7d: types.Ceiling | None = Field(
        None,
        alias="7d_ceiling",
        description="tokens that count as 100 % of the 7 d fuel; history: those of your largest"
        " seven whole days in the last 30 days",
    )
    tach_redline: types.Tokens | None = Field(
        None, description="tokens a minute that light HOT; unset: learned from your last 7 days, at least 8000"
    )
    stall_minutes: types.Number = Field(
        5, gt=0, le=24 * 60, description="minutes that telemetry may be overdue before STALL lights"
    )
    cache_warn_below: types.Number = Field(
        0.5, ge=0, le=1, description="cache hit rate that lights WARN when below it; 0 turns that off"
    )
    mqtt_url: types.BrokerUrl | None = Field(
        None, description="broker, mqtt://host:1883 or mqtts://host:8883; unset: localhost:1883, else an embedded one"
    )
    mqtt_username: types.Text | None = Field(None, description="user name for the broker")
    mqtt_password: types.Secret | None = Field(None, description="password for the broker; never a flag")
    mqtt_password_file: types.File | None = Field(None, description="file whose first line is the password")
    mqtt_ca_file: types.File | None = Field(None, description="CA certificate (PEM) to trust instead of the system's")
    mqtt_cert_file: types.File | None = Field(None, description="client certificate (PEM)")
    mqtt_key_file: types.File | None = Field(None, description="key of the client certificate (PEM)")
    discovery_prefix: types.TopicPrefix = Field(DISCOVERY_PREFIX, description="Home Assistant's MQTT discovery prefix")
    http_host: types.ListenHost = Field("127.0.0.1", description="address that GET /usage listens on")
    http_port: types.Port = Field(8080, description="port that GET /usage listens on; 0 picks a free one")
    http_allowed_hosts: types.HostList = Field(
        "", description="further host names by which it may be asked, such as a proxy's, with commas between; * for any"
    )
    ccusage: types.File | None = Field(
        None, description="the ccusage program; unset: found on PATH or in the npm package"
    )
    ccusage_ttl: types.Number = Field(10, ge=1, le=3600, description="seconds between two runs of ccusage at least")
    ccusage_timeout: types.Number = Field(
        60, ge=1, le=600, description="seconds after which a run of ccusage is given up"
    )
    ccusage_mcp_url: types.HttpUrl | None = Field(
        None, description="a running @ccusage/mcp server to ask instead; removed upstream"
    )
    prom_url: types.BaseUrl | None = Field(None, description="Prometheus, http://host:9090")
    prom_selector: types.Selector = Field(
        "", description='label matchers that every series must fit, such as host_name="desk"'
    )
    prom_username: types.Text | None = Field(None, description="user name for Prometheus (basic auth)")
    prom_password: types.Secret | None = Field(None, description="password for Prometheus; never a flag")
    prom_password_file: types.File | None = Field(None, description="file whose first line is that password")
    prom_token: types.Token | None = Field(None, description="bearer token for Prometheus; never a flag")
    prom_token_file: types.File | None = Field(None, description="file whose first line is that token")
    prom_ca_file: types.File | None = Field(None, description="CA certificate (PEM) to trust instead of the system's")
    prom_headers_file: types.File | None = Field(
        None, description="file with further headers for Prometheus, a line each, such as X-Scope-OrgID: team"
    )
    prom_temporality: Literal["auto", "cumulative", "delta"] = Field(
        "auto", description="whether the samples are counters or increments; auto tells it by how often they fall"
    )
    prom_services: types.NameList = Field(
        "",
        description="`service.name` of what counts, with commas between, * for any letters; unset: Claude Code's own",
    )
    tape: types.File | None = Field(None, description="what the source replay plays: `gauge-mqtt record` makes it")
    tape_speed: types.Number = Field(1, ge=0.01, le=1000, description="how many times as fast as it was recorded")
    quota_account: types.File | None = Field(
        None, description="configuration directory whose plan is shown; unset: the one that was used last"
    )
    quota_poll: types.Number | None = Field(
        None, ge=5, le=24 * 60, description='minutes between two runs of `claude -p "/usage"`; unset: never'
    )
    claude: types.File | None = Field(None, description="the claude program for that; unset: found on PATH")
    insights: types.Switch = Field(
        False,  # noqa: FBT003, its place is the default's
        description="1: keep counts of how you work with Claude Code, by day, in the state directory, and publish them;"
        " never a text, a path or a name",
    )
    insights_phrases: types.PhraseList = Field(
        "Dude, chill", description="phrases of yours to count in prompts, with ; between; empty: none"
    )
    insights_git: types.Switch = Field(
        False,  # noqa: FBT003
        description="1: count your own commits in the directories that the logs name, read-only, with insights on",
    )
    insights_series: types.File | None = Field(
        None, description="JSON or CSV file with a number a day, to correlate with tokens by day, with insights on"
    )
    state_dir: types.File | None = Field(
        default_factory=places.state_dir, description="where the index is kept; unset without a home directory: nowhere"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for name in ("mqtt_password", "prom_password", "prom_token"):
            if getattr(self, name) and getattr(self, f"{name}_file"):
                raise ValueError(f"{name} and {name}_file are both set: keep one")
        if (self.prom_token or self.prom_token_file) and (
            self.prom_username or self.prom_password or self.prom_password_file
        ):
            raise ValueError("prom_token and prom_username are both set: a server takes one of them")
        if self.source in {"prometheus", "hybrid"} and not self.prom_url:
            raise ValueError(f"the source {self.source} needs prom_url, such as http://localhost:9090")
        if self.source == "replay" and not self.tape:
            raise ValueError("the source replay needs tape, the file that `gauge-mqtt record` made")
        if bool(self.mqtt_cert_file) != bool(self.mqtt_key_file):
            raise ValueError("mqtt_cert_file and mqtt_key_file belong together: set both")
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
        return Topics(self.instance, self.discovery_prefix, getattr(self.instance, "spelling", ""))

    def broker(self) -> Broker:
        """The broker as set, `localhost:1883` when nothing is. Raises `SettingsError` for an unreadable file."""
        parts = urlsplit(self.mqtt_url or f"mqtt://localhost:{MQTT_PORT}")
        tls = parts.scheme == "mqtts"
        check_authority("mqtt_ca_file", self.mqtt_ca_file)
        check_identity(("mqtt_cert_file", "mqtt_key_file"), self.mqtt_cert_file, self.mqtt_key_file)
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
        what = f"the {name.split('_')[1]} file"
        check = types.checked_token if name == "prom_token" else types.checked_secret
        try:
            return check(read_secret(path, what))
        except ValueError as error:
            raise types.SettingsError(f"{what} {path} {error}") from None


NAMES: dict[str, str] = {info.alias or name: name for name, info in Settings.model_fields.items()}
"""Public name -> field of `Settings`, in the order of the class."""
SECRETS = frozenset({"mqtt_password", "prom_password", "prom_token"})


def variable(name: str) -> str:
    return ENV_PREFIX + name.upper()


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")
