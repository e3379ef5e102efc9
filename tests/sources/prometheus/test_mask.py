"""Our own secrets are never shown, whoever repeats them in whatever spelling."""

import base64
import json
import logging
import re
from urllib.parse import quote

import pytest

from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.sources.prometheus.api import PromApi, PromError, Server
from gauge_mqtt.sources.prometheus.mask import MASK, Mask
from tests.support.prom_lab import FakeServer

pytestmark = pytest.mark.anyio
TOKEN = "s3cr3t/tok+en=="  # noqa: S105, nobody's
USER, PASSWORD = "gauge", "p&ss w<rd"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ECHOES = {
    "header": "Authorization: {}",
    "json": json.dumps({"status": "error", "error": "bad header: {}"}),
    "far behind": "x" * 190 + " {}",
    "long": "y " * 3000 + "{}",
    "html": "<pre>{}</pre>",
    "names": json.dumps({"status": "success", "data": {"result": "{}"}}),
}


def shown(text: str) -> set[str]:
    """Which parts of the secrets are in it: of each any six characters in a row."""
    return {
        secret[at : at + 6] for secret in (TOKEN, BASIC, PASSWORD) for at in range(len(secret) - 5)
        if secret[at : at + 6] in text
    }  # fmt: skip


@pytest.mark.parametrize("status", [200, 302, 400, 404, 422, 500])
@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("how", ["token", "basic", "address"])
async def test_an_echoed_authorization_is_shown_nowhere(
    status: int, echo: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gauge_mqtt")
    said = f"Bearer {TOKEN}" if how == "token" else f"Basic {BASIC} {PASSWORD}"
    async with FakeServer(ECHOES[echo].replace("{}", said).encode(), status) as fake:
        url = fake.url
        if how == "address":
            url = url.replace("//", f"//{USER}:{quote(PASSWORD)}@")
        secrets = {"token": {"token": TOKEN}, "basic": {"username": USER, "password": PASSWORD}, "address": {}}[how]
        api = PromApi(Server(url=url, **secrets))
        with pytest.raises(PromError) as caught:
            await api.query("1")
        await api.close()
        assert "uthorization" in fake.requests[0]
    assert shown(f"{caught.value} {caught.value!r} {caplog.text}") == set()


async def test_a_warning_that_repeats_it_does_not_show_it() -> None:
    body = json.dumps({"status": "success", "warnings": [f"with {TOKEN}"], "data": {"result": []}})
    async with FakeServer(body.encode()) as fake:
        api = PromApi(Server(url=fake.url, token=TOKEN))
        with pytest.raises(PromError, match=f"in part only: with {re.escape(MASK)}"):
            await api.query("1")
        await api.close()


@pytest.mark.parametrize("spelled", [quote(TOKEN, safe=""), TOKEN.replace("/", "\\/"), json.dumps(TOKEN), repr(TOKEN)])
def test_every_spelling_is_masked(spelled: str) -> None:
    assert shown(Mask(None, None, TOKEN)(f"said {spelled}.").replace("%2B", "+")) == set()


def test_credentials_of_others_are_masked_and_words_are_not() -> None:
    mask = Mask(None, None, None)
    assert mask("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==") == f"Proxy-Authorization: Basic {MASK}"
    assert (
        mask("basic auth is needed,\n a bearer token does not do") == "basic auth is needed, a bearer token does not do"
    )


async def test_changed_credentials_are_read_at_the_next_refusal() -> None:
    tokens = iter(["new"])
    async with FakeServer(b"no", 401) as fake:
        api = PromApi(Server(url=fake.url, token="old"), lambda: Server(url=fake.url, token=next(tokens)))  # noqa: S106
        with pytest.raises(PromError, match="refuses our credentials"):
            await api.query("1")
        fake.status, fake.body = 200, b'{"status":"success","data":{"result":[]}}'
        assert await api.query("1") == []
        await api.close()
        assert [request.partition("Bearer ")[2][:3] for request in fake.requests] == ["old", "new"]


async def test_a_file_that_cannot_be_read_then_is_told() -> None:
    def renew() -> Server:
        raise GaugeError("the token file is gone")

    async with FakeServer(b"no", 403) as fake:
        api = PromApi(Server(url=fake.url, token="old"), renew)  # noqa: S106
        with pytest.raises(PromError, match="the token file is gone"):
            await api.query("1")
        await api.close()
