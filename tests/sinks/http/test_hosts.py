"""Which names the HTTP sink answers to: a web page that has its own name lead here must not read anything."""

import asyncio
import socket

import pytest

from gauge_mqtt.sinks.http import hosts
from gauge_mqtt.sinks.http.hosts import Hosts
from tests.support.http_sink import serving, sink

pytestmark = pytest.mark.anyio
SHORT = socket.gethostname().partition(".")[0].lower()
EVERYWHERE = "0.0.0.0"  # noqa: S104, that is the case to look at

CASES = [
    # listening, added, asked for, our end of the connection, allowed
    ("127.0.0.1", "", "127.0.0.1:8080", "127.0.0.1", True),
    ("127.0.0.1", "", "LOCALHOST:8080", "127.0.0.1", True),
    ("127.0.0.1", "", "localhost.:8080", "127.0.0.1", True),
    ("127.0.0.1", "", "gauge.localhost", "127.0.0.1", True),
    ("127.0.0.1", "", "[::1]:8080", "127.0.0.1", True),
    ("127.0.0.1", "", "127.8.8.8", "127.0.0.1", True),
    ("127.0.0.1", "", "evil.example", "127.0.0.1", False),
    ("127.0.0.1", "", "localhost.evil.example:8080", "127.0.0.1", False),
    ("127.0.0.1", "", "127.0.0.1.evil.example", "127.0.0.1", False),
    ("127.0.0.1", "", "notlocalhost", "127.0.0.1", False),
    ("127.0.0.1", "", "192.168.1.5", "127.0.0.1", False),
    ("127.0.0.1", "", "[::1", "127.0.0.1", True),
    ("127.0.0.1", "", "[evil", "127.0.0.1", False),
    ("127.0.0.1", "", "", "127.0.0.1", False),
    ("127.0.0.1", "", "\x00", "127.0.0.1", False),
    ("127.0.0.1", "", SHORT, "127.0.0.1", False),
    ("127.0.0.1", "gauge.example,other.example", "Gauge.Example:443", "127.0.0.1", True),
    ("127.0.0.1", "gauge.example", "x.gauge.example", "127.0.0.1", False),
    ("127.0.0.1", "fd00::5,10.0.0.7", "[FD00:0::5]:80", "127.0.0.1", True),
    ("127.0.0.1", "fd00::5,10.0.0.7", "10.0.0.8", "127.0.0.1", False),
    ("127.0.0.1", "*", "anything.example", "127.0.0.1", True),
    ("localhost", "", SHORT, "127.0.0.1", False),
    ("::1", "", "[0:0::1]:8080", "::1", True),
    (EVERYWHERE, "", "192.168.1.5:8080", "172.18.0.2", True),
    (EVERYWHERE, "", "evil.example", "192.168.1.5", False),
    (EVERYWHERE, "", f"{SHORT}.local:8080", "192.168.1.5", True),
    (EVERYWHERE, "", f"{SHORT}.evil.example", "192.168.1.5", False),
    ("::", "", "[fd00::5]:8080", "fd00::5", True),
    ("192.168.1.5", "", "192.168.1.5:8080", "192.168.1.5", True),
    ("192.168.1.5", "", "192.168.1.6:8080", "192.168.1.5", False),
    ("desk.lan", "", "desk.lan:8080", "192.168.1.5", True),
    ("desk.lan", "", "192.168.1.5:8080", "192.168.1.5", True),
    ("desk.lan", "", "other.lan:8080", "192.168.1.5", False),
]


@pytest.mark.parametrize(("listening", "added", "host", "local", "allowed"), CASES)
async def test_a_name_is_allowed_if_it_is_ours(
    listening: str, added: str, host: str, local: str, *, allowed: bool
) -> None:
    assert Hosts(listening, added.split(",")).allowed(host, local) is allowed


@pytest.mark.parametrize("path", ["/usage", "/metrics", "/healthz", "/usage/schema", "/nothing"])
async def test_a_foreign_name_gets_nothing_on_any_path(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(sink()) as client:
        for _ in range(3):
            answer = await client.get(path, headers={"host": "evil.example"})
            assert answer.status_code == 421
            assert "CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS" in answer.text
        assert (await client.get("/usage")).status_code == 200
    assert [record.message for record in caplog.records if "evil.example" in record.message] == [
        "HTTP: refused a request for the host 'evil.example'; if it is ours, add it to CLAUDE_GAUGE_HTTP_ALLOWED_HOSTS"
    ]


async def test_the_names_of_a_proxy_are_allowed_if_they_are_set() -> None:
    async with serving(sink(allowed_hosts=["gauge.example"])) as client:
        assert (await client.get("/usage", headers={"host": "gauge.example"})).status_code == 200


async def test_no_host_or_several_are_refused() -> None:
    async with serving(sink()) as client:
        several = "Host: localhost\r\nHost: evil.example\r\n"
        for version, head, status in (("1.1", "", 400), ("1.1", several, 400), ("1.0", several, 400), ("1.0", "", 200)):
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            writer.write(f"GET /usage HTTP/{version}\r\n{head}\r\n".encode())
            assert (await reader.read(100)).startswith(f"HTTP/1.1 {status}".encode())
            writer.close()


@pytest.mark.parametrize(
    ("target", "status"),
    [("http://evil.example/usage", 421), ("HTTP://evil.example:80/usage?x", 421), ("http:///usage", 400),
     ("http://localhost:9/usage", 200), ("http://user@localhost/usage", 421)],
)  # fmt: skip
async def test_an_absolute_address_says_who_is_asked(target: str, status: int) -> None:
    async with serving(sink()) as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        said = (await reader.read(12)).decode()
        writer.close()
        await writer.wait_closed()
    assert said == f"HTTP/1.1 {status}"


async def test_many_foreign_names_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(sink()) as client:
        for number in range(3 * hosts.TOLD_MAX):
            await client.get("/usage", headers={"host": f"evil{number}.example"})
    assert len([record for record in caplog.records if "refused" in record.message]) == hosts.TOLD_MAX
