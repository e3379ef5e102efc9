"""A Prometheus-compatible HTTP API, asked with limits. Untrusted: typed, bounded in time and size."""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from gauge_mqtt.contract.certificates import NO_AUTHORITY_HELPS, certificate_trouble
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.sources.prometheus.mask import Mask

logging.getLogger("httpx").setLevel(logging.WARNING)  # else it tells of every request

TIMEOUT_S = 10.0
ANSWER_MAX = 1 << 22
"""Bytes. Our answers are sums: a few kB, a hundred for three hours by the minute."""
VALUE_MAX = 1e15
"""Tokens, USD or unix seconds: more than any of our questions can have for an answer, and still exact as a float."""
INSTANT_MAX = 4_102_444_800
"""The year 2100, unix seconds. What lies beyond, or before 1970, is no time that a sample was taken at."""
INSTANT = "/api/v1/query"
FRESH = {"nocache": "1", "latency_offset": "1s"}
"""Without these VictoriaMetrics hides the newest 30 s, and moves a range to where it has an answer already. Others know
neither.
"""
WHOLE = {"partial_response": "false"}
"""Thanos is to fail rather than leave out what a store that is away would have told. Others do not know it."""
ANNOTATION = "PromQL "
"""How a warning about the question begins, from Prometheus 2.48 on. All others say that something is missing."""
LIMITED = "results truncated due to limit"
"""What Prometheus 3 warns of where there is more than we asked for."""
QUOTED = 200
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
TOO_MUCH = (422, 503)
"""How Prometheus says that a question took too long or would have loaded too many samples."""
CA_SETTING = "CLAUDE_GAUGE_PROM_CA_FILE"


class PromError(GaugeError):
    """Prometheus cannot be asked or its answer cannot be used; in words for its owner."""

    setting = "prom_url"


class TooMuchError(PromError):
    """What was asked takes the server too long, or too much of its memory."""


