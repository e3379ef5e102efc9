"""The embedded broker: for a laptop that has none. MQTT 3.1.1, loopback, no passwords, nothing kept on disk."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from gauge_mqtt.sinks.mqtt.words import MqttError
from gauge_mqtt.sinks.repeats import Repeats

LOOPBACK = "127.0.0.1"
CLIENTS = Repeats()
"""Limits what amqtt logs of clients that speak something else."""
SHUTDOWN_S = 0.7
"""From Python 3.12 on a server's end waits for its clients' good will; ours need not."""


class Subscriptions(dict[str, object]):
    """amqtt's table of subscriptions, whose loops go over what was there when they began.

    amqtt 0.12.1 hands out retained messages from within such a loop. A client that came or went meanwhile changed the
    table, and the loop ended in an error that cut off another client.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.keys()))

    def items(self) -> list[tuple[str, object]]:  # type: ignore[override]
        return list(super().items())


class EmbeddedBroker:
    """amqtt on the loopback interface, for as long as `run` is not cancelled."""

    def __init__(self, port: int = 1883) -> None:
        self.port = port
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Serve. Raises `MqttError` if amqtt is not installed or the port is taken."""
        try:
            from amqtt.broker import Broker  # noqa: PLC0415 (an optional extra that takes 0.2 s to import)
            from amqtt.errors import BrokerError  # noqa: PLC0415
        except ImportError as error:
            raise MqttError(
                "the embedded broker is not installed: pip install 'gauge-mqtt[broker]', "
                "or set CLAUDE_GAUGE_MQTT_URL to a broker of your own"
            ) from error
        amqtt_log = logging.getLogger("amqtt")
        amqtt_log.setLevel(logging.CRITICAL)  # a taken port is told below, without a traceback
        logging.getLogger("transitions").setLevel(logging.WARNING)
        broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{LOOPBACK}:{self.port}"}},
                # Naming the plugins leaves out the one that publishes $SYS.
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        broker._subscriptions = Subscriptions()  # noqa: SLF001 (see there)
        try:
            await broker.start()
        except BrokerError as error:
            raise MqttError(f"the embedded broker cannot listen on {LOOPBACK}:{self.port}: {error}") from error
        amqtt_log.setLevel(logging.WARNING)
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("amqtt.")]:
            logging.getLogger(name).addFilter(CLIENTS)  # one at their parent would not see their records
        self.ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ready.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_S):
                    await broker.shutdown()


async def port_answers(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether something listens there; most likely a broker that needs no other beside it."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True
    return False
