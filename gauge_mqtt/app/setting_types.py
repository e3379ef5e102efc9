"""What kinds of value a setting can have, each with its limits and a message for whoever mistyped it.

Each type checks what comes from a flag, a variable (always text) or the TOML file (any type), and says how it is
written when it is not. Nothing is looked up or opened here.
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PlainValidator, SecretStr, Tag

from gauge_mqtt.app import places
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.contract.topics import PREFIX, slug

TEXT_MAX, SECRET_MAX = 1024, 65_535
"""Characters; for a secret bytes, the most that MQTT can carry."""
HISTORY = "history"
EMPTY = "is empty: leave it out for the default"
LABEL = r"""\s*(?:[a-zA-Z_]\w*|"[a-zA-Z_][\w.]*")\s*"""
MATCHER = LABEL + r"""(?:=~|!~|!=|=)\s*(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)\s*"""
SELECTOR = re.compile(rf"\s*(?:{MATCHER}(?:,{MATCHER})*,?\s*)?", re.ASCII)


class SettingsError(GaugeError):
    """A setting that cannot be used, in words for the person who set it."""


def _text(value: Any) -> str:
    """One line of text without blanks around it."""
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")  # noqa: TRY004, pydantic knows ValueError only
    text = value.strip()
    if not text:
        raise ValueError(EMPTY)
    if len(text) > TEXT_MAX:
        raise ValueError(f"is longer than {TEXT_MAX:,} characters")
    if not all(char.isprintable() or "\udc80" <= char <= "\udcff" for char in text):
        raise ValueError("has a control character or a line end in it")
    return text


def _unicode(text: str) -> str:
    """Bytes of the environment that are not UTF-8 arrive as lone surrogates; only a path may have such."""
    if not _encodable(text):
        raise ValueError("is not UTF-8 text")
    return text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(value: Any) -> Path:
    return places.expanded(_text(os.fspath(value) if isinstance(value, Path) else value))


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("write it as a number")  # noqa: TRY004, pydantic knows ValueError only
    return value


def _switch(value: Any) -> Any:
    """On or off: `1`, `on`, `yes`, `true`, or their opposites."""
    if isinstance(value, str) and (word := value.strip().lower()) in {
        "1",
        "on",
        "yes",
        "true",
        "0",
        "off",
        "no",
        "false",
    }:
        return word in {"1", "on", "yes", "true"}
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    raise ValueError("write 1 or 0")


def _phrase_list(value: Any) -> str:
    """Phrases with semicolons between; empty: none."""
    return value if value == "" else _unicode(_text(value))


def checked_secret(text: str) -> str:
    """Blanks at either end belong to it. Raises `ValueError`, never with the secret in it."""
    if not text:
        raise ValueError(EMPTY)
    if not _encodable(text) or "\0" in text:
        raise ValueError("is not UTF-8 text")
    if len(text.encode()) > SECRET_MAX:
        raise ValueError(f"is longer than {SECRET_MAX:,} bytes")
    return text


def checked_token(text: str) -> str:
    """What fits into the header of a request."""
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("has a blank or a character in it that no token has")
    return text


def _secret(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")  # noqa: TRY004, pydantic knows ValueError only
    return SecretStr(checked_secret(value))


def _token(secret: SecretStr) -> SecretStr:
    checked_token(secret.get_secret_value())
    return secret


def _split(url: str, form: str) -> SplitResult:
    """The parts of a URL that has a host and no user in it. `form`: how such an address is written."""
    try:
        parts = urlsplit(url)
        fit = bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        raise ValueError(f"write it as {form}") from None
    if "@" in parts.netloc:
        raise ValueError("user and password do not belong into the address: they have settings of their own")
    if not fit:
        raise ValueError(f"write it as {form}")
    return parts


def _broker_url(url: str) -> str:
    form = "mqtt://host:port or mqtts://host:port"
    parts = _split(url, form)
    if parts.scheme not in {"mqtt", "mqtts"} or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"write it as {form}")
    return url


def _http_url(url: str) -> str:
    form = "http://host:port or https://host:port"
    parts = _split(url, form)
    if parts.scheme not in {"http", "https"} or parts.fragment:
        raise ValueError(f"write it as {form}")
    return url


def _base_url(url: str) -> str:
    """An address to which paths are appended."""
    if "?" in url:
        raise ValueError("ends before the question mark: write it as http://host:port or https://host:port")
    return url


def checked_base_url(text: str) -> str:
    """An address as `BaseUrl` takes it. Raises `ValueError`."""
    return _base_url(_http_url(_unicode(_text(text))))


def _listen_host(text: str) -> str:
    """An address or a name of this machine, without a port. Brackets around an IPv6 address are taken off."""
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in host or host != text:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            pass
    elif host == "*":
        raise ValueError("to listen on every address write 0.0.0.0, or :: for IPv6 as well")
    elif re.fullmatch(r"[\w.-]+", host):
        return host
    raise ValueError("write an address or a host name alone, such as 127.0.0.1; the port is http_port")


def _host_list(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")  # noqa: TRY004, pydantic knows ValueError only
    hosts = [host.strip().lower() for host in value.split(",") if host.strip()]
    try:
        return ",".join(host if host == "*" else _listen_host(host) for host in hosts)
    except ValueError:
        raise ValueError("write host names with commas between, without scheme and port") from None


def _name_list(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")  # noqa: TRY004, pydantic knows ValueError only
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not all(re.fullmatch(r"[\w.*-]{1,64}", name, re.ASCII) for name in names):
        raise ValueError("write names with commas between, such as claude-code*,opencode")
    return ",".join(names)


def _prefix(text: str) -> str:
    levels = text.strip("/").split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", level) for level in levels):
        raise ValueError("write it as topic levels of letters, digits, _ and -, such as homeassistant")
    if levels[0] == PREFIX:
        raise ValueError(f"must differ from the prefix of our own topics, {PREFIX}")
    return "/".join(levels)


class InstanceName(str):
    """The name of an instance as a topic level. `spelling`: as its owner writes it."""

    __slots__ = ("spelling",)
    spelling: str

    def __new__(cls, text: str) -> Self:
        self = super().__new__(cls, slug(text))
        self.spelling = getattr(text, "spelling", text)
        return self


def _instance(value: Any) -> InstanceName:
    return InstanceName(value if isinstance(value, InstanceName) else _unicode(_text(value)))


def _selector(value: Any) -> str:
    if value == "":
        return ""
    text = _unicode(_text(value))
    if not SELECTOR.fullmatch(text):
        raise ValueError('write it as host_name="desk", several of them with commas between, without braces')
    return text


def _kind_of_ceiling(value: Any) -> str:
    return HISTORY if isinstance(value, str) and value.strip().lower() == HISTORY else "tokens"


Text = Annotated[str, BeforeValidator(_text), AfterValidator(_unicode)]
Instance = Annotated[str, PlainValidator(_instance)]
"""An `InstanceName`."""
File = Annotated[Path, BeforeValidator(_path)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Token = Annotated[Secret, AfterValidator(_token)]
BrokerUrl = Annotated[Text, AfterValidator(_broker_url)]
HttpUrl = Annotated[Text, AfterValidator(_http_url)]
BaseUrl = Annotated[HttpUrl, AfterValidator(_base_url)]
ListenHost = Annotated[Text, AfterValidator(_listen_host)]
HostList = Annotated[str, BeforeValidator(_host_list)]
NameList = Annotated[str, BeforeValidator(_name_list)]
TopicPrefix = Annotated[Text, Field(max_length=64), AfterValidator(_prefix)]
Selector = Annotated[str, BeforeValidator(_selector)]
Tokens = Annotated[int, BeforeValidator(_number), Field(gt=0, le=10**15)]
Ceiling = Annotated[
    Annotated[Tokens, Tag("tokens")]
    | Annotated[Literal["history"], PlainValidator(lambda _word: HISTORY), Tag(HISTORY)],
    Discriminator(_kind_of_ceiling),
]
Port = Annotated[int, BeforeValidator(_number), Field(ge=0, le=65_535)]
Number = Annotated[float, BeforeValidator(_number)]
Switch = Annotated[bool, BeforeValidator(_switch)]
PhraseList = Annotated[str, BeforeValidator(_phrase_list)]