class PartError(PromError):
    """An answer leaves out what a part of the server knows that is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where Prometheus is and how to be let in. A `token` is sent as bearer. `headers`: more, such as the tenant of an
    engine that has several.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Sample(msgspec.Struct, frozen=True):
    """One series of an answer: (unix seconds, value) once for an instant, per step for a range."""

    labels: dict[str, str]
    points: list[tuple[float, float]]

    @property
    def value(self) -> float:
        return self.points[-1][1]


class _Series(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []


class _Data(msgspec.Struct):
    result: list[_Series]


class Whole(msgspec.Struct, rename="camel", kw_only=True):
    """What every answer says of itself. `is_partial`: a cluster of VictoriaMetrics answers with what it has while one
    of its storages is away. Thanos says that in `warnings`, and so does Prometheus with a remote storage.
    """

    warnings: list[str] = []
    is_partial: bool = False


Answer = TypeVar("Answer", bound=Whole)


class _RowsAnswer(Whole, kw_only=True):
    data: _Data


class _ValuesAnswer(Whole, kw_only=True):
    data: list[str]


class Runtime(msgspec.Struct, rename="camel"):
    """What a server says of itself; empty where it does not say that."""

    start_time: str = ""
    storage_retention: str = ""


class _RuntimeAnswer(Whole, kw_only=True):
    data: Runtime


class _Fault(msgspec.Struct):
    error: str


class PromApi:
    """One server, one connection that is kept.

    `renew` gives the server again after it refused our credentials: they may have been changed in their file since. It
    raises `GaugeError` if it cannot.
    """

    def __init__(self, server: Server, renew: Callable[[], Server] | None = None) -> None:
        parts = urlsplit(server.url.rstrip("/"))
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._server, self._address = server, parts.geturl()
        self._renew = renew
        self._client: httpx.AsyncClient | None = None

    def __str__(self) -> str:
        return self.url

    async def query(self, expression: str, at: float | None = None) -> list[Sample]:
        """`expression` at `at` (unix seconds), or at the server's now. Of a range vector its samples as they are kept.
        Raises `PromError`, as all of these do.
        """
        when = {} if at is None else {"time": f"{at:.3f}"}
        return await self._rows(INSTANT, {"query": expression} | when)

    async def query_range(self, expression: str, first: int, last: int, step: int) -> list[Sample]:
        """`expression` at each `step` from `first` to `last` (unix seconds)."""
        form = {"query": expression, "start": str(first), "end": str(last), "step": str(step)}
        rows = await self._rows("/api/v1/query_range", form)
        if any(not first - step < at < last + step for row in rows for at, _ in row.points):
            raise PromError(f"{self.url} answers for times that were not asked for")
        return rows

    async def values(self, label: str, matcher: str, since: float = 0.0) -> set[str]:
        """Those of a label in the series that fit `matcher`, `since` an instant (unix s) or as far back as the server
        remembers. VictoriaMetrics must be told: by itself it answers for the present day (UTC) only.
        """
        form = {"match[]": matcher, "start": f"{since:.0f}"}
        return set((await self.get(f"/api/v1/label/{label}/values", form, _ValuesAnswer)).data)

    async def runtime(self) -> Runtime:
        return (await self._ask("GET", "/api/v1/status/runtimeinfo", {}, _RuntimeAnswer)).data

    async def get(self, path: str, form: dict[str, str], kind: type[Answer]) -> Answer:
        """Anything else there is to know."""
        return await self._ask("GET", path, form | WHOLE, kind)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _rows(self, path: str, form: dict[str, str]) -> list[Sample]:
        answer = await self._ask("POST", path, form | FRESH | WHOLE | {"timeout": f"{TIMEOUT_S:g}s"}, _RowsAnswer)
        rows = []
        for series in answer.data.result:
            points = [(at, _number(text)) for at, text in ([series.value] if series.value else series.values)]
            if path == INSTANT and series.values:  # where a series ended VictoriaMetrics has NaN among its samples
                points = [point for point in points if not math.isnan(point[1])]
                if not points:
                    continue
            if not points or not all(math.isfinite(value) for _, value in points):
                raise PromError(f"{self.url} answers with {points[-1][1] if points else 'nothing'} instead of a number")
            if not all(0 <= at <= INSTANT_MAX and abs(value) <= VALUE_MAX for at, value in points):
                raise PromError(f"{self.url} answers with {points[-1][1]:g} at {points[-1][0]:g}: that cannot be")
            rows.append(Sample(series.metric, points))
        return rows

    def _judged(self, answer: Answer, *, limited: bool) -> Answer:
        """What is not whole is no answer: it would be a smaller number in silence. `limited`: we asked for a part."""
        harmless = (ANNOTATION, LIMITED) if limited else (ANNOTATION,)
        if missing := "; ".join(warning for warning in answer.warnings if not warning.startswith(harmless)):
            raise PartError(f"{self.url} answers in part only: {self._quoted(missing)}")
        if answer.is_partial:
            raise PartError(f"{self.url} answers in part only: one of its storages is away")
        return answer

    async def _ask(self, method: str, path: str, form: dict[str, str], kind: type[Answer]) -> Answer:
        """The whole exchange, not only each wait in it, is over in time."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, body = await self._exchange(method, path, form)
        except (TimeoutError, httpx.TimeoutException):
            raise TooMuchError(f"{self.url} does not answer within {TIMEOUT_S:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._error(error) from None
        if status in {UNAUTHORIZED, FORBIDDEN}:
            why = f"{self.url} refuses our credentials ({status}): check the user, password or token"
            setting = "prom_token_file" if self._server.token else "prom_username"
            raise PromError(why + await self._read_credentials_again(), setting=setting)
        return self._judged(self._read(status, body, kind), limited="limit" in form)

    async def _read_credentials_again(self) -> str:
        """For the next question. Why they cannot be read, as the end of a sentence."""
        try:
            renewed = self._renew() if self._renew else self._server
        except GaugeError as error:
            return f"; {error}"
        if renewed != self._server:
            self._server = renewed
            await self.close()
        return ""

    async def _exchange(self, method: str, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        if self._client is None:
            self._client = self._connect()
        content = {"data": form} if method == "POST" else {"params": form}
        body = bytearray()
        async with self._client.stream(method, self._address + path, **content) as response:  # type: ignore[arg-type]
            async for part in response.aiter_raw():
                body += part
                if len(body) > ANSWER_MAX:
                    raise TooMuchError(f"{self.url} answers with more than {ANSWER_MAX >> 20} MB")
        return response.status_code, bytes(body)

    def _connect(self) -> httpx.AsyncClient:
        server = self._server
        auth = httpx.BasicAuth(server.username, server.password or "") if server.username else None
        headers = {"accept-encoding": "identity"}  # what is packed is not bounded by its size
        if server.token:
            headers["authorization"] = f"Bearer {server.token}"
        try:
            secure = self._address.startswith("https:")
            verify = ssl.create_default_context(cafile=server.ca_file) if secure else False
        except OSError as error:
            why = f"cannot read {server.ca_file} as CA: {error.strerror or error}; see {CA_SETTING}"
            raise PromError(why, setting="prom_ca_file") from None
        headers |= dict(server.headers)
        return httpx.AsyncClient(auth=auth, headers=headers, verify=verify, timeout=TIMEOUT_S, follow_redirects=False)

    def _read(self, status: int, body: bytes, kind: type[Answer]) -> Answer:
        if status == httpx.codes.OK:
            try:
                return msgspec.json.decode(body, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise PromError(f"{self.url} is no Prometheus API, it answers: {self._start(body)!r}") from None
        try:
            said = self._quoted(msgspec.json.decode(body, type=_Fault).error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = repr(self._start(body))
        hint = "; is that the address of Prometheus itself?" if status == NOT_FOUND else ""
        hint = "; is there a login page in front of it?" if httpx.codes.is_redirect(status) else hint
        if status == httpx.codes.BAD_REQUEST:  # our own part of the question is well-formed
            raise PromError(f"{self.url} answers {status}: {said}", setting="prom_selector")
        if status in TOO_MUCH:
            raise TooMuchError(f"{self.url} answers {status}: {said}")
        raise PromError(f"{self.url} answers {status}: {said}{hint}")

    def _start(self, body: bytes) -> str:
        return self._quoted(body.decode("utf-8", "replace"))

    def _quoted(self, text: str) -> str:
        server, in_url = self._server, urlsplit(self._address)
        values = [value for _, value in server.headers]
        text = Mask(server.username, server.password, server.token, values)(text)
        return Mask(unquote(in_url.username or ""), unquote(in_url.password or ""), None)(text)[:QUOTED]

    def _error(self, error: BaseException) -> PromError:
        """The library keeps the reason some causes deep."""
        cause = error
        while deeper := cause.__cause__ or cause.__context__:
            cause = deeper
        match cause:
            case ssl.SSLCertVerificationError():
                return self._untrusted(cause)
            case ssl.SSLError():
                return PromError(f"TLS with {self.url} failed: {cause.reason or cause}; is this its TLS port?")
            case socket.gaierror() | UnicodeError():  # the latter: an empty label in the name, or a very long one
                why = getattr(cause, "strerror", None) or "this is not a host name"
                return PromError(f"no such host: {urlsplit(self.url).hostname} ({why})")
            case ConnectionRefusedError():
                return PromError(f"connection refused by {self.url}; is Prometheus running?")
            case OSError() if cause.strerror:
                return PromError(f"{self.url} cannot be reached: {cause.strerror}")
            case _:
                return PromError(f"{self.url} cannot be reached: {self._quoted(str(error)) or type(error).__name__}")

    def _untrusted(self, cause: ssl.SSLCertVerificationError) -> PromError:
        code = cause.verify_code
        names = {"url_setting": "CLAUDE_GAUGE_PROM_URL", "ca_setting": CA_SETTING}
        trouble, cure = certificate_trouble(self.url, code, cause.verify_message, **names)
        return PromError(f"{trouble}; {cure}", setting="prom_ca_file", fix=cure if code in NO_AUTHORITY_HELPS else "")


def _number(text: str) -> float:
    """Prometheus writes numbers as text, `NaN` and `+Inf` among them."""
    try:
        return float(text)
    except ValueError:
        return math.nan
